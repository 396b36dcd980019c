package reconcile_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/runner/ledger"
	"tasks/runner/reconcile"
	"tasks/runner/state"
)

var (
	start = time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC)
	glm   = decimal.RequireFromString
)

// pricing costs 0.0001 GLM a second with the one thread busy.
func pricing() golem.Pricing {
	return golem.Pricing{
		Coeffs: map[string]golem.Amount{golem.UsageCPU: glm("0.00004"), golem.UsageDuration: glm("0.00006")},
		Vector: []string{golem.UsageCPU, golem.UsageDuration},
	}
}

func offer(n int) reconcile.Offer {
	return reconcile.Offer{
		Proposal: golem.ProposalID(fmt.Sprintf("R-%d", n)), Provider: golem.NodeID(fmt.Sprintf("0x%d", n)),
		Pricing: pricing(), Threads: 1, Interval: 2 * time.Minute,
	}
}

// view is a run with plenty of tasks and money, an allocation and an open
// demand, at start.
func view(workers int) reconcile.View {
	return reconcile.View{
		Now: start, Workers: workers, Tasks: reconcile.Tasks{Pending: 100, More: true},
		Windows: []ledger.Window{{Span: time.Hour, Limit: glm("10")}}, Book: ledger.NewBook(decimal.Zero, nil),
		DemandOpen: true, Allocation: &reconcile.Allocation{Allocation: state.Allocation{
			State: state.AllocationActive, CreatedAt: start, Total: glm("10"), Timeout: start.Add(4 * time.Hour),
		}},
	}
}

// agreement is an approved agreement with one activity in the given state, that
// began at start and is authorised for its first period.
func agreement(key int64, s state.ActivityState) reconcile.Agreement {
	return reconcile.Agreement{
		Agreement: state.Agreement{
			Key: key, State: state.AgreementApproved, Pricing: pricing(), Interval: 2 * time.Minute, AgreedAt: start,
		},
		Threads: 1,
		Activities: []reconcile.Activity{{
			Activity: state.Activity{
				Key: 10 * key, Agreement: key, ID: "a", State: s, CreatedAt: start, Authorised: glm("0.0155"),
			},
			Working: s == state.ActivityReady,
		}},
	}
}

