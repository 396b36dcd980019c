package reconcile

import "tasks/runner/state"

// wind brings a run to its end: the demand goes, tasks that run may finish
// until the deadline, then activities, then agreements, then bills. What is still
// being made is not waited for: it can take minutes. A provider
// that cannot be reached keeps its agreement open at the daemon (protocol section
// 2.8), so waiting for that has an end too.
func wind(v View) []Action {
	out := closeDemand(v)
	waiting := v.DemandBusy || v.AllocationBusy
	for i := range v.Agreements {
		a := &v.Agreements[i]
		if !billingOver(a, v.Now) || !a.State.Done() || a.Current() != nil {
			waiting = true
		}
		if !a.Busy || a.State.Making() {
			out = appendAction(out, windAgreement(v, a))
		}
	}
	if v.Now.After(v.Ending.GiveUp) || !waiting && len(out) == 0 {
		out = append(out, Finish{})
	}
	return out
}

// windAgreement returns the next step of one agreement towards its end.
func windAgreement(v View, a *Agreement) Action {
	act := a.Current()
	switch {
	case act != nil && act.Busy && !act.State.Making():
		return nil
	case act == nil && a.State.Done():
		return nil
	case act == nil:
		return EndAgreement{Agreement: a.Key, Reason: v.Ending.Note}
	case act.Attempt && v.Now.Before(v.Ending.Deadline) && act.State == state.ActivityReady:
		if act.Draining == "" {
			return Drain{Activity: act.Key, Reason: v.Ending.Note}
		}
		return nil
	}
	return Stop{Activity: act.Key, Reason: v.Ending.Note}
}
