package runner_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem/devnet"
	"tasks/runner/state"
	"tasks/runner/store"
)

const patient = `
name: patient
payload: golem/alpine:latest
workers: 2
budget: {rate: 0.01/h, when_exhausted: pause}
tasks:
  from: {range: [1, 400]}
  run: [sleep, 10s]
`

// A run that pauses takes as many hours as its budget needs, costs nothing
// meanwhile, and ends well.
func TestPauseWaitsForTheBudget(t *testing.T) {
	long(t)
	inWorld(t, &devnet.Server{Seed: 2}, func(w *world) {
		began := time.Now()
		w.mustRun("patient", patient, state.RunDone)
		took := time.Since(began)
		accepted := w.srv.Inspect().Accepted
		hours := decimal.NewFromFloat(took.Hours()).Ceil()
		if took < time.Hour || accepted.GreaterThan(hours.Mul(decimal.RequireFromString("0.01"))) {
			t.Errorf("accepted %s GLM in %v of a budget of 0.01/h", accepted, took)
		}
		if n := len(w.values("patient")); n != 400 {
			t.Errorf("%d results of 400", n)
		}
		w.checkBooks("patient")
		t.Logf("took %v and %s GLM", took, accepted)
	})
}

// awaitPause waits until a run is paused, and returns its note.
func (w *world) awaitPause(p *process, id state.RunID) (note string) {
	w.t.Helper()
	for range 3600 {
		time.Sleep(time.Second)
		var run state.Run
		err := p.db.View(context.Background(), func(tx *store.Tx) (err error) {
			run, err = tx.Run(id)
			return err
		})
		if err == nil && run.State == state.RunPaused {
			return run.Note
		}
	}
	w.t.Fatal("the run never paused")
	return ""
}

// While a run is paused nothing lives at the daemon, and a polite end ends it at
// once. It carries on where it was.
func TestPausedRunStopsAndCarriesOn(t *testing.T) {
	long(t)
	inWorld(t, &devnet.Server{Seed: 2}, func(w *world) {
		ctx, interrupt := context.WithCancel(w.t.Context())
		p := w.process()
		ended := make(chan state.RunState)
		go func() {
			s, err := p.run(ctx, "patient", patient)
			if err != nil {
				w.t.Error(err)
			}
			ended <- s
		}()
		time.Sleep(time.Second)
		note := w.awaitPause(p, "patient")
		if !strings.Contains(note, "goes on at ") {
			w.t.Errorf("note = %q", note)
		}
		time.Sleep(5 * time.Second)
		if got := w.srv.Inspect(); len(got.Live) > 0 || got.Demands > 0 {
			w.t.Errorf("%d activities and %d demands while paused", len(got.Live), got.Demands)
		}
		interrupt()
		began := time.Now()
		if s := <-ended; s != state.RunInterrupted || time.Since(began) > time.Minute {
			w.t.Errorf("ended as %s after %v", s, time.Since(began))
		}
		w.mustRun("patient", patient, state.RunDone)
		w.checkBooks("patient")
	})
}

// Where waiting cannot help, a run that would pause ends.
func TestPauseThatCannotHelpEnds(t *testing.T) {
	for name, budget := range map[string]string{
		"total": "{total: 0.01, when_exhausted: pause}",
		"low":   "{rate: 0.00001/h, when_exhausted: pause}",
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, &devnet.Server{Seed: 2}, func(w *world) {
				document := strings.Replace(patient, "{rate: 0.01/h, when_exhausted: pause}", budget, 1)
				w.mustRun("patient", document, state.RunExhausted)
				w.view(func(tx *store.Tx) error {
					run, err := tx.Run("patient")
					if !strings.Contains(run.Note, "waiting would not change that") {
						t.Errorf("note = %q", run.Note)
					}
					return err
				})
			})
		})
	}
}
