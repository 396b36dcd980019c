package reconcile_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/runner/ledger"
	"tasks/runner/reconcile"
	"tasks/runner/state"
)

// spentView is a run that pauses, of which nobody works and which has spent all
// of its 10 GLM/h half an hour ago.
func spentView() reconcile.View {
	v := view(2)
	v.PauseWhenExhausted, v.FixedBudget, v.DemandOpen = true, true, true
	v.Book = &ledger.Book{}
	v.Book.Add(ledger.Spend{At: v.Now.Add(-30 * time.Minute), Amount: glm("10")})
	v.Offers = []reconcile.Offer{offer(1)}
	return v
}

func TestPause(t *testing.T) {
	const note = "the best offer left costs up to 0.0158 GLM until its first bill, and the budget has no room for it"
	need, back := glm("0.01581"), start.Add(30*time.Minute)
	pause := func(until time.Time) *reconcile.Pause { return &reconcile.Pause{Need: need, Until: until} }
	tests := []struct {
		name   string
		change func(*reconcile.View)
		want   []reconcile.Action
	}{
		{"waits until the window has room", func(*reconcile.View) {},
			[]reconcile.Action{reconcile.PauseRun{Pause: *pause(back), Note: note}}},
		{"one that is to stop ends", func(v *reconcile.View) { v.PauseWhenExhausted = false },
			[]reconcile.Action{reconcile.Wind{State: state.RunExhausted, Note: note}}},
		{"a total never comes back", func(v *reconcile.View) { v.Windows[0].Span = 0 },
			[]reconcile.Action{reconcile.Wind{State: state.RunExhausted, Note: note + ", and waiting would not change that"}}},
		{"an expression may allow it later", func(v *reconcile.View) { v.Windows[0].Span, v.FixedBudget = 0, false },
			[]reconcile.Action{reconcile.PauseRun{Pause: *pause(time.Time{}), Note: note}}},
		{"who worked until now may come back", func(v *reconcile.View) {
			v.Offers[0].Pricing.Start = glm("11")
			a := agreement(1, state.ActivityEnded)
			a.State = state.AgreementEnded
			v.Agreements = []reconcile.Agreement{a}
		}, []reconcile.Action{reconcile.PauseRun{Pause: *pause(back),
			Note: "the best offer left costs up to 11.0158 GLM until its first bill, and the budget has no room for it"}}},
		{"listens to nobody meanwhile", func(v *reconcile.View) { v.Pause = pause(back) },
			[]reconcile.Action{reconcile.CloseDemand{}}},
		{"goes on when there is room", func(v *reconcile.View) { v.Pause, v.Now, v.DemandOpen = pause(back), back, false },
			[]reconcile.Action{reconcile.Resume{}}},
		{"goes on early with a larger budget", func(v *reconcile.View) {
			v.Pause, v.DemandOpen, v.Windows[0].Limit = pause(back), false, glm("10.1")
		}, []reconcile.Action{reconcile.Resume{}}},
		{"waits longer if more was spent meanwhile", func(v *reconcile.View) {
			v.Pause, v.Now, v.DemandOpen = pause(back), back, false
			v.Book.Add(ledger.Spend{At: back.Add(-time.Minute), Amount: glm("10")})
		}, []reconcile.Action{reconcile.PauseRun{Pause: *pause(back.Add(59 * time.Minute)), Note: "the budget has no room yet"}}},
		{"ends with its tasks", func(v *reconcile.View) { v.Pause, v.Tasks = pause(back), reconcile.Tasks{} },
			[]reconcile.Action{reconcile.Wind{State: state.RunDone, Note: "all tasks done"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := spentView()
			test.change(&v)
			v.Allocation.Timeout = v.Now.Add(4 * time.Hour)
			got := reconcile.Decide(v)
			for i, action := range got {
				if _, ok := action.(reconcile.AmendAllocation); ok {
					got = append(got[:i], got[i+1:]...)
					break
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
