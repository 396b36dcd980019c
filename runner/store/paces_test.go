package store_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tasks/runner/state"
	"tasks/runner/store"
)

// TestPacesAreRemembered has a provider do tasks, and looks at what is known of it
// while it works, when it has ended, after another one, and much later.
func TestPacesAreRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		name := ask(t, w.Store, func(tx *store.Tx) (state.Run, error) { return tx.Run(w.run) }).Name
		check := func(what string, want ...state.Pace) {
			t.Helper()
			got := ask(t, w.Store, func(tx *store.Tx) ([]state.Pace, error) { return tx.Paces(name) })
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateApprox(0, 1e-3)); diff != "" {
				t.Errorf("%s: Paces (-want +got):\n%s", what, diff)
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
		check("a failure is no pace")
		done(10, state.AttemptDone)
		done(20, state.AttemptDone)
		now := time.Now()
		update(t, w.Store, func(tx *store.Tx) error { return tx.SetUsage(w.activity, []float64{30, 40}, now) })
		check("while it works", state.Pace{Provider: providerID, Tasks: 2, Busy: 34, CPU: 30, Lived: 40})
		update(t, w.Store, func(tx *store.Tx) error {
			if err := tx.MoveActivity(w.activity, state.ActivityReady, state.ActivityStopping, store.ActivitySet{}); err != nil {
				return err
			}
			return tx.MoveActivity(w.activity, state.ActivityStopping, state.ActivityEnded, store.ActivitySet{})
		})
		check("when it has ended", state.Pace{Provider: providerID, Tasks: 2, Busy: 34, CPU: 30, Lived: 40})
		w.activity = w.activate(t, w.agreement, "another")
		done(6, state.AttemptDone)
		check("with another one", state.Pace{Provider: providerID, Tasks: 3, Busy: 40, CPU: 30, Lived: 40})
		time.Sleep(3 * 24 * time.Hour)
		check("the half of what has ended", state.Pace{Provider: providerID, Tasks: 2, Busy: 23, CPU: 15, Lived: 20})
		if got := ask(t, w.Store, func(tx *store.Tx) ([]state.Pace, error) { return tx.Paces("other") }); len(got) > 0 {
			t.Errorf("runs of another name know %v", got)
		}
	})
}
