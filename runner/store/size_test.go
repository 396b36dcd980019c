package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"tasks/runner/state"
	"tasks/runner/store"
)

// maxTaskSize is what a finished task may take up in the file, with its attempt,
// its result and all their indexes.
const maxTaskSize = 400

func TestFinishedTasksStaySmall(t *testing.T) {
	const n = finished
	w := newWorld(t)
	before := w.fileSize(t)
	for first := 0; first < n; first += 1000 {
		w.work(t, first, 1000)
	}
	per := (w.fileSize(t) - before) / n
	t.Logf("%d bytes a task", per)
	if per > maxTaskSize {
		t.Errorf("a finished task takes up %d bytes, want at most %d", per, maxTaskSize)
	}
	if got, want := ask(t, w.Store, func(tx *store.Tx) (state.Counts, error) { return tx.Counts(w.run) }), (state.Counts{Done: n, Results: n}); got != want {
		t.Errorf("counts are %+v, want %+v", got, want)
	}
}

// work takes n tasks from nothing to their result.
func (w world) work(t testing.TB, first, n int) {
	t.Helper()
	tasks := make([]state.Task, n)
	for i := range tasks {
		tasks[i] = state.Task{Stage: "attack", Index: int64(first + i), Item: doc(fmt.Sprintf(`{"mask":"?a?a?a","skip":%d}`, first+i))}
	}
	ids := w.add(t, tasks...)
	update(t, w.Store, func(tx *store.Tx) error {
		for _, id := range ids {
			if err := w.workOne(tx, id); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w world) workOne(tx *store.Tx, id int64) error {
	at, err := tx.BeginAttempt(w.run, state.Task{ID: id}, w.activity)
	if err != nil {
		return err
	}
	if err := tx.SetBatch(at.ID, batchID, 0); err != nil {
		return err
	}
	_, err = tx.FinishAttempt(store.AttemptEnd{
		Attempt: at.ID, State: state.AttemptDone, Task: state.TaskDone, Value: doc(fmt.Sprintf(`"result %d"`, id)), Count: 1,
		Stdout: []byte("thrown away, because all went well"),
	})
	return err
}

// fileSize is the size of a copy without a write-ahead log.
func (w world) fileSize(t testing.TB) int64 {
	t.Helper()
	image := w.image(t)
	s, err := store.Open(context.Background(), image)
	if err != nil {
		t.Fatal(err)
	}
	// The last one to close the file moves the log into it.
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(image)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// image copies the file and its log as a crash would leave them.
func (w world) image(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		text, err := os.ReadFile(w.path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "image.db"+suffix), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "image.db")
}

func BenchmarkTask(b *testing.B) {
	for _, c := range []struct {
		name    string
		workers int
	}{{"one worker", 1}, {"100 workers", 100}} {
		b.Run(c.name, func(b *testing.B) { benchmarkTask(b, c.workers) })
	}
}

// benchmarkTask measures a task's three transitions, each in an update of its
// own, as the runner makes them.
func benchmarkTask(b *testing.B, workers int) {
	w := newWorld(b)
	commits := 0
	w.BeforeCommit = func(int) error { commits++; return nil }
	tasks := make([]state.Task, b.N)
	for i := range tasks {
		tasks[i] = state.Task{Stage: "attack", Index: int64(i), Item: doc(`"item"`)}
	}
	ids := make(chan int64, b.N)
	for _, id := range w.add(b, tasks...) {
		ids <- id
	}
	close(ids)
	b.ResetTimer()
	done := make(chan error, workers)
	for range workers {
		go func() { done <- w.worker(ids) }()
	}
	for range workers {
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
	b.ReportMetric(float64(commits)/float64(b.N), "commits/op")
}

func (w world) worker(ids <-chan int64) error {
	ctx := context.Background()
	for id := range ids {
		var at state.Attempt
		err := w.Update(ctx, func(tx *store.Tx) (err error) {
			at, err = tx.BeginAttempt(w.run, state.Task{ID: id}, w.activity)
			return err
		})
		if err == nil {
			err = w.Update(ctx, func(tx *store.Tx) error { return tx.SetBatch(at.ID, batchID, 0) })
		}
		if err == nil {
			err = w.Update(ctx, func(tx *store.Tx) error {
				_, err := tx.FinishAttempt(store.AttemptEnd{
					Attempt: at.ID, State: state.AttemptDone, Task: state.TaskDone, Value: doc(`"result"`), Count: 1,
				})
				return err
			})
		}
		if err != nil {
			return err
		}
	}
	return nil
}
