package state_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/runner/state"
)

var update = flag.Bool("update", false, "rewrite docs/states.md")

func TestStatesPage(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "states.md")
	want := page(state.Machines())
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is out of date; run the test with -update:\n%s", path, diff)
	}
}

// done says which states answer that they are final.
var done = map[string]func(string) bool{
	"run":        func(s string) bool { return state.RunState(s).Final() },
	"task":       func(s string) bool { return state.TaskState(s).Done() },
	"attempt":    func(s string) bool { return state.AttemptState(s).Done() },
	"agreement":  func(s string) bool { return state.AgreementState(s).Done() },
	"activity":   func(s string) bool { return state.ActivityState(s).Done() },
	"bill":       func(s string) bool { return s == "ignored" || s == "settled" },
	"allocation": func(s string) bool { return s == "released" || s == "lost" },
}

func TestFinalStatesHaveNoWayOut(t *testing.T) {
	for _, m := range state.Machines() {
		for _, s := range m.States {
			if got, want := m.Final(s), done[m.Record](s); got != want {
				t.Errorf("%s %s: no way out is %t, final is %t", m.Record, s, got, want)
			}
		}
	}
}

func TestTablesAreWhole(t *testing.T) {
	for _, m := range state.Machines() {
		t.Run(m.Record, func(t *testing.T) {
			seen := map[string]bool{}
			for _, v := range m.Moves {
				if !slices.Contains(m.States, v.From) || !slices.Contains(m.States, v.To) {
					t.Errorf("%s to %s is not between states", v.From, v.To)
				}
				if v.From == v.To || v.By == "" || v.When == "" {
					t.Errorf("bad move %+v", v)
				}
				if seen[v.From+" "+v.To] {
					t.Errorf("%s to %s stands twice", v.From, v.To)
				}
				seen[v.From+" "+v.To] = true
			}
			if got := reachable(m); len(got) != len(m.States) {
				t.Errorf("reachable from %s are %d of %d states: %v", m.Start, len(got), len(m.States), got)
			}
		})
	}
}

func TestEveryStateReachesAnEnd(t *testing.T) {
	for _, m := range state.Machines() {
		for _, s := range m.States {
			from := m
			from.Start = s
			ends := slices.ContainsFunc(reachable(from), m.Final)
			// What is accepted may wait for its payment for ever, but has a way.
			if !ends {
				t.Errorf("%s %s reaches no end", m.Record, s)
			}
		}
	}
}

func TestCanMove(t *testing.T) {
	for _, c := range []struct {
		name string
		got  bool
		want bool
	}{
		{"an approval", state.AgreementConfirmed.CanMove(state.AgreementApproved), true},
		{"an approval that was not asked for", state.AgreementCreating.CanMove(state.AgreementApproved), false},
		{"a resurrection", state.AgreementEnded.CanMove(state.AgreementApproved), false},
		{"a start", state.ActivityPreparing.CanMove(state.ActivityReady), true},
		{"a restart", state.ActivityStopping.CanMove(state.ActivityReady), false},
		{"a second run of a task", state.TaskDone.CanMove(state.TaskRunning), false},
		{"a batch that is known", state.AttemptStarting.CanMove(state.AttemptRunning), true},
		{"a success before its batch is recorded", state.AttemptStarting.CanMove(state.AttemptDone), true},
		{"a late acceptance", state.BillRefused.CanMove(state.BillAccepting), true},
		{"an acceptance without intent", state.BillReceived.CanMove(state.BillAccepted), false},
		{"a run that resumes", state.RunStopped.CanMove(state.RunRunning), true},
		{"a run that is done", state.RunDone.CanMove(state.RunRunning), false},
		{"a release", state.AllocationActive.CanMove(state.AllocationReleased), true},
		{"a release of nothing", state.AllocationCreating.CanMove(state.AllocationReleased), false},
	} {
		if c.got != c.want {
			t.Errorf("%s: %t, want %t", c.name, c.got, c.want)
		}
	}
}

func reachable(m state.Machine) []string {
	out := []string{m.Start}
	for i := 0; i < len(out); i++ {
		for _, v := range m.Moves {
			if v.From == out[i] && !slices.Contains(out, v.To) {
				out = append(out, v.To)
			}
		}
	}
	return out
}

func page(machines []state.Machine) string {
	var b strings.Builder
	b.WriteString("# States\n\nEvery record of a run moves only along these tables. They are generated from package\n" +
		"`runner/state`; the store refuses any other move.\n")
	for _, m := range machines {
		fmt.Fprintf(&b, "\n## %s\n\n```mermaid\nstateDiagram-v2\n    [*] --> %s\n", strings.ToUpper(m.Record[:1])+m.Record[1:], m.Start)
		for _, v := range m.Moves {
			fmt.Fprintf(&b, "    %s --> %s\n", v.From, v.To)
		}
		for _, s := range m.States {
			if m.Final(s) {
				fmt.Fprintf(&b, "    %s --> [*]\n", s)
			}
		}
		b.WriteString("```\n\n| From | To | Moved by | When |\n| --- | --- | --- | --- |\n")
		for _, v := range m.Moves {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", v.From, v.To, v.By, v.When)
		}
	}
	return b.String()
}
