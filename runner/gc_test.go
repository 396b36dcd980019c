package runner_test

import (
	"testing"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/runner"
	"tasks/runner/state"
)

// collect ends what a run left, in a process of its own.
func (w *world) collect(id state.RunID, mayReturn, look bool) []runner.Stray {
	w.t.Helper()
	o := w.process().options(w.t.Context(), id, sixty)
	defer o.Store.Close()
	found, err := runner.Collect(w.t.Context(), o, mayReturn, look)
	if err != nil {
		w.t.Errorf("collect what %s left: %v", id, err)
	}
	return found
}

// tally counts strays by kind, of those that pass.
func tally(all []runner.Stray, pass func(runner.Stray) bool) map[runner.StrayKind]int {
	n := map[runner.StrayKind]int{}
	for _, s := range all {
		if pass(s) {
			n[s.Kind]++
		}
	}
	return n
}

func (w *world) wantTally(what string, got map[runner.StrayKind]int, demands, agreements, activities, allocations int) {
	w.t.Helper()
	want := [4]int{demands, agreements, activities, allocations}
	have := [4]int{got[runner.StrayDemand], got[runner.StrayAgreement], got[runner.StrayActivity], got[runner.StrayAllocation]}
	if have != want {
		w.t.Errorf("%s: demands, agreements, activities, allocations %v, want %v", what, have, want)
	}
}

// other is a client of the same daemon that is no run of ours.
func (w *world) other() *golem.Client {
	return &golem.Client{BaseURL: "http://devnet", AppKey: devnet.DefaultAppKey, HTTP: w.srv.Client()}
}

func anyStray(runner.Stray) bool     { return true }
func endedStray(s runner.Stray) bool { return s.Ended }
func keptStray(s runner.Stray) bool  { return s.Kept }

func TestCollectEndsWhatADeadRunLeft(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 31}, func(w *world) {
		w.leaveAfter(50*time.Second, "sixty", sixty)
		w.wantTally("seen", tally(w.collect("sixty", false, true), anyStray), 0, 3, 3, 1)
		if live := len(w.srv.Inspect().Live); live != 3 {
			t.Errorf("%d activities live after a look, want 3", live)
		}
		w.wantTally("ended", tally(w.collect("sixty", false, false), endedStray), 0, 3, 3, 1)
		if s := w.srv.Inspect(); len(s.Live) > 0 || len(s.Allocations) > 0 {
			t.Errorf("left at the devnet: %v, %v", s.Live, s.Allocations)
		}
		if again := w.collect("sixty", false, false); len(again) > 0 {
			t.Errorf("a second time there was %v", again)
		}
		w.mustRun("sixty", sixty, state.RunDone)
		w.wantSixty("sixty")
		w.checkBooks("sixty")
	})
}

func TestCollectKeepsWhatTheNextStartUses(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 32}, func(w *world) {
		w.leaveAfter(50*time.Second, "sixty", sixty)
		found := w.collect("sixty", true, false)
		w.wantTally("kept", tally(found, keptStray), 0, 3, 3, 1)
		w.wantTally("ended", tally(found, endedStray), 0, 0, 0, 0)
		if live := len(w.srv.Inspect().Live); live != 3 {
			t.Errorf("%d activities live, want 3", live)
		}
		w.mustRun("sixty", sixty, state.RunDone)
		w.wantSixty("sixty")
		w.checkBooks("sixty")
	})
}

func TestCollectLeavesOthersAlone(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 33}, func(w *world) {
		w.leaveAfter(50*time.Second, "theirs", sixty)
		w.leaveAfter(50*time.Second, "sixty", sixty)
		client := w.other()
		defer client.CloseIdleConnections()
		demand, err := client.PublishDemand(w.t.Context(), golem.DemandSpec{
			Properties: golem.Properties{golem.PropNodeName: "somebody"}, Constraints: "(golem.runtime.name=vm)",
		})
		if err != nil {
			t.Fatal(err)
		}
		before := w.srv.Inspect()
		w.wantTally("ended", tally(w.collect("sixty", false, false), endedStray), 0, 3, 3, 1)
		after := w.srv.Inspect()
		if len(after.Live) != len(before.Live)-3 || len(after.Allocations) != len(before.Allocations)-1 || after.Demands != 1 {
			t.Errorf("of %d activities, %d allocations are left %d and %d, and %d demands",
				len(before.Live), len(before.Allocations), len(after.Live), len(after.Allocations), after.Demands)
		}
		if err := client.DeleteDemand(w.t.Context(), demand); err != nil {
			t.Errorf("the demand of another program: %v", err)
		}
		w.wantTally("theirs", tally(w.collect("theirs", false, false), endedStray), 0, 3, 3, 1)
	})
}

// A provider that is out of reach at the end keeps its agreement open at the
// daemon; it is ended when the provider is back.
func TestCollectEndsWhatCouldNotBeEndedBefore(t *testing.T) {
	away := devnet.Provider{Name: "away", Phases: []devnet.Phase{
		{After: time.Minute, As: devnet.Provider{OfflineAfter: -1}},
		{After: 4 * time.Minute, As: devnet.Provider{}},
	}}
	inWorld(t, &devnet.Server{Seed: 34, Providers: []devnet.Provider{away}}, func(w *world) {
		p, began := w.process(), time.Now()
		time.AfterFunc(90*time.Second, func() { w.askStop(p, "sixty") })
		if got, err := p.run(w.t.Context(), "sixty", sixty); got != state.RunStopped || err != nil {
			t.Fatalf("run = %s, %v", got, err)
		}
		o := w.process().options(w.t.Context(), "sixty", sixty)
		defer o.Store.Close()
		found, err := runner.Collect(w.t.Context(), o, true, false)
		if err == nil || len(found) == 0 || tally(found, endedStray)[runner.StrayAgreement] != 0 {
			t.Errorf("while the provider is away: %+v, %v", found, err)
		}
		time.Sleep(4*time.Minute + time.Second - time.Since(began))
		found, err = runner.Collect(w.t.Context(), o, true, false)
		if err != nil || tally(found, endedStray)[runner.StrayAgreement] != 1 {
			t.Errorf("when it is back: %+v, %v", found, err)
		}
		if live := w.srv.Inspect().Live; len(live) > 0 {
			t.Errorf("left alive: %v", live)
		}
	})
}
