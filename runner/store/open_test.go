package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"tasks/runner/state"
	"tasks/runner/store"
)

func TestOpenMakesWhatIsMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "tasks", "tasks.db")
	openAt(t, path)
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700 | os.ModeDir} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode(); got != want {
			t.Errorf("%s has mode %v, want %v", filepath.Base(name), got, want)
		}
	}
}

func TestReopen(t *testing.T) {
	// Characters that a data source name would take for something else.
	path := filepath.Join(t.TempDir(), "a b?mode=memory#%20&x.db")
	s := openAt(t, path)
	update(t, s, func(tx *store.Tx) error { return tx.CreateRun(state.Run{ID: "r"}, state.Revision{}) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, path)
	if got := ask(t, s, (*store.Tx).LatestRun); got != "r" {
		t.Errorf("LatestRun is %q", got)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

// foreign writes a database with the driver alone.
func foreign(t *testing.T, statements ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "other.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(context.Background(), s); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestOpenLeavesOthersAlone(t *testing.T) {
	for _, c := range []struct {
		name string
		path string
		want error
		text string
	}{
		{"a text", textFile(t, strings.Repeat("not a database at all\n", 100)), store.ErrNotOurs, "no SQLite file"},
		{"a short text", textFile(t, "short"), store.ErrNotOurs, "no SQLite file"},
		{"another program's", foreign(t, `CREATE TABLE bookmarks (url TEXT)`), store.ErrNotOurs, "another program"},
		{"another program's, marked", foreign(t, `PRAGMA application_id = 252006674`, `PRAGMA user_version = 1`), store.ErrNotOurs, "another program"},
		{"a newer one", newer(t), store.ErrNewer, "99"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, err := os.ReadFile(c.path)
			if err != nil {
				t.Fatal(err)
			}
			for name, open := range map[string]func(context.Context, string) (*store.Store, error){
				"Open": store.Open, "OpenReadOnly": store.OpenReadOnly,
			} {
				s, err := open(context.Background(), c.path)
				if err == nil {
					s.Close()
				}
				if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || !strings.Contains(err.Error(), c.path) {
					t.Errorf("%s answered %v, want %v, %q and the path", name, err, c.want, c.text)
				}
			}
			after, err := os.ReadFile(c.path)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
}

func textFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// newer is a database of a version that does not exist yet.
func newer(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tasks.db")
	s, err := store.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), `PRAGMA user_version = 99`); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenReadOnlyMakesNothing(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "no", "tasks.db")
	for name, path := range map[string]string{"missing": missing, "empty": textFile(t, "")} {
		if _, err := store.OpenReadOnly(context.Background(), path); !errors.Is(err, store.ErrNoDatabase) {
			t.Errorf("%s: OpenReadOnly answered %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Dir(missing)); err == nil {
		t.Error("a directory was made")
	}
}

func TestOpenWhereNoFileCanBe(t *testing.T) {
	file := textFile(t, "a file")
	for name, path := range map[string]string{"under a file": filepath.Join(file, "tasks.db"), "a directory": t.TempDir()} {
		s, err := store.Open(context.Background(), path)
		if err == nil {
			s.Close()
			t.Errorf("%s: no error", name)
		} else if !strings.Contains(err.Error(), path) && !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v does not say where", name, err)
		}
	}
}

func TestReadWhileAnotherWrites(t *testing.T) {
	w := newWorld(t)
	r, err := store.OpenReadOnly(context.Background(), w.path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Update(context.Background(), note(w.run, "x")); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("Update of a read-only store answered %v", err)
	}
	ids := w.add(t, state.Task{Stage: "attack"}, state.Task{Stage: "attack"})
	counts := func(tx *store.Tx) (state.Counts, error) { return tx.Counts(w.run) }
	err = w.Update(context.Background(), func(tx *store.Tx) error {
		if _, err := tx.BeginAttempt(w.run, state.Task{ID: ids[0]}, w.activity); err != nil {
			return err
		}
		// Not committed: the other handle neither sees it nor waits for it.
		if got, want := ask(t, r, counts), (state.Counts{Pending: 2}); got != want {
			t.Errorf("during the update counts are %+v, want %+v", got, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := ask(t, r, counts), (state.Counts{Pending: 1, Running: 1}); got != want {
		t.Errorf("after the update counts are %+v, want %+v", got, want)
	}
}

func TestASnapshotStandsStill(t *testing.T) {
	w := newWorld(t)
	r, err := store.OpenReadOnly(context.Background(), w.path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	err = r.View(context.Background(), func(tx *store.Tx) error {
		before, err := tx.Counts(w.run)
		if err != nil {
			return err
		}
		w.add(t, state.Task{Stage: "attack"})
		after, err := tx.Counts(w.run)
		if before != after {
			t.Errorf("counts went from %+v to %+v within a view", before, after)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestReadAfterTheWriterClosed(t *testing.T) {
	w := newWorld(t)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := store.OpenReadOnly(context.Background(), w.path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got := ask(t, r, (*store.Tx).LatestRun); got != w.run {
		t.Errorf("LatestRun is %q", got)
	}
}

func TestManyOpenAFreshFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tasks.db")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			s, err := store.Open(context.Background(), path)
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			id := state.RunID(rune('a' + i))
			err = s.Update(context.Background(), func(tx *store.Tx) error { return tx.CreateRun(state.Run{ID: id}, state.Revision{}) })
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := ask(t, openAt(t, path), (*store.Tx).Runs); len(got) != 8 {
		t.Errorf("%d of 8 runs are there", len(got))
	}
}

func TestACrashImageOpens(t *testing.T) {
	w := newWorld(t)
	ids := w.add(t, state.Task{Stage: "attack"}, state.Task{Stage: "attack"}, state.Task{Stage: "attack"})
	done := w.begin(t, ids[0])
	w.finish(t, store.AttemptEnd{Attempt: done.ID, State: state.AttemptDone, Task: state.TaskDone, Value: doc(`1`), Count: 1})
	running := w.begin(t, ids[1])
	var image string
	update(t, w.Store, func(tx *store.Tx) error {
		if _, err := tx.BeginAttempt(w.run, state.Task{ID: ids[2]}, w.activity); err != nil {
			return err
		}
		image = w.image(t) // in the middle of an update
		return nil
	})
	s := openAt(t, image)
	if got, want := ask(t, s, func(tx *store.Tx) (state.Counts, error) { return tx.Counts(w.run) }), (state.Counts{Pending: 1, Running: 1, Done: 1, Results: 1}); got != want {
		t.Errorf("counts are %+v, want %+v", got, want)
	}
	open := ask(t, s, func(tx *store.Tx) ([]state.Attempt, error) { return tx.OpenAttempts(w.run) })
	if len(open) != 1 || open[0].ID != running.ID || open[0].Batch != batchID {
		t.Errorf("open attempts are %+v", open)
	}
	copied := world{Store: s, run: w.run, activity: w.activity}
	copied.finish(t, store.AttemptEnd{Attempt: running.ID, State: state.AttemptLost, Task: state.TaskPending})
	if got := copied.begin(t, ids[1]).Number; got != 2 {
		t.Errorf("the next attempt has number %d", got)
	}
}
