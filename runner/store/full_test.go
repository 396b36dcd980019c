package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"tasks/runner/state"
	"tasks/runner/store"
)

// TestAFullDisk fills the disk in the middle of a group. Nothing that was
// answered may be lost, and when there is room again the store goes on.
func TestAFullDisk(t *testing.T) {
	synctest.Test(t, testFullDisk)
}

func testFullDisk(t *testing.T) {
	w := newWorld(t)
	size, err := store.Limit(w.Store, 0)
	if err == nil {
		_, err = store.Limit(w.Store, size+20)
	}
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for round := 0; round < 20; round++ {
		kept += w.round(t, round)
	}
	if kept == 0 || kept == 200 {
		t.Fatalf("%d of 200 updates succeeded", kept)
	}
	if _, err := store.Limit(w.Store, size+10_000); err != nil {
		t.Fatal(err)
	}
	if got := len(notes(t, w.Store, w.run)); got != kept {
		t.Errorf("%d notes are recorded, %d were answered", got, kept)
	}
	if got := w.round(t, 99); got != 10 {
		t.Errorf("with room again, %d of 10 updates succeeded", got)
	}
	id := w.add(t, state.Task{Stage: "attack"})[0]
	w.begin(t, id)
}

// round lets ten callers write at once and returns how many were told that it is
// on disk.
func (w world) round(t *testing.T, round int) (kept int) {
	t.Helper()
	release := w.hold(t)
	answers := make(chan error, 10)
	for i := range 10 {
		go func() {
			answers <- w.Update(context.Background(), note(w.run, fmt.Sprintf("%d/%d %s", round, i, strings.Repeat("x", 1000))))
		}()
	}
	synctest.Wait()
	release()
	for range 10 {
		switch err := <-answers; {
		case err == nil:
			kept++
		case !errors.Is(err, store.ErrFull):
			t.Errorf("answered %v", err)
		}
	}
	return kept
}
