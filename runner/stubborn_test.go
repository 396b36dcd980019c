package runner_test

import (
	"strings"
	"testing"
	"time"

	"tasks/golem/devnet"
	"tasks/runner/state"
	"tasks/runner/store"
)

// A retry policy that always says yes tries a hopeless task about once a minute,
// and the user is told.
func TestHopelessTaskIsTriedSlowlyAndToldOf(t *testing.T) {
	// On so few providers nobody knows whether the task is to blame.
	server := &devnet.Server{Seed: 61, Providers: devnet.DrawProviders(61, 4)}
	inWorld(t, server, func(w *world) {
		p := w.process()
		time.AfterFunc(30*time.Minute, func() { w.askStop(p, "stubborn") })
		got, err := p.run(w.t.Context(), "stubborn", `
name: stubborn
payload: golem/alpine:latest
workers: 2
tasks:
  from: [1]
  run: [fail]
policies: {task: {retry: true}}
`)
		if got != state.RunStopped || err != nil {
			t.Fatalf("run = %s, %v", got, err)
		}
		w.view(func(tx *store.Tx) error {
			attempts, err := tx.Attempts(1)
			if n := len(attempts); n < 20 || n > 40 {
				t.Errorf("%d attempts in half an hour, want about one a minute", n)
			}
			return err
		})
		if told := w.events("stubborn", "task.failing"); len(told) != 1 || !strings.HasPrefix(told[0], "task/1: failed 10 times on ") {
			t.Errorf("told: %q, want once, after 10 tries", told)
		}
		if told := w.events("stubborn", "task.quarantined"); len(told) > 0 {
			t.Errorf("told: %q, of fewer than five providers", told)
		}
		w.checkBooks("stubborn")
	})
}

// What fails on five different providers fails because of the task, whether it is
// one of many or all that is left.
func TestTaskThatFailsEverywhereIsQuarantined(t *testing.T) {
	long(t)
	for _, c := range []struct{ name, items, workers string }{
		{"among others", "[0, 150]", "6"},
		{"at the end", "[6, 8]", "3"},
		{"alone with one worker", "[7, 7]", "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, &devnet.Server{Seed: 61}, func(w *world) {
				w.mustRun("everywhere", `
name: everywhere
payload: golem/alpine:latest
workers: `+c.workers+`
budget: 10/h
tasks:
  from: {range: `+c.items+`}
  run: ["${{ task.item == 7 ? 'fail' : 'sleep' }}", 120s]
policies: {task: {retry: true}}
`, state.RunFailed)
				w.view(func(tx *store.Tx) error {
					failed, err := tx.FailedTasks("everywhere", 0, 10)
					if len(failed) != 1 || string(failed[0].Item) != "7" || !failed[0].Quarantined {
						t.Errorf("failed for good: %+v, want item 7, quarantined", failed)
					} else if failed[0].Number > 12 {
						t.Errorf("%d tries were needed", failed[0].Number)
					}
					return err
				})
				if told := w.events("everywhere", "task.quarantined"); len(told) != 1 || !strings.Contains(told[0], "on 5 different providers") {
					t.Errorf("told: %q", told)
				}
				w.checkBooks("everywhere")
			})
		})
	}
}

// A task is tried on another provider first, although the one that it failed on is
// free sooner.
func TestFailedTaskMeetsAnotherProvider(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 61}, func(w *world) {
		w.mustRun("elsewhere", `
name: elsewhere
payload: golem/alpine:latest
workers: 3
budget: 10/h
tasks:
  from: {range: [0, 11]}
  run: ["${{ task.item == 7 ? 'fail' : 'sleep' }}", 30s]
`, state.RunFailed)
		w.view(func(tx *store.Tx) error {
			failed, err := tx.FailedTasks("elsewhere", 0, 10)
			if err != nil || len(failed) != 1 {
				t.Fatalf("failed: %+v, %v", failed, err)
			}
			blame, err := tx.Blame(failed[0].Task, failed[0].Provider, state.FaultTask)
			if blame.Own != 3 {
				t.Errorf("three tries on %d providers", blame.Own)
			}
			return err
		})
		w.checkBooks("elsewhere")
	})
}

// events are the notes of a run's events of one kind, with what they are about.
func (w *world) events(id state.RunID, kind string) (told []string) {
	w.t.Helper()
	w.view(func(tx *store.Tx) error {
		events, err := tx.Events(id, 0, 10_000)
		for _, e := range events {
			if e.Kind == kind {
				told = append(told, e.Subject+": "+e.Note)
			}
		}
		return err
	})
	return told
}
