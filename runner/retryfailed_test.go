package runner_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"tasks/golem/devnet"
	"tasks/runner"
	"tasks/runner/state"
	"tasks/runner/store"
)

// halfBroken has three tasks, one of which fails for good.
const halfBroken = `
name: half
payload: golem/alpine:latest
workers: 2
budget: 10/h
tasks:
  from: {range: [1, 3]}
  run: ["${{ task.item == 2 ? 'fail' : 'sleep' }}", 60s]
`

const mended = `
name: half
payload: golem/alpine:latest
workers: 2
budget: 10/h
tasks:
  from: {range: [1, 3]}
  run: [sleep, 60s]
`

// retry carries on with a run whose failed tasks are to be tried again.
func (w *world) retry(id state.RunID, document string) (state.RunState, error) {
	w.t.Helper()
	o := w.process().options(w.t.Context(), id, document)
	defer o.Store.Close()
	o.RetryFailed = true
	return runner.Run(w.t.Context(), o)
}

// attempts are how many tries each of the first n tasks had.
func (w *world) attempts(n int) []int {
	w.t.Helper()
	out := make([]int, n)
	w.view(func(tx *store.Tx) error {
		for i := range out {
			all, err := tx.Attempts(int64(i + 1))
			if out[i] = len(all); err != nil {
				return err
			}
		}
		return nil
	})
	return out
}

func (w *world) wantAttempts(want ...int) {
	w.t.Helper()
	got := w.attempts(len(want))
	for i := range want {
		if got[i] != want[i] {
			w.t.Errorf("tries of the tasks: %d, want %d", got, want)
			return
		}
	}
}

// Only what failed is run again, with a mended document, and its tries begin anew.
func TestFailedTasksAreTriedAgain(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 71}, func(w *world) {
		w.mustRun("half", halfBroken, state.RunFailed)
		w.wantAttempts(1, 3, 1)
		w.mustRun("half", mended, state.RunFailed) // nothing is left to do

		if got, err := w.retry("half", halfBroken); got != state.RunFailed || err != nil {
			t.Fatalf("not mended: %s, %v", got, err)
		}
		w.wantAttempts(1, 6, 1)

		if got, err := w.retry("half", mended); got != state.RunDone || err != nil {
			t.Fatalf("mended: %s, %v", got, err)
		}
		w.wantAttempts(1, 7, 1)
		w.checkBooks("half")
	})
}

// A document that the run cannot take over changes nothing, failed tasks either.
func TestRefusedDocumentPutsNothingBack(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 71}, func(w *world) {
		w.mustRun("half", halfBroken, state.RunFailed)
		_, err := w.retry("half", `
name: half
payload: golem/alpine:latest
tasks:
  from: {range: [1, 2]}
  run: [sleep, 60s]
`)
		if err == nil {
			t.Error("other tasks were taken over")
		}
		w.wantFailed("half", 1)
	})
}

func (w *world) wantFailed(id state.RunID, want int64) {
	w.t.Helper()
	w.view(func(tx *store.Tx) error {
		run, err := tx.Run(id)
		counts, err2 := tx.Counts(id)
		if run.State != state.RunFailed || counts.Failed != want {
			w.t.Errorf("run is %s with %d failed, want failed with %d", run.State, counts.Failed, want)
		}
		if err == nil {
			err = err2
		}
		return err
	})
}

// A process at work puts failed tasks back when it is asked to.
func TestLiveRunTriesFailedTasksAgain(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 71}, func(w *world) {
		p := w.process()
		time.AfterFunc(6*time.Minute, func() {
			if err := p.db.Update(context.Background(), func(tx *store.Tx) error { return tx.AskRetry("half") }); err != nil {
				t.Error(err)
			}
		})
		// Enough workers and time for it to fail for good while the others run.
		document := strings.NewReplacer("workers: 2", "workers: 3", "60s", "900s", "run:", "timeout: 30m\n  run:").Replace(halfBroken)
		if got, err := p.run(w.t.Context(), "half", document); got != state.RunFailed || err != nil {
			t.Fatalf("run = %s, %v", got, err)
		}
		w.wantAttempts(1, 6, 1)
		w.view(func(tx *store.Tx) error {
			run, err := tx.Run("half")
			if run.RetryAsked {
				t.Error("the run is still asked to")
			}
			return err
		})
		w.checkBooks("half")
	})
}

// Nobody works on the run: it waits for the next process.
func TestPutBackReopensTheRun(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 71}, func(w *world) {
		w.mustRun("half", halfBroken, state.RunFailed)
		db, err := store.Open(context.Background(), w.dsn)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []int{1, 0} {
			if n, err := runner.PutBack(context.Background(), db, "half"); n != want || err != nil {
				t.Errorf("put back %d, %v, want %d", n, err, want)
			}
		}
		db.Close()
		w.view(func(tx *store.Tx) error {
			run, err := tx.Run("half")
			if run.State != state.RunInterrupted {
				t.Errorf("the run is %s", run.State)
			}
			return err
		})
		w.mustRun("half", mended, state.RunDone)
		w.wantAttempts(1, 4, 1)
	})
}
