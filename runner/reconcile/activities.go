package reconcile

import (
	"cmp"

	"tasks/runner/state"
)

// maxActivities is how many activities of one agreement may go wrong before
// the agreement is given up.
const maxActivities = 3

// activities moves every agreement and activity one step on.
func activities(v View, m *money) []Action {
	var out []Action
	for i := range v.Agreements {
		if a := &v.Agreements[i]; !a.Busy {
			out = appendAction(out, advance(a, m))
		}
	}
	return out
}

// advance returns the next step of one agreement, or nil.
func advance(a *Agreement, m *money) Action {
	act := a.Current()
	switch {
	case act != nil && act.Busy:
		return meanwhile(a, act, m)
	case act != nil:
		return advanceActivity(a, act, m)
	case a.State == state.AgreementApproved:
		return replace(a, m)
	case !a.State.Done():
		// Nobody is busy with it, so its making or its ending went wrong.
		return EndAgreement{Agreement: a.Key, Reason: cmp.Or(a.Reason, ReasonUnknown)}
	}
	return nil
}

// meanwhile watches the money of an activity while a call about it is under way:
// a preparation can take long, and it is billed.
func meanwhile(a *Agreement, act *Activity, m *money) Action {
	if act.State == state.ActivityStopping || act.State == state.ActivityCreating {
		return nil
	}
	return m.renew(a, act)
}

// advanceActivity returns the next step of a live activity, or nil.
func advanceActivity(a *Agreement, act *Activity, m *money) Action {
	if act.State == state.ActivityStopping {
		return Stop{Activity: act.Key, Reason: act.Reason}
	}
	if a.State == state.AgreementEnding || a.State.Done() {
		return Stop{Activity: act.Key, Reason: a.Reason}
	}
	if act.Draining != "" && !act.Attempt && !act.Working {
		return Stop{Activity: act.Key, Reason: act.Draining}
	}
	if action := m.renew(a, act); action != nil {
		return action
	}
	switch act.State {
	case state.ActivityCreated:
		return Prepare{Activity: act.Key}
	case state.ActivityReady:
		if !act.Working && act.Draining == "" {
			return Work{Activity: act.Key}
		}
	}
	return nil
}

// replace gives an approved agreement without an activity a new one, or ends
// it when the last one ended for a reason that the next would share. A provider
// ends an agreement without activity after 90 s by itself (protocol section
// 3.6).
func replace(a *Agreement, m *money) Action {
	if reason := whyNotAgain(a); reason != "" {
		return EndAgreement{Agreement: a.Key, Reason: reason}
	}
	need := firstPeriod(a.Pricing, a.Threads, a.Interval)
	// The first activity's cost was reserved when the agreement was made.
	if len(a.Activities) > 0 && !m.take(need) {
		return EndAgreement{Agreement: a.Key, Reason: ReasonBudget + ": no room for another activity"}
	}
	return CreateActivity{Agreement: a.Key, Authorised: need}
}

// whyNotAgain says why an agreement gets no further activity, or "".
func whyNotAgain(a *Agreement) string {
	if len(a.Activities) == 0 {
		return ""
	}
	last := &a.Activities[len(a.Activities)-1]
	switch {
	case spoils(last.Reason), Code(last.Reason) == ReasonSurplus, Code(last.Reason) == ReasonNoTasks,
		Code(last.Reason) == ReasonBetter:
		return last.Reason
	case last.State == state.ActivityFailed:
		return last.Reason
	case troubles(a) >= maxActivities:
		return ReasonFailing + ": " + last.Reason
	}
	return ""
}

// troubles counts the activities of an agreement that ended without a single
// success.
func troubles(a *Agreement) int {
	n := 0
	for i := range a.Activities {
		if act := &a.Activities[i]; act.Batches == act.Failures {
			n++
		}
	}
	return n
}

func appendAction(out []Action, action Action) []Action {
	if action == nil {
		return out
	}
	return append(out, action)
}
