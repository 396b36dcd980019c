package reconcile

import "tasks/runner/state"

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
	out = append(out, allocation(v)...)
	out = append(out, activities(v, &m)...)
	out = append(out, workers(v, &m)...)
	return out
}

// over begins the end of a run whose tasks are all ended.
func over(v View) Action {
	if v.Tasks.Failed > 0 {
		return Wind{State: state.RunFailed, Note: "some tasks failed for good"}
	}
	return Wind{State: state.RunDone, Note: "all tasks done"}
}
