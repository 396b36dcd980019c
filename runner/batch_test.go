package runner_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/runner/state"
	"tasks/runner/store"
)

// triesOf are all attempts of a run, by the item of their task.
func (w *world) triesOf(id state.RunID) map[string][]state.Attempt {
	w.t.Helper()
	all := map[string][]state.Attempt{}
	w.view(func(tx *store.Tx) error {
		for task := int64(1); ; task++ {
			k, err := tx.Task(task)
			if err != nil {
				return nil // there are no more
			}
			if all[string(k.Item)], err = tx.Attempts(task); err != nil {
				return err
			}
		}
	})
	return all
}

// batches are the numbers of attempts that shared each batch.
func batches(attempts map[string][]state.Attempt) map[golem.BatchID]int {
	n := map[golem.BatchID]int{}
	for _, of := range attempts {
		for _, at := range of {
			n[at.Batch]++
		}
	}
	return n
}

func TestTasksShareABatch(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 71}, func(w *world) {
		w.mustRun("shared", `
name: shared
payload: golem/alpine:latest
workers: 2
tasks:
  from: {range: [1, 40]}
  batch: 8
  steps:
    - run: [sleep, "${{ task.item }}s"]
    - run: [echo, "${{ task.item }}"]
  timeout: 50s
`, state.RunDone)
		for _, value := range w.values("shared") {
			if strings.Contains(value, "slept") {
				t.Errorf("result %s is not of the task's last command", value)
			}
		}
		attempts := w.triesOf("shared")
		if n := len(batches(attempts)); n < 5 || n > 12 {
			t.Errorf("%d batches for 40 tasks, want 8 in most", n)
		}
		for _, n := range batches(attempts) {
			if n > 8 {
				t.Errorf("%d tasks in a batch", n)
			}
		}
		for item, of := range attempts {
			if len(of) != 1 {
				t.Errorf("task %s was tried %d times", item, len(of))
				continue
			}
			var seconds int
			fmt.Sscan(item, &seconds)
			if took := of[0].FinishedAt.Sub(of[0].StartedAt); took < time.Duration(seconds)*time.Second || took > time.Duration(seconds+6)*time.Second {
				t.Errorf("task %s took %s", item, took)
			}
		}
		w.checkBooks("shared")
	})
}

// A task that fails ends the batch, and nobody else's work: what was done before it
// stays done, and what was behind it has not been tried.
func TestNeighboursOfAFailure(t *testing.T) {
	for _, test := range []struct {
		name, bad string
		fault     state.Fault
	}{
		{"a command fails", `"${{ task.item == 5 ? 'fail' : 'echo' }}", "${{ task.item }}"`, state.FaultTask},
		{"a command hangs", `sleep, "${{ task.item == 5 ? 3600 : 1 }}s"`, state.FaultTimeout},
		{"a command cannot be made", `echo, "${{ int(task.item == 5 ? 'five' : '1') }}"`, state.FaultTask},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, &devnet.Server{Seed: 72}, func(w *world) {
				w.mustRun("neighbours", `
name: neighbours
payload: golem/alpine:latest
tasks:
  from: {range: [1, 12]}
  batch: 12
  run: [`+test.bad+`]
  timeout: 1m
policies: {task: {retry: attempt.number < 2}}
`, state.RunFailed)
				for item, of := range w.triesOf("neighbours") {
					last := of[len(of)-1]
					if item == "5" {
						if last.State != state.AttemptFailed || last.Fault != test.fault {
							t.Errorf("task 5 is %s by %q", last.State, last.Fault)
						}
						continue
					}
					if len(of) != 1 || last.State != state.AttemptDone || last.Number != 1 {
						t.Errorf("task %s: %+v, want one attempt that ended well", item, of)
					}
				}
				w.checkBooks("neighbours")
			})
		})
	}
}

// Whoever comes after a dead process goes on with what is left of a batch.
func TestResumeABatch(t *testing.T) {
	var ran atomic.Int64
	counting := devnet.Instant(func(run golem.Run, p devnet.Provider) devnet.Reply {
		ran.Add(1)
		return shell(run, p)
	})
	inWorld(t, &devnet.Server{Seed: 73, Runtime: counting}, func(w *world) {
		document := strings.Replace(sixty, "tasks:\n", "tasks:\n  batch: 10\n", 1)
		for range 5 {
			w.leaveAfter(50*time.Second, "sixty", document)
			time.Sleep(5 * time.Second)
		}
		w.mustRun("sixty", document, state.RunDone)
		w.wantSixty("sixty")
		if n := ran.Load(); n != 60 {
			t.Errorf("%d commands ran for 60 tasks", n)
		}
		w.checkBooks("sixty")
	})
}

func TestBatchesOfTheirOwnSize(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 74}, func(w *world) {
		w.mustRun("auto", `
name: auto
payload: golem/alpine:latest
tasks:
  from: {range: [1, 300]}
  batch: auto
  run: [echo, "${{ task.item }}"]
`, state.RunDone)
		sizes := batches(w.triesOf("auto"))
		if len(sizes) < 15 || len(sizes) > 40 {
			t.Errorf("%d batches for 300 tasks of a tenth of a second, want 20 in most", len(sizes))
		}
		for _, n := range sizes {
			if n > 25 {
				t.Errorf("%d tasks of a tenth of a second in one batch", n)
			}
		}
	})
}
