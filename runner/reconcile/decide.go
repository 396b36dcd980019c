package reconcile

import (
	"slices"

	"tasks/runner/state"
)

// Decide returns what to do now. The actions are independent of each other and
// may be carried out at once; none is about a record that is Busy.
func Decide(v View) []Action {
	if v.Ending.Active() {
		return wind(v)
	}
	if v.Tasks.Over() {
		return []Action{over(v)}
	}
	var out []Action
	m := reckon(v)
	if v.Pause != nil {
		return paused(v, &m)
	}
	out = append(out, allocation(v)...)
	out = append(out, activities(v, &m)...)
	out = append(out, workers(without(v, out), &m)...)
	return out
}

// without is the view once what the actions end is on its way out, so that nobody
// counts as a worker who is let go in the same turn.
func without(v View, actions []Action) View {
	agreements, machines := map[int64]bool{}, map[int64]bool{}
	for _, action := range actions {
		switch a := action.(type) {
		case EndAgreement:
			agreements[a.Agreement] = true
		case Stop:
			machines[a.Activity] = true
		}
	}
	if len(agreements)+len(machines) == 0 {
		return v
	}
	v.Agreements = slices.Clone(v.Agreements)
	for i := range v.Agreements {
		a := &v.Agreements[i]
		if agreements[a.Key] {
			a.State = state.AgreementEnding
		}
		if act := a.Current(); act != nil && machines[act.Key] {
			a.Activities = slices.Clone(a.Activities)
			a.Current().State = state.ActivityStopping
		}
	}
	return v
}

// over begins the end of a run whose tasks are all ended.
func over(v View) Action {
	if v.Tasks.Failed > 0 {
		return Wind{State: state.RunFailed, Note: "some tasks failed for good"}
	}
	return Wind{State: state.RunDone, Note: "all tasks done"}
}
