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
	inWorld(t, &devnet.Server{Seed: 61}, func(w *world) {
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
			events, err2 := tx.Events("stubborn", 0, 10_000)
			var told []string
			for _, e := range events {
				if e.Kind == "task.failing" {
					told = append(told, e.Subject+": "+e.Note)
				}
			}
			if len(told) != 1 || !strings.HasPrefix(told[0], "task/1: failed 10 times on ") {
				t.Errorf("told: %q, want once, after 10 tries", told)
			}
			if err == nil {
				err = err2
			}
			return err
		})
		w.checkBooks("stubborn")
	})
}
