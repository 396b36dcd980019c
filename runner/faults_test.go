package runner_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tasks/golem/devnet"
	"tasks/runner/state"
	"tasks/runner/store"
)

func TestBadTaskFailsForGoodAndClosesNobody(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 6}, func(w *world) {
		w.mustRun("bad", `
name: bad
payload: golem/alpine:latest
workers: 3
tasks:
  from: {items: [[echo, a], [fail], [echo, b], [echo, c], [echo, d]]}
  run: ["${{ task.item[0] }}", "${{ len(task.item) > 1 ? task.item[1] : '' }}"]
`, state.RunFailed)
		if got := fmt.Sprint(len(w.values("bad"))); got != "4" {
			t.Errorf("%s results of 4", got)
		}
		w.view(func(tx *store.Tx) error {
			attempts, err := tx.Attempts(2)
			if len(attempts) != 3 || attempts[0].Fault != state.FaultTask || attempts[0].ExitCode != 3 {
				t.Errorf("attempts of the bad task: %+v", attempts)
			}
			rows, err2 := tx.ActivityRows("bad")
			if len(rows) != 3 {
				t.Errorf("%d activities for 3 workers", len(rows))
			}
			if err == nil {
				err = err2
			}
			return err
		})
		w.checkBooks("bad")
	})
}

// misbehaving are providers that go wrong, each in its own way, all of them
// cheaper than the fair one.
func misbehaving() []devnet.Provider {
	return []devnet.Provider{
		{Name: "silent", Silent: true},
		{Name: "refuses", RefuseProposals: "no"},
		{Name: "rejects", RefuseAgreements: "no"},
		{Name: "undecided", Undecided: true},
		{Name: "broken", StartFails: "no image"},
		{Name: "offline", OfflineAfter: -1},
		{Name: "dies", DiesAfter: 25 * time.Second},
		{Name: "hangs", HangsAfter: 25 * time.Second},
		{Name: "leaves", LeavesAfter: 25 * time.Second},
		{Name: "vanishes", OfflineAfter: 90 * time.Second},
		{Name: "fair-1", Threads: 4}, {Name: "fair-2", Threads: 4}, {Name: "fair-3", Threads: 4},
	}
}

func TestRunEndsInABadMarket(t *testing.T) {
	long(t)
	inWorld(t, &devnet.Server{Seed: 7, Providers: misbehaving()}, func(w *world) {
		w.mustRun("market", `
name: market
payload: golem/alpine:latest
workers: 4
tasks:
  from: {range: [1, 100]}
  run: [sleep, 10s]
policies: {task: {retry: true}}
`, state.RunDone)
		if n := len(w.values("market")); n != 100 {
			t.Errorf("%d results of 100", n)
		}
	})
}

func TestHangingTaskTimesOut(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 8}, func(w *world) {
		w.mustRun("hang", `
name: hang
payload: golem/alpine:latest
workers: 2
tasks:
  from: [1s, 2s, 5h, 3s]
  timeout: 1m
  run: [sleep, "${{ task.item }}"]
`, state.RunFailed)
		if n := len(w.values("hang")); n != 3 {
			t.Errorf("%d results of 3", n)
		}
		w.checkBooks("hang")
	})
}

func TestEmittedTasksRunFirstAndEveryResultEmits(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 9}, func(w *world) {
		w.mustRun("emit", `
name: emit
payload: golem/alpine:latest
tasks:
  outer:
    from: {range: [1, 3]}
    run: [echo, "${{ task.item }}"]
    emit: {stage: inner, each: 'map([1, 2], {a: int(result), b: #})'}
  inner:
    run: [echo, "${{ task.a }}-${{ task.b }}"]
`, state.RunDone)
		got := fmt.Sprint(w.values("emit"))
		want := `["1" "1-1" "1-2" "2" "2-1" "2-2" "3" "3-1" "3-2"]`
		if got != want {
			t.Errorf("results in order:\n%s, want\n%s", got, want)
		}
	})
}

const endless = `
name: endless
payload: golem/alpine:latest
workers: 3
tasks:
  from: {range: {from: 0}}
  run: [sleep, 7s]
`

func TestInterruptDrainsAndSettles(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 10}, func(w *world) {
		ctx, cancel := context.WithCancel(w.t.Context())
		time.AfterFunc(time.Minute, cancel)
		began := time.Now()
		got, err := w.process().run(ctx, "endless", endless)
		if got != state.RunInterrupted || err != nil {
			t.Errorf("run = %s, %v", got, err)
		}
		if took := time.Since(began); took > 75*time.Second {
			t.Errorf("took %s to end after a minute", took)
		}
		w.checkBooks("endless")
		w.view(func(tx *store.Tx) error {
			counts, err := tx.Counts("endless")
			if counts.Running != 0 {
				t.Errorf("counts: %+v", counts)
			}
			return err
		})
	})
}

func TestStopFromAnotherTerminal(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 11}, func(w *world) {
		p := w.process()
		time.AfterFunc(time.Minute, func() { w.askStop(p, "endless") })
		if got, err := p.run(w.t.Context(), "endless", endless); got != state.RunStopped || err != nil {
			t.Errorf("run = %s, %v", got, err)
		}
		w.checkBooks("endless")
	})
}

// askStop is what `tasks stop` does.
func (w *world) askStop(p *process, id state.RunID) {
	err := p.db.Update(context.Background(), func(tx *store.Tx) error { return tx.AskStop(id) })
	if err != nil {
		w.t.Error(err)
	}
}