func TestDecide(t *testing.T) {
	tests := []struct {
		name   string
		change func(*reconcile.View)
		want   []reconcile.Action
	}{
		{"money is set aside first", func(v *reconcile.View) { v.Allocation, v.DemandOpen = nil, false },
			[]reconcile.Action{reconcile.CreateAllocation{Total: glm("10"), Timeout: start.Add(4 * time.Hour)}}},
		{"an allocation is kept as long as bills accepted from it are paid", func(v *reconcile.View) {
			v.DemandOpen = false
			v.Allocation.CreatedAt = start.Add(-25*24*time.Hour + time.Second)
		}, []reconcile.Action{reconcile.OpenDemand{}}},
		{"an old one is replaced in time", func(v *reconcile.View) {
			v.DemandOpen = false
			v.Allocation.CreatedAt = start.Add(-25 * 24 * time.Hour)
		}, []reconcile.Action{
			reconcile.ReplaceAllocation{Total: glm("10"), Timeout: start.Add(4 * time.Hour)}, reconcile.OpenDemand{},
		}},
		{"then the market is asked", func(v *reconcile.View) { v.DemandOpen = false },
			[]reconcile.Action{reconcile.OpenDemand{}}},
		{"the best offers are hired, as many as are missing", func(v *reconcile.View) {
			v.Offers = []reconcile.Offer{offer(1), offer(2), offer(3)}
		}, []reconcile.Action{reconcile.Hire{Proposal: "R-1"}, reconcile.Hire{Proposal: "R-2"}}},
		{"no more than the budget covers until the first bill", func(v *reconcile.View) {
			v.Windows[0].Limit = glm("0.02")
			v.Allocation.Total = glm("0.02")
			v.Offers = []reconcile.Offer{offer(1), offer(2)}
		}, []reconcile.Action{reconcile.Hire{Proposal: "R-1"}}},
		{"a budget too small for anybody ends the run", func(v *reconcile.View) {
			v.Windows[0].Limit = glm("0.01")
			v.Offers = []reconcile.Offer{offer(1)}
		}, []reconcile.Action{reconcile.Wind{State: state.RunExhausted,
			Note: "the best offer left costs up to 0.0158 GLM until its first bill, and the budget has no room for it"}}},
		{"no workers more than tasks", func(v *reconcile.View) {
			v.Tasks = reconcile.Tasks{Pending: 1}
			v.Offers = []reconcile.Offer{offer(1), offer(2)}
		}, []reconcile.Action{reconcile.Hire{Proposal: "R-1"}}},
		{"nobody listens to the market when the workers are full", func(v *reconcile.View) {
			v.Agreements = []reconcile.Agreement{agreement(1, state.ActivityReady), agreement(2, state.ActivityReady)}
		}, []reconcile.Action{reconcile.CloseDemand{}}},
		{"an approved agreement gets an activity", func(v *reconcile.View) {
			v.Workers = 1
			a := agreement(1, state.ActivityReady)
			a.Activities = nil
			v.Agreements, v.DemandOpen = []reconcile.Agreement{a}, false
		}, []reconcile.Action{reconcile.CreateActivity{Agreement: 1, Authorised: glm("0.01581")}}},
		{"a new activity is prepared", func(v *reconcile.View) {
			v.Workers = 1
			v.Agreements, v.DemandOpen = []reconcile.Agreement{agreement(1, state.ActivityCreated)}, false
		}, []reconcile.Action{reconcile.Prepare{Activity: 10}}},
		{"a ready one works", func(v *reconcile.View) {
			v.Workers = 1
			a := agreement(1, state.ActivityReady)
			a.Activities[0].Working = false
			v.Agreements, v.DemandOpen = []reconcile.Agreement{a}, false
		}, []reconcile.Action{reconcile.Work{Activity: 10}}},
		{"usage is read before the clock condemns", func(v *reconcile.View) {
			v.Workers, v.Now = 1, start.Add(145*time.Second)
			v.Agreements, v.DemandOpen = []reconcile.Agreement{agreement(1, state.ActivityReady)}, false
		}, []reconcile.Action{reconcile.ReadUsage{Activity: 10}}},
		{"more is reserved while there is room", func(v *reconcile.View) {
			v.Workers, v.Now = 1, start.Add(145*time.Second)
			a := agreement(1, state.ActivityReady)
			a.Activities[0].AskedAt = v.Now
			v.Agreements, v.DemandOpen = []reconcile.Agreement{a}, false
		}, []reconcile.Action{reconcile.Authorise{Activity: 10, Total: glm("0.02805")}}},
		{"what cannot be covered until its next bill is stopped", func(v *reconcile.View) {
			v.Workers, v.Now = 1, start.Add(145*time.Second)
			v.Windows[0].Limit, v.Allocation.Total = glm("0.02"), glm("0.02")
			a := agreement(1, state.ActivityReady)
			a.Activities[0].AskedAt = v.Now
			v.Agreements, v.DemandOpen = []reconcile.Agreement{a}, false
		}, []reconcile.Action{reconcile.Stop{Activity: 10, Reason: "budget: no room until its next bill"}, reconcile.OpenDemand{}}},
		{"who is let go is no worker any more, in the same turn", func(v *reconcile.View) {
			v.Workers = 1
			v.Agreements = []reconcile.Agreement{agreement(1, state.ActivityReady), agreement(2, state.ActivityReady)}
			v.Agreements[0].Activities, v.Agreements[0].State = nil, state.AgreementCreating
		}, []reconcile.Action{reconcile.EndAgreement{Agreement: 1, Reason: "outcome unknown"}, reconcile.CloseDemand{}}},
		{"an expensive provider gets no second activity", func(v *reconcile.View) {
			v.Workers = 1
			a := agreement(1, state.ActivityEnded)
			a.Activities[0].Reason = "too expensive: 1 GLM for 1 results"
			v.Agreements, v.DemandOpen = []reconcile.Agreement{a}, true
		}, []reconcile.Action{reconcile.EndAgreement{Agreement: 1, Reason: "too expensive: 1 GLM for 1 results"}}},
		{"nothing is decided about what is busy", func(v *reconcile.View) {
			v.Workers, v.DemandOpen = 1, false
			a := agreement(1, state.ActivityCreated)
			a.Activities[0].Busy = true
			v.Agreements = []reconcile.Agreement{a}
		}, nil},
		{"what failed here again and again is worth somebody else", func(v *reconcile.View) {
			leftover(v, agreement(1, state.ActivityReady))
			v.Offers = []reconcile.Offer{offer(1), offer(3)}
		}, []reconcile.Action{reconcile.Hire{Proposal: "R-3"}}},
		{"who is asked for meanwhile", func(v *reconcile.View) {
			leftover(v, agreement(1, state.ActivityReady))
			v.DemandOpen, v.Offers = false, nil
		}, []reconcile.Action{reconcile.OpenDemand{}}},
		{"and takes the place", func(v *reconcile.View) {
			leftover(v, agreement(1, state.ActivityReady), agreement(2, state.ActivityReady))
		}, []reconcile.Action{reconcile.Drain{Activity: 10, Reason: "no more tasks: those left have failed here"}, reconcile.CloseDemand{}}},
		{"nobody is let go for it before", func(v *reconcile.View) {
			leftover(v, agreement(1, state.ActivityReady))
			v.Offers = []reconcile.Offer{offer(1)}
		}, nil},
		{"where nobody works it may fail there again", func(v *reconcile.View) {
			leftover(v)
			v.Offers = []reconcile.Offer{offer(1)}
		}, []reconcile.Action{reconcile.Hire{Proposal: "R-1"}}},
		{"the end of the tasks is the end of the run", func(v *reconcile.View) { v.Tasks = reconcile.Tasks{} },
			[]reconcile.Action{reconcile.Wind{State: state.RunDone, Note: "all tasks done"}}},
		{"failed tasks make a failed run", func(v *reconcile.View) { v.Tasks = reconcile.Tasks{Failed: 2} },
			[]reconcile.Action{reconcile.Wind{State: state.RunFailed, Note: "some tasks failed for good"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := view(2)
			tt.change(&v)
			got := reconcile.Decide(v)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Decide (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(got, reconcile.Decide(v)); diff != "" {
				t.Errorf("deciding twice differs:\n%s", diff)
			}
		})
	}
}

// leftover makes it a run of which one task is left, which failed on provider 0x1.
func leftover(v *reconcile.View, agreements ...reconcile.Agreement) {
	v.Tasks, v.TriedOn = reconcile.Tasks{Pending: 1}, []golem.NodeID{"0x1"}
	for i, a := range agreements {
		a.Provider = golem.NodeID(fmt.Sprintf("0x%d", i+1))
		v.Agreements = append(v.Agreements, a)
	}
}

func TestWindingDown(t *testing.T) {
	ending := reconcile.Ending{State: state.RunStopped, Note: "stopped", Deadline: start.Add(30 * time.Second), GiveUp: start.Add(90 * time.Second)}
	attempting := agreement(1, state.ActivityReady)
	attempting.Activities[0].Attempt = true
	draining := attempting
	draining.Activities = []reconcile.Activity{attempting.Activities[0]}
	draining.Activities[0].Draining = "stopped"
	over := agreement(1, state.ActivityEnded)
	ended := agreement(1, state.ActivityEnded)
	ended.State, ended.WaitUntil = state.AgreementEnded, start.Add(time.Minute)
	invoiced := ended
	invoiced.InvoiceState = state.BillAccepted
	unreachable := agreement(1, state.ActivityEnded)
	unreachable.State, unreachable.Busy = state.AgreementEnding, true
	tests := []struct {
		name string
		a    reconcile.Agreement
		at   time.Duration
		want []reconcile.Action
	}{
		{"a task may finish", attempting, 0, []reconcile.Action{reconcile.Drain{Activity: 10, Reason: "stopped"}}},
		{"and is left alone meanwhile", draining, time.Second, nil},
		{"until the deadline", draining, 31 * time.Second, []reconcile.Action{reconcile.Stop{Activity: 10, Reason: "stopped"}}},
		{"an idle activity ends at once", agreement(1, state.ActivityReady), 0, []reconcile.Action{reconcile.Stop{Activity: 10, Reason: "stopped"}}},
		{"then its agreement", over, 0, []reconcile.Action{reconcile.EndAgreement{Agreement: 1, Reason: "stopped"}}},
		{"its invoice is waited for", ended, 0, nil},
		{"for a bounded time", ended, time.Minute, []reconcile.Action{reconcile.Finish{}}},
		{"an end that cannot be had is waited for", unreachable, 80 * time.Second, nil},
		{"but not for ever", unreachable, 91 * time.Second, []reconcile.Action{reconcile.Finish{}}},
		{"and the run is over", invoiced, 0, []reconcile.Action{reconcile.Finish{}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := view(1)
			v.Now, v.Ending, v.DemandOpen = start.Add(tt.at), ending, false
			v.Agreements = []reconcile.Agreement{tt.a}
			if diff := cmp.Diff(tt.want, reconcile.Decide(v)); diff != "" {
				t.Errorf("Decide (-want +got):\n%s", diff)
			}
		})
	}
}
