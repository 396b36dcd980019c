package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/runner/report"
	"tasks/runner/state"
)

func TestLeftLines(t *testing.T) {
	takeUp := `the next apply of the run takes them up or ends them; "tasks gc w1" ends them`
	for name, c := range map[string]struct {
		left  report.Left
		state state.RunState
		want  []string
	}{
		"nothing": {report.Left{}, state.RunDone, nil},
		"killed in work": {report.Left{Agreements: 2, Activities: 2, Attempts: 1}, state.RunInterrupted, []string{
			"still open at the daemon: 2 agreements with 2 machines and 1 running task, which may go on costing money", takeUp,
		}},
		"a provider out of reach": {report.Left{Agreements: 1}, state.RunStopped, []string{
			"still open at the daemon: 1 agreement, which may go on costing money", takeUp,
		}},
		"out of reach, and over": {report.Left{Agreements: 1, Invoices: 2}, state.RunDone, []string{
			"still open at the daemon: 1 agreement, which may go on costing money", `"tasks gc w1" ends them`,
			`not there yet: 2 invoices of ended agreements; "tasks settle w1" answers what comes`,
		}},
	} {
		got := leftLines(c.left, report.Status{RunID: "w1", State: c.state})
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
