package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

// note adds an event, the smallest write there is.
func note(run state.RunID, text string) func(*store.Tx) error {
	return func(tx *store.Tx) error { return tx.AddEvent(run, "test", "", text) }
}

// notes reads the events that note added.
func notes(t testing.TB, s *store.Store, run state.RunID) (out []string) {
	t.Helper()
	events := ask(t, s, func(tx *store.Tx) ([]state.Event, error) { return tx.Events(run, 0, 1_000_000) })
	for _, e := range events {
		if e.Kind == "test" {
			out = append(out, e.Note)
		}
	}
	return out
}

func TestUpdatesThatWaitShareACommit(t *testing.T) {
	synctest.Test(t, testShare)
}

func testShare(t *testing.T) {
	const callers = 60 // as many as share one
	w := newWorld(t)
	commits := 0
	w.BeforeCommit = func(int) error { commits++; return nil }
	release := w.hold(t)
	var wg sync.WaitGroup
	errs := make([]error, callers)
	for i := range callers {
		wg.Go(func() {
			errs[i] = w.Update(context.Background(), func(tx *store.Tx) error {
				if err := tx.AddEvent(w.run, "test", "", fmt.Sprint(i)); err != nil {
					return err
				}
				if i%10 == 3 {
					return errMine
				}
				return nil
			})
		})
	}
	synctest.Wait() // until all callers wait
	release()
	wg.Wait()
	for i, err := range errs {
		if want := i%10 == 3; errors.Is(err, errMine) != want || !want && err != nil {
			t.Errorf("update %d answered %v", i, err)
		}
	}
	got := notes(t, w.Store, w.run)
	if len(got) != 54 {
		t.Errorf("%d of 54 updates are recorded", len(got))
	}
	if slices.Contains(got, "13") {
		t.Error("an update that failed is recorded")
	}
	if commits != 1 {
		t.Errorf("%d commits for %d updates that waited together", commits, callers)
	}
}

var errMine = errors.New("my mistake")

// hold keeps the store busy until release is called, so that callers gather.
func (w world) hold(t *testing.T) (release func()) {
	t.Helper()
	held, free := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := w.View(context.Background(), func(*store.Tx) error {
			close(held)
			<-free
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-held
	return func() {
		close(free)
		wg.Wait()
	}
}

func TestAFailedCommitIsEverybodysError(t *testing.T) {
	synctest.Test(t, testFailedCommit)
}

func testFailedCommit(t *testing.T) {
	w := newWorld(t)
	boom := errors.New("disk is full")
	tries := 0
	w.BeforeCommit = func(int) error { tries++; return boom }
	release := w.hold(t)
	errs := make(chan error)
	for i := range 10 {
		go func() { errs <- w.Update(context.Background(), note(w.run, fmt.Sprint(i))) }()
	}
	synctest.Wait()
	release()
	for range 10 {
		if err := <-errs; !errors.Is(err, boom) {
			t.Errorf("update answered %v, want %v", err, boom)
		}
	}
	if tries != 1 {
		t.Errorf("%d commits tried, want 1", tries)
	}
	if got := notes(t, w.Store, w.run); len(got) != 0 {
		t.Errorf("recorded in spite of a failed commit: %v", got)
	}
	w.BeforeCommit = nil
	update(t, w.Store, note(w.run, "after"))
	if got := notes(t, w.Store, w.run); !slices.Equal(got, []string{"after"}) {
		t.Errorf("after a failed commit recorded is %v", got)
	}
}

// TestAWholeUpdate has an update fail that cannot be undone alone.
func TestAWholeUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		release := w.hold(t)
		errs := make(chan error)
		for i := range 10 {
			go func() {
				errs <- w.Update(context.Background(), func(tx *store.Tx) error {
					if i == 5 {
						tx.Whole()
					}
					if err := note(w.run, fmt.Sprint(i))(tx); err != nil || i != 5 {
						return err
					}
					return errMine
				})
			}()
		}
		synctest.Wait()
		release()
		for range 10 {
			if err := <-errs; !errors.Is(err, errMine) {
				t.Errorf("update answered %v, want %v", err, errMine)
			}
		}
		if got := notes(t, w.Store, w.run); len(got) != 0 {
			t.Errorf("recorded with an update that failed whole: %v", got)
		}
		update(t, w.Store, func(tx *store.Tx) error { tx.Whole(); return note(w.run, "after")(tx) })
		if got := notes(t, w.Store, w.run); !slices.Equal(got, []string{"after"}) {
			t.Errorf("recorded afterwards: %v", got)
		}
	})
}

