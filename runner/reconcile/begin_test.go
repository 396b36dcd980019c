package reconcile_test

import (
	"slices"

	"tasks/runner/reconcile"
	"tasks/runner/state"
)

// begin is the view after actions were begun, none of them ended yet. It mirrors
// what the runner records before it calls the daemon.
func begin(v reconcile.View, actions []reconcile.Action) reconcile.View {
	v.Agreements = slices.Clone(v.Agreements)
	for i := range v.Agreements {
		v.Agreements[i].Activities = slices.Clone(v.Agreements[i].Activities)
	}
	v.Offers = slices.Clone(v.Offers)
	for _, action := range actions {
		beginOne(&v, action)
	}
	return v
}

func beginOne(v *reconcile.View, action reconcile.Action) {
	switch a := action.(type) {
	case reconcile.OpenDemand:
		v.DemandBusy = true
	case reconcile.CloseDemand:
		v.DemandOpen = false
	case reconcile.CreateAllocation, reconcile.AmendAllocation, reconcile.ReplaceAllocation:
		v.AllocationBusy = true
	case reconcile.Wind:
		v.Ending = reconcile.Ending{State: a.State, Note: a.Note, Deadline: v.Now, GiveUp: v.Now}
	case reconcile.PauseRun:
		v.Pause = &a.Pause
	case reconcile.Resume:
		v.Pause = nil
	case reconcile.Hire:
		hire(v, a)
	case reconcile.CreateActivity:
		beginActivity(v, a)
	case reconcile.EndAgreement:
		for i := range v.Agreements {
			if b := &v.Agreements[i]; b.Key == a.Agreement {
				b.State, b.Busy = state.AgreementEnding, true
			}
		}
	default:
		for i := range v.Agreements {
			for j := range v.Agreements[i].Activities {
				beginWith(v, &v.Agreements[i].Activities[j], action)
			}
		}
	}
}

func hire(v *reconcile.View, a reconcile.Hire) {
	at := slices.IndexFunc(v.Offers, func(o reconcile.Offer) bool { return o.Proposal == a.Proposal })
	o := v.Offers[at]
	v.Offers = slices.Delete(v.Offers, at, at+1)
	v.Agreements = append(v.Agreements, reconcile.Agreement{
		Agreement: state.Agreement{Key: int64(len(v.Agreements) + 1), State: state.AgreementCreating, Pricing: o.Pricing, Interval: o.Interval},
		Threads:   o.Threads, Busy: true,
	})
}

func beginActivity(v *reconcile.View, a reconcile.CreateActivity) {
	for i := range v.Agreements {
		if b := &v.Agreements[i]; b.Key == a.Agreement {
			b.Activities = append(b.Activities, reconcile.Activity{Busy: true, Activity: state.Activity{
				Key: 10*b.Key + 8, Agreement: b.Key, State: state.ActivityCreating, CreatedAt: v.Now, Authorised: a.Authorised,
			}})
		}
	}
}

// beginWith begins what is about one activity.
func beginWith(v *reconcile.View, act *reconcile.Activity, action reconcile.Action) {
	switch a := action.(type) {
	case reconcile.Prepare:
		if act.Key == a.Activity {
			act.State, act.Busy = state.ActivityPreparing, true
		}
	case reconcile.Work:
		if act.Key == a.Activity {
			act.Working = true
		}
	case reconcile.Authorise:
		if act.Key == a.Activity {
			act.Authorised = a.Total
		}
	case reconcile.ReadUsage:
		if act.Key == a.Activity {
			act.AskedAt = v.Now
		}
	case reconcile.Drain:
		if act.Key == a.Activity {
			act.Draining = a.Reason
		}
	case reconcile.Stop:
		if act.Key == a.Activity {
			act.State, act.Busy = state.ActivityStopping, true
		}
	}
}

// complete is the view after all that was under way has ended well.
func complete(v reconcile.View) reconcile.View {
	v = begin(v, nil)
	v.DemandOpen = v.DemandOpen || v.DemandBusy
	v.DemandBusy, v.AllocationBusy = false, false
	for i := range v.Agreements {
		a := &v.Agreements[i]
		if a.Busy && a.State == state.AgreementEnding {
			a.State, a.WaitUntil = state.AgreementEnded, v.Now
		}
		a.Busy = false
		if a.WaitUntil.After(v.Now) {
			a.WaitUntil = v.Now // their invoices have come
		}
		for j := range a.Activities {
			if act := &a.Activities[j]; act.Busy {
				act.Busy = false
				if act.State == state.ActivityStopping {
					act.State, act.EndedAt, act.Working, act.Attempt = state.ActivityEnded, v.Now, false, false
				}
			}
		}
	}
	return v
}
