package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Each save is told of once, however an editor writes it; a touch is none.
func TestSavesAreNoticed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.yaml")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(path, "first")
	file := &saved{path: path, text: []byte("first")}
	next := func(want string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if err := file.next(ctx); err != nil || string(file.text) != want {
			t.Fatalf("after a save: %q, %v; want %q", file.text, err, want)
		}
	}
	nothing := func(what string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 3*lookEvery+2*restFor)
		defer cancel()
		if err := file.next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%s: %q, %v; want nothing", what, file.text, err)
		}
	}
	nothing("as it was loaded")
	write(path, "second, in place")
	next("second, in place")
	write(path+".new", "third, by another file")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	next("third, by another file")
	if err := os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	nothing("touched")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	nothing("gone")
	write(path, "fourth, back again")
	next("fourth, back again")
	over := false
	file.while = func() bool { return !over }
	over = true
	if err := file.next(t.Context()); !errors.Is(err, errNotWatched) {
		t.Errorf("nobody watches: %v", err)
	}
}