// TestUpdatesJoinTheCommit has an update and a view come while another is at work.
func TestUpdatesJoinTheCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		commits := 0
		w.BeforeCommit = func(int) error { commits++; return nil }
		var seen []string
		var wg sync.WaitGroup
		update(t, w.Store, func(tx *store.Tx) error {
			wg.Go(func() { seen = notes(t, w.Store, w.run) })
			wg.Go(func() { update(t, w.Store, note(w.run, "second")) })
			synctest.Wait()
			return note(w.run, "first")(tx)
		})
		wg.Wait()
		if commits != 1 {
			t.Errorf("%d commits", commits)
		}
		if got := notes(t, w.Store, w.run); !slices.Equal(got, []string{"first", "second"}) {
			t.Errorf("recorded is %v", got)
		}
		if !slices.Equal(seen, []string{"first", "second"}) {
			t.Errorf("the view saw %v, which is not what is committed", seen)
		}
	})
}

func TestBeforeCommitCountsFromOne(t *testing.T) {
	s := open(t)
	var seen []int
	s.BeforeCommit = func(n int) error { seen = append(seen, n); return nil }
	for range 3 {
		update(t, s, func(*store.Tx) error { return nil })
	}
	if !slices.Equal(seen, []int{1, 2, 3}) {
		t.Errorf("BeforeCommit saw %v", seen)
	}
}

func TestAPanicIsItsCallers(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name string
		do   func(context.Context, func(*store.Tx) error) error
	}{{"update", w.Update}, {"view", w.View}} {
		t.Run(c.name, func(t *testing.T) {
			defer func() {
				if got := recover(); got != "oops" {
					t.Errorf("recovered %v", got)
				}
				update(t, w.Store, note(w.run, c.name))
			}()
			_ = c.do(context.Background(), func(tx *store.Tx) error {
				_ = tx.AddEvent(w.run, "test", "", "from a panic")
				panic("oops")
			})
		})
	}
	if got := notes(t, w.Store, w.run); !slices.Equal(got, []string{"update", "view"}) {
		t.Errorf("recorded is %v", got)
	}
}

func TestAGoroutineMayExitInAnUpdate(t *testing.T) {
	w := newWorld(t)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_ = w.Update(context.Background(), func(tx *store.Tx) error {
			_ = tx.AddEvent(w.run, "test", "", "from a goroutine that exits")
			runtime.Goexit()
			return nil
		})
	}()
	<-gone
	update(t, w.Store, note(w.run, "after"))
	if got := notes(t, w.Store, w.run); !slices.Equal(got, []string{"after"}) {
		t.Errorf("recorded is %v", got)
	}
}

func TestAContextEndsTheWait(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errMine)
	err := w.Update(ctx, note(w.run, "too late"))
	if !errors.Is(err, errMine) {
		t.Errorf("update with an ended context answered %v", err)
	}
	ctx, cancel = context.WithCancelCause(context.Background())
	release := w.hold(t)
	answered := make(chan error)
	go func() { answered <- w.Update(ctx, note(w.run, "too late")) }()
	cancel(errMine)
	// It waits for a store that is held, and comes back all the same.
	if err := <-answered; !errors.Is(err, errMine) {
		t.Errorf("waiting update answered %v", err)
	}
	release()
	if got := notes(t, w.Store, w.run); len(got) != 0 {
		t.Errorf("recorded is %v", got)
	}
}

func TestAContextDoesNotEndATransaction(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(context.Background())
	err := w.Update(ctx, func(tx *store.Tx) error {
		cancel()
		return tx.AddEvent(w.run, "test", "", "begun")
	})
	if err != nil {
		t.Errorf("update answered %v", err)
	}
	if got := notes(t, w.Store, w.run); !slices.Equal(got, []string{"begun"}) {
		t.Errorf("recorded is %v", got)
	}
}

