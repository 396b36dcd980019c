package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tasks/runner/state"
	"tasks/runner/store"
)

// The first page says that the file is ours; all after it is nonsense.
func TestADamagedDatabaseIsSaidToBe(t *testing.T) {
	w := newWorld(t)
	w.add(t, state.Task{Stage: "attack"})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(w.path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < len(data); i++ {
		data[i] = 0xa5
	}
	if err := os.WriteFile(w.path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func(context.Context, string) (*store.Store, error){
		"Open": store.Open, "OpenReadOnly": store.OpenReadOnly,
	} {
		if err := use(open, w.path); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("%s and a read answered %v", name, err)
		}
	}
	after, err := os.ReadFile(w.path)
	if err != nil || !slices.Equal(data, after) {
		t.Errorf("the file was changed, %v", err)
	}
}

// use opens a database and reads in it.
func use(open func(context.Context, string) (*store.Store, error), path string) error {
	s, err := open(context.Background(), path)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.View(context.Background(), func(tx *store.Tx) error {
		_, err := tx.Runs()
		return err
	})
}

// A file that lost its beginning is no database any more; nothing is begun anew
// in its place.
func TestADatabaseWithoutItsBeginningIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(w.path)
	if err != nil {
		t.Fatal(err)
	}
	clear(data[:100])
	if err := os.WriteFile(w.path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := use(store.Open, w.path); !errors.Is(err, store.ErrNotOurs) {
		t.Errorf("Open answered %v", err)
	}
	if after, err := os.ReadFile(w.path); err != nil || !slices.Equal(data, after) {
		t.Errorf("the file was changed, %v", err)
	}
}

func TestWhatMayNotBeWrittenIsSaidToBe(t *testing.T) {
	w := newWorld(t)
	if err := store.Deny(w.Store); err != nil {
		t.Fatal(err)
	}
	if err := w.Update(context.Background(), note(w.run, "x")); !errors.Is(err, store.ErrDenied) {
		t.Errorf("Update answered %v", err)
	}
	file := textFile(t, "a file")
	for name, path := range map[string]string{"under a file": filepath.Join(file, "tasks.db"), "a directory": t.TempDir()} {
		if err := use(store.Open, path); !errors.Is(err, store.ErrDenied) {
			t.Errorf("%s: Open answered %v", name, err)
		}
	}
}

// Another program that keeps the lock, as a backup or a shell can.
func TestALockThatIsKept(t *testing.T) {
	if testing.Short() {
		t.Skip("waits five seconds for the lock")
	}
	w := newWorld(t)
	other, err := sql.Open("sqlite", w.path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetMaxOpenConns(1)
	if _, err := other.ExecContext(context.Background(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := w.Update(context.Background(), note(w.run, "x")); !errors.Is(err, store.ErrBusy) {
		t.Errorf("Update answered %v", err)
	}
	if took := time.Since(began); took < 4*time.Second {
		t.Errorf("gave up after %s", took)
	}
	if _, err := other.ExecContext(context.Background(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := w.Update(context.Background(), note(w.run, strings.Repeat("y", 3))); err != nil {
		t.Errorf("with the lock free: %v", err)
	}
}
