package runner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tasks/golem/devnet"
	"tasks/runner/state"
	"tasks/runner/store"
)

const sixty = `
name: sixty
payload: golem/alpine:latest
workers: 3
tasks:
  from: {range: [1, 60]}
  run: [sleep, "${{ task.item }}s"]
`

// leaveAfter runs a document in a process that is gone after d, with everything
// left as it was.
func (w *world) leaveAfter(d time.Duration, id state.RunID, document string) {
	w.t.Helper()
	p := w.process()
	time.AfterFunc(d, func() { close(p.hurry) })
	if _, err := p.run(w.t.Context(), id, document); err != nil {
		w.t.Fatal(err)
	}
}

// wantSixty demands each of the sixty results once.
func (w *world) wantSixty(id state.RunID) {
	w.t.Helper()
	got := w.values(id)
	want := make([]string, 60)
	for i := range want {
		want[i] = fmt.Sprintf(`"slept %ds"`, i+1)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.t.Errorf("results:\n%v, want\n%v", got, want)
	}
}

func TestResumeReusesWhatIsAlive(t *testing.T) {
	loyal := sixty + "policies: {activity: {keep: true}}\n"
	inWorld(t, &devnet.Server{Seed: 12}, func(w *world) {
		for range 5 {
			w.leaveAfter(50*time.Second, "sixty", loyal)
			if live := len(w.srv.Inspect().Live); live != 3 {
				t.Errorf("%d activities live after leaving, want 3", live)
			}
			time.Sleep(5 * time.Second)
		}
		w.mustRun("sixty", loyal, state.RunDone)
		w.wantSixty("sixty")
		w.checkBooks("sixty")
		w.view(func(tx *store.Tx) error {
			rows, err := tx.ActivityRows("sixty")
			if len(rows) != 3 {
				t.Errorf("%d activities in six processes, want the same 3 throughout", len(rows))
			}
			return err
		})
	})
}

func TestResumeWithoutReuse(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 12}, func(w *world) {
		picky := sixty + "policies: {activity: {reuse: 'activity.results > 1000'}}\n"
		w.leaveAfter(50*time.Second, "sixty", picky)
		w.mustRun("sixty", picky, state.RunDone)
		w.wantSixty("sixty")
		w.checkBooks("sixty")
		w.view(func(tx *store.Tx) error {
			rows, err := tx.ActivityRows("sixty")
			old := 0
			for _, a := range rows {
				if strings.HasPrefix(a.Reason, "not used again: ") {
					old++
				}
			}
			if old != 3 || len(rows) != 6 {
				t.Errorf("%d of %d activities were not used again, want 3 of 6", old, len(rows))
			}
			return err
		})
	})
}

func TestResumeAtAnyMoment(t *testing.T) {
	seeds := uint64(20)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inWorld(t, &devnet.Server{Seed: seed}, func(w *world) {
				for i := range 8 {
					// Many of these moments lie in negotiation, creation and preparation.
					w.leaveAfter(time.Duration(50+137*(uint64(i)+seed)%2900)*time.Millisecond, "sixty", sixty)
				}
				w.mustRun("sixty", sixty, state.RunDone)
				w.wantSixty("sixty")
				w.checkBooks("sixty")
			})
		})
	}
}

func TestResumeAfterTheDaemonIsLost(t *testing.T) {
	first := &devnet.Server{Seed: 13}
	inWorld(t, first, func(w *world) {
		w.leaveAfter(50*time.Second, "sixty", sixty)
		first.Close()
		w.srv = &devnet.Server{Seed: 14, Runtime: devnet.Instant(shell)}
		defer w.srv.Close()
		w.mustRun("sixty", sixty, state.RunDone)
		w.wantSixty("sixty")
		if live := w.srv.Inspect().Live; len(live) > 0 {
			t.Errorf("left alive: %v", live)
		}
	})
}

func TestApplyOfADoneRunChangesNothing(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 15}, func(w *world) {
		w.mustRun("sixty", sixty, state.RunDone)
		before := w.srv.Inspect()
		w.mustRun("sixty", sixty, state.RunDone)
		if after := w.srv.Inspect(); len(after.Agreements) != len(before.Agreements) {
			t.Error("a done run hired again")
		}
	})
}

// A batch that ended while nobody was there emits its tasks once, and a debit
// note that came meanwhile is paid by the budget as it stands.
func TestResumeFindsWhatHappenedMeanwhile(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 19}, func(w *world) {
		document := `
name: meanwhile
payload: golem/alpine:latest
workers: 3
tasks:
  outer:
    from: {range: [1, 40]}
    run: [sleep, "${{ task.item }}s"]
    emit: {stage: inner, each: '[{n: task.item}]'}
  inner:
    run: [echo, "${{ task.n }}"]
`
		for i := range 6 {
			w.leaveAfter(time.Duration(20+7*i)*time.Second, "meanwhile", document)
			time.Sleep(time.Duration(10*(i+1)) * time.Second)
		}
		w.mustRun("meanwhile", document, state.RunDone)
		seen := map[string]int{}
		for _, v := range w.values("meanwhile") {
			seen[v]++
		}
		for v, n := range seen {
			if n > 1 {
				t.Errorf("%s recorded %d times", v, n)
			}
		}
		if len(seen) != 80 {
			t.Errorf("%d results of 80", len(seen))
		}
		w.checkBooks("meanwhile")
		w.view(func(tx *store.Tx) error {
			rows, err := tx.ActivityRows("meanwhile")
			for _, a := range rows {
				if a.Reason != "all tasks done" && a.Reason != "no more tasks" {
					t.Errorf("activity of %s ended: %s", a.ProviderName, a.Reason)
				}
			}
			return err
		})
	})
}