// TestAContextEndsInAGroup ends the context of an update whose turn would be
// next.
func TestAContextEndsInAGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithCancelCause(context.Background())
		release := w.hold(t)
		answers := make([]error, 3)
		var wg sync.WaitGroup
		for i, c := range []struct {
			ctx context.Context
			fn  func(*store.Tx) error
		}{
			{context.Background(), func(tx *store.Tx) error { cancel(errMine); return note(w.run, "first")(tx) }},
			{ctx, note(w.run, "second")},
			{context.Background(), note(w.run, "third")},
		} {
			wg.Go(func() { answers[i] = w.Update(c.ctx, c.fn) })
			synctest.Wait() // so that they wait in this order
		}
		release()
		wg.Wait()
		if answers[0] != nil || !errors.Is(answers[1], errMine) || answers[2] != nil {
			t.Errorf("answers are %v", answers)
		}
		if got := notes(t, w.Store, w.run); !slices.Equal(got, []string{"first", "third"}) {
			t.Errorf("recorded is %v", got)
		}
	})
}

func TestViewsDoNotWrite(t *testing.T) {
	w := newWorld(t)
	ids := w.add(t, state.Task{Stage: "attack"})
	for name, write := range map[string]func(*store.Tx) error{
		"AddEvent": note(w.run, "x"),
		"BeginAttempt": func(tx *store.Tx) error {
			_, err := tx.BeginAttempt(w.run, state.Task{ID: ids[0]}, w.activity)
			return err
		},
		"MoveRun": func(tx *store.Tx) error { return tx.MoveRun(w.run, state.RunStopped, "") },
	} {
		if err := w.View(context.Background(), write); !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("%s in a view answered %v", name, err)
		}
	}
}

func TestTransactionsHaveOneTime(t *testing.T) {
	s := open(t)
	before := time.Now().Truncate(time.Microsecond)
	update(t, s, func(tx *store.Tx) error {
		first := tx.Now()
		if first.Before(before) || first.Location() != time.UTC || first.Nanosecond()%1000 != 0 {
			t.Errorf("Now is %v", first)
		}
		if err := tx.CreateRun(state.Run{ID: "r"}, state.Revision{}); err != nil {
			return err
		}
		run, err := tx.Run("r")
		if !run.CreatedAt.Equal(first) || tx.Now() != first {
			t.Errorf("created at %v, now %v", run.CreatedAt, tx.Now())
		}
		return err
	})
}

func TestClose(t *testing.T) {
	s, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "tasks.db"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close answered %v", err)
		}
	}
	if err := s.Update(context.Background(), func(*store.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Update of a closed store answered %v", err)
	}
	if err := s.View(context.Background(), func(*store.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
		t.Errorf("View of a closed store answered %v", err)
	}
}

func TestCloseWhileManyUpdate(t *testing.T) {
	s, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "tasks.db"))
	if err != nil {
		t.Fatal(err)
	}
	update(t, s, func(tx *store.Tx) error { return tx.CreateRun(state.Run{ID: "r"}, state.Revision{}) })
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for {
				err := s.Update(context.Background(), note("r", "x"))
				if errors.Is(err, store.ErrClosed) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
}

// TestBubble runs a store on fake time: a leaked goroutine would panic.
func TestBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		started := ask(t, w.Store, func(tx *store.Tx) (state.Run, error) { return tx.Run(w.run) }).StartedAt
		ids := w.add(t, state.Task{Stage: "attack"}, state.Task{Stage: "attack"})
		at := w.begin(t, ids[0])
		time.Sleep(30 * 24 * time.Hour)
		f := w.finish(t, store.AttemptEnd{Attempt: at.ID, State: state.AttemptDone, Task: state.TaskDone})
		if got := f.Task.FinishedAt.Sub(started); got != 30*24*time.Hour {
			t.Errorf("the task took %v, want a month", got)
		}
		act := ask(t, w.Store, func(tx *store.Tx) (state.Activity, error) { return tx.Activity(w.activity) })
		if act.Busy != 30*24*time.Hour {
			t.Errorf("the activity was busy for %v, want a month", act.Busy)
		}
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				time.Sleep(time.Second)
				update(t, w.Store, func(tx *store.Tx) error { return tx.Authorise(w.activity, golem.Amount{}) })
			})
		}
		wg.Wait()
	})
}
