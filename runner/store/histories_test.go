package store_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

// TestHistoriesAreRemembered has a provider do tasks, and looks at what is known of it
// while it works, when it has ended, after another one, and much later.
func TestHistoriesAreRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		kind := state.Work{Name: "yacat", Payload: "vm image"}
		seen := func(h state.History, ago time.Duration) state.History {
			h.Provider, h.Seen = providerID, time.Now().Add(-ago).UTC()
			return h
		}
		check := func(what string, want ...state.History) {
			t.Helper()
			got := ask(t, w.Store, func(tx *store.Tx) ([]state.History, error) { return tx.Histories(kind) })
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateApprox(0, 1e-3)); diff != "" {
				t.Errorf("%s: Histories (-want +got):\n%s", what, diff)
			}
		}
		check("before anything is done")
		done := func(seconds int, how state.AttemptState) {
			at := w.begin(t, w.add(t, state.Task{Stage: "a"})[0])
			time.Sleep(time.Duration(seconds) * time.Second)
			end := store.AttemptEnd{Attempt: at.ID, State: how, Task: state.TaskDone}
			if how != state.AttemptDone {
				end.Fault, end.Task = state.FaultTask, state.TaskFailed
			}
			w.finish(t, end)
		}
		done(4, state.AttemptFailed)
		check("a failure is no pace", seen(state.History{Own: 1}, 0))
		done(10, state.AttemptDone)
		done(20, state.AttemptDone)
		now := time.Now()
		update(t, w.Store, func(tx *store.Tx) error { return tx.SetUsage(w.activity, []float64{30, 40}, now) })
		check("while it works", seen(state.History{Own: 1, Tasks: 2, Busy: 34, CPU: 30, Lived: 40}, 0))
		update(t, w.Store, func(tx *store.Tx) error {
			if err := tx.MoveActivity(w.activity, state.ActivityReady, state.ActivityStopping, store.ActivitySet{}); err != nil {
				return err
			}
			return tx.MoveActivity(w.activity, state.ActivityStopping, state.ActivityEnded, store.ActivitySet{})
		})
		check("when it has ended", seen(state.History{Own: 1, Tasks: 2, Busy: 34, CPU: 30, Lived: 40}, 0))
		w.activity = w.activate(t, w.agreement, "another")
		done(6, state.AttemptDone)
		check("with another one", seen(state.History{Own: 1, Tasks: 3, Busy: 40, CPU: 30, Lived: 40}, 0))
		time.Sleep(3 * 24 * time.Hour)
		check("the half of what has ended", seen(state.History{Own: 0.5, Tasks: 2, Busy: 23, CPU: 15, Lived: 20}, 3*24*time.Hour))
		for _, other := range []state.Work{{Name: "other", Payload: "vm image"}, {Name: "yacat", Payload: "vm another"}} {
			if got := ask(t, w.Store, func(tx *store.Tx) ([]state.History, error) { return tx.Histories(other) }); len(got) > 0 {
				t.Errorf("%v knows %v", other, got)
			}
		}
	})
}

// TestOneBadTaskIsNobodysFault has a task break one provider after another.
func TestOneBadTaskIsNobodysFault(t *testing.T) {
	type told struct {
		Failures    int // over all runs
		Failed      bool
		Faults, Own float64
	}
	for _, tt := range []struct {
		name  string
		same  bool // all tries on one provider
		until state.TaskState
		ended bool // the machines have ended by then
		want  told // of the first provider
	}{
		{"nobody could do it", false, state.TaskFailed, false, told{Own: 1}},
		{"nobody could do it, and the machines are gone", false, state.TaskFailed, true, told{Own: 1}},
		{"somebody did it", false, state.TaskDone, true, told{Failures: 1, Failed: true, Faults: 1}},
		{"nobody else tried", true, state.TaskFailed, false, told{Failures: 3, Failed: true, Faults: 3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			task := w.add(t, state.Task{Stage: "a"})[0]
			for i, name := range []golem.NodeID{providerID, "0x2", "0x3"} {
				if i > 0 && !tt.same {
					w.activity = w.activate(t, w.hire(t, golem.AgreementID(name), name, "p"), golem.ActivityID(name))
				}
				at := w.begin(t, task)
				end := store.AttemptEnd{Attempt: at.ID, State: state.AttemptLost, Fault: state.FaultProvider, Task: state.TaskPending}
				if i == 2 && tt.until == state.TaskDone {
					end = store.AttemptEnd{Attempt: at.ID, State: state.AttemptDone, Task: state.TaskDone}
				} else if i == 2 {
					end.Task = state.TaskFailed
				}
				if tt.ended {
					update(t, w.Store, func(tx *store.Tx) error {
						return tx.MoveActivity(w.activity, state.ActivityReady, state.ActivityLost, store.ActivitySet{})
					})
				}
				w.finish(t, end)
			}
			first := ask(t, w.Store, func(tx *store.Tx) (state.Provider, error) { return tx.Provider(providerID) })
			got := told{Failures: first.Failures, Failed: !first.LastFailure.IsZero()}
			for _, h := range ask(t, w.Store, func(tx *store.Tx) ([]state.History, error) {
				return tx.Histories(state.Work{Name: "yacat", Payload: "vm image"})
			}) {
				if h.Provider == providerID {
					got.Faults, got.Own = h.Faults, h.Own
				}
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateApprox(0, 1e-3)); diff != "" {
				t.Errorf("of the first provider (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRolledUpBlamesAreTakenBack has a task break one provider twice and another
// once, the first of these tries rolled up when it is given up.
func TestRolledUpBlamesAreTakenBack(t *testing.T) {
	w := newWorld(t)
	task := w.add(t, state.Task{Stage: "a"})[0]
	broken := func(then state.TaskState) {
		w.finish(t, store.AttemptEnd{Attempt: w.begin(t, task).ID, State: state.AttemptLost, Fault: state.FaultProvider, Task: then})
	}
	broken(state.TaskPending)
	broken(state.TaskPending)
	update(t, w.Store, func(tx *store.Tx) error {
		old, _, err := tx.TriedAgain(w.run, 0, 1, 10)
		if err != nil || len(old) != 1 {
			t.Errorf("TriedAgain = %+v, %v", old, err)
		}
		return tx.RollUpAttempts(w.run, old)
	})
	w.activity = w.activate(t, w.hire(t, "another", "0x2", "p"), "another")
	broken(state.TaskFailed)
	for _, id := range []golem.NodeID{providerID, "0x2"} {
		p := ask(t, w.Store, func(tx *store.Tx) (state.Provider, error) { return tx.Provider(id) })
		if p.Failures != 0 || !p.LastFailure.IsZero() {
			t.Errorf("provider %s is blamed for a task that nobody could do: %+v", id, p)
		}
	}
}

// TestCostsAreRemembered accepts a bill.
func TestCostsAreRemembered(t *testing.T) {
	w := newWorld(t)
	w.note(t, "n", "0.5")
	w.accept(t, "n", "0.5")
	got := ask(t, w.Store, func(tx *store.Tx) ([]state.History, error) {
		return tx.Histories(state.Work{Name: "yacat", Payload: "vm image"})
	})
	if len(got) != 1 || math.Abs(got[0].Cost-0.5) > 1e-6 {
		t.Errorf("Histories = %+v", got)
	}
}
