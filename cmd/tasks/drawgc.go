package main

import (
	"fmt"

	"tasks/golem"
	"tasks/runner"
	"tasks/runner/ledger"
	"tasks/runner/state"
)

// Outcomes of a stray.
const (
	outcomeEnded    = "ended"
	outcomeWouldEnd = "would end" // with --dry-run
	outcomeKept     = "kept"      // for the next apply of its run
	outcomeLeft     = "still there"
)

// A strayLine is one piece that a run left, as gc prints it.
type strayLine struct {
	RunID        state.RunID      `json:"run_id"`
	Kind         runner.StrayKind `json:"kind"`
	ID           string           `json:"id"`
	ProviderName string           `json:"provider_name"`
	Amount       golem.Amount     `json:"amount"`
	Outcome      string           `json:"outcome"`
}

func strayLineOf(s runner.Stray, dryRun bool) strayLine {
	line := strayLine{RunID: s.Run, Kind: s.Kind, ID: s.ID, ProviderName: s.Provider, Amount: s.Amount, Outcome: outcomeLeft}
	switch {
	case s.Kept:
		line.Outcome = outcomeKept
	case dryRun:
		line.Outcome = outcomeWouldEnd
	case s.Ended:
		line.Outcome = outcomeEnded
	}
	return line
}

// printStrays shows what was found; whole says that nothing went wrong on the
// way, so that an empty list means that there is nothing.
func (a *app) printStrays(found []runner.Stray, dryRun, whole bool) error {
	lines := make([]strayLine, len(found))
	for i, s := range found {
		lines[i] = strayLineOf(s, dryRun)
	}
	switch {
	case a.json():
		return a.printJSON(lines)
	case len(lines) > 0:
		if err := straysGrid(lines).draw(a.out, a.out.width()); err != nil {
			return err
		}
		a.adviseOn(lines)
	case whole:
		_, err := fmt.Fprintln(a.out, "nothing is left at the daemon that nobody works on")
		return err
	}
	return nil
}

func straysGrid(lines []strayLine) *grid {
	g := &grid{columns: []column{
		{name: "RUN"}, {name: "KIND"}, {name: "ID"}, {name: "PROVIDER", cut: 8}, {name: "GLM", right: true}, {name: "OUTCOME"},
	}}
	for _, l := range lines {
		amount := ""
		if l.Kind == runner.StrayAllocation {
			amount = ledger.Show(l.Amount)
		}
		g.add(string(l.RunID), string(l.Kind), short(l.ID), oneLine(l.ProviderName), amount, l.Outcome)
	}
	return g
}

// adviseOn says what can be done about what is kept, and what comes of what was
// ended.
func (a *app) adviseOn(lines []strayLine) {
	kept, ended := map[state.RunID]bool{}, false
	for _, l := range lines {
		if l.Outcome == outcomeKept && !kept[l.RunID] {
			kept[l.RunID] = true
			fmt.Fprintf(a.err, "run %s may be carried on with: its next apply takes up what is kept, and \"tasks gc %s\" ends it\n", l.RunID, l.RunID)
		}
		ended = ended || l.Outcome == outcomeEnded && l.Kind == runner.StrayAgreement
	}
	if ended {
		fmt.Fprintln(a.err, `invoices of what was ended may come now: "tasks settle" answers them`)
	}
}
