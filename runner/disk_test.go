package runner_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"tasks/golem/devnet"
	"tasks/runner"
	"tasks/runner/state"
	"tasks/runner/store"
)

// onDisk runs a document in a process whose disk refuses to commit with an error
// from one time on until another, counted from the start.
func (w *world) onDisk(refusal error, from, until time.Duration, id state.RunID, document string) (state.RunState, error) {
	w.t.Helper()
	o := w.process().options(w.t.Context(), id, document)
	defer o.Store.Close()
	began := time.Now()
	o.Store.BeforeCommit = func(int) error {
		if at := time.Since(began); at >= from && at < until {
			return refusal
		}
		return nil
	}
	return runner.Run(w.t.Context(), o)
}

// While the disk is full nothing is begun and nothing is lost; with room again
// the run goes on by itself, on the same machines.
func TestARunWaitsForRoomOnTheDisk(t *testing.T) {
	long(t)
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inWorld(t, &devnet.Server{Seed: 40 + seed}, func(w *world) {
				from := time.Minute + time.Duration(seed)*7*time.Second
				got, err := w.onDisk(store.ErrFull, from, from+45*time.Second, "filed", filed)
				if got != state.RunDone || err != nil {
					t.Errorf("run: %s, %v", got, err)
				}
				w.wantSixty("filed")
				w.wantFile("filed")
				w.checkBooks("filed")
			})
		})
	}
}

// A disk that stays full ends what costs money, and the next start with room
// finds every result that was recorded.
func TestARunLeavesADiskThatStaysFull(t *testing.T) {
	long(t)
	for name, refusal := range map[string]error{"full": store.ErrFull, "read-only": store.ErrDenied, "damaged": store.ErrDamaged} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, &devnet.Server{Seed: 47}, func(w *world) {
				began := time.Now()
				_, err := w.onDisk(refusal, 100*time.Second, 1000*time.Hour, "filed", filed)
				if !errors.Is(err, refusal) {
					t.Errorf("run: %v", err)
				}
				if took := time.Since(began); took > 200*time.Second {
					t.Errorf("left after %s", took)
				}
				time.Sleep(10 * time.Second)
				if live := w.srv.Inspect().Live; len(live) > 0 {
					t.Errorf("left alive, at a cost: %v", live)
				}
				recorded := len(w.values("filed"))
				if recorded == 0 {
					t.Fatal("nothing was recorded before")
				}
				w.mustRun("filed", filed, state.RunDone)
				w.wantSixty("filed")
				w.wantFile("filed")
				w.checkBooks("filed")
			})
		})
	}
}
