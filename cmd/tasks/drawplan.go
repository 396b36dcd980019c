package main

import (
	"fmt"
	"strings"
	"time"

	"tasks/runner"
	"tasks/runner/ledger"
	"tasks/runner/report"
	"tasks/spec"
)

// showForecast prints a forecast as JSON or as tables.
func (a *app) showForecast(f report.Forecast) error {
	if a.json() {
		return a.printJSON(f)
	}
	var b strings.Builder
	head := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%-8s %s\n", name, text)
		}
	}
	head("plan", planLine(f))
	head("changes", changesLine(f))
	head("market", marketLine(f))
	head("workers", chosenLine(f))
	head("tasks", forecastTasks(f))
	head("budget", budgetForecast(f))
	if _, err := fmt.Fprint(a.out, b.String()); err != nil {
		return err
	}
	grids := []*grid{}
	if len(f.Changes) > 0 {
		grids = append(grids, changesGrid(f.Changes))
	}
	if len(f.Offers) > 0 {
		grids = append(grids, offersGrid(a.out, f.Offers))
	}
	if len(f.Rejected) > 0 {
		grids = append(grids, rejectedGrid(f.Rejected))
	}
	for _, g := range grids {
		fmt.Fprintln(a.out)
		if err := g.draw(a.out, a.out.width()); err != nil {
			return err
		}
	}
	return nil
}

func planLine(f report.Forecast) string {
	text := f.Name
	switch {
	case !f.Exists && f.RunID == "":
		text += ": a new run"
	case !f.Exists:
		text += ": a new run, " + string(f.RunID)
	case f.State.Final():
		text += fmt.Sprintf(": run %s is %s, nothing to do", f.RunID, f.State)
	case f.Live:
		text += fmt.Sprintf(": run %s, which another process works on now", f.RunID)
	default:
		text += fmt.Sprintf(": carries on with run %s, which is %s", f.RunID, f.State)
	}
	if f.Daemon != "" {
		text += ", " + daemonText(f.Daemon)
	}
	return text
}

func changesLine(f report.Forecast) string {
	switch {
	case !f.Exists:
		return ""
	case f.Refused != "":
		return "apply refuses them: " + f.Refused + "; choose another --run-id to start a new run"
	case len(f.Changes) == 0:
		return "none"
	}
	if f.Live {
		return fmt.Sprintf("%d, below; apply has them taken over", len(f.Changes))
	}
	return fmt.Sprintf("%d, below", len(f.Changes))
}

func marketLine(f report.Forecast) string {
	if f.Asked == "" {
		return ""
	}
	if len(f.Offers) == 0 {
		return "no offer meets payload.min, payload.capabilities, payload.constraints and golem.subnet"
	}
	rejected := 0
	for _, r := range f.Rejected {
		rejected += r.Count
	}
	way := "found by a scan"
	if f.Asked == runner.AskedDemand {
		way = "found by a short demand"
	}
	return fmt.Sprintf("%d offers %s: %d fit, %d rejected", len(f.Offers), way, len(f.Offers)-rejected, rejected)
}

func chosenLine(f report.Forecast) string {
	if f.Asked == "" {
		return ""
	}
	text := fmt.Sprintf("%d wanted, %d chosen", f.Wanted, f.Chosen)
	if f.Chosen > 0 {
		text += fmt.Sprintf(": up to %s GLM an hour", ledger.Show(f.CostPerHour))
	}
	return text
}

func forecastTasks(f report.Forecast) string {
	if f.Asked == "" {
		return ""
	}
	count := "nobody can know how many"
	if f.Tasks != nil {
		count = fmt.Sprintf("%d left", *f.Tasks)
	}
	if f.TaskTime == nil {
		return count + "; guess with --task-time how long one takes to see what they cost"
	}
	from := "as in earlier runs"
	if f.TimeFrom == "flag" {
		from = "as guessed"
	}
	text := fmt.Sprintf("%s, %s each %s", count, briefly(*f.TaskTime), from)
	if f.Cost != nil {
		text += fmt.Sprintf(": %s, up to %s GLM", briefly(*f.Takes), ledger.Show(*f.Cost))
	}
	return text
}

func budgetForecast(f report.Forecast) string {
	if f.Asked == "" {
		return ""
	}
	limits := make([]string, len(f.Budget))
	for i, l := range f.Budget {
		limits[i] = l.Limit
	}
	text := strings.Join(limits, ", ")
	switch {
	case f.Chosen == 0:
		return text
	case f.BudgetEnds == nil:
		return text + ": covers them for as long as they run"
	case f.Takes != nil && *f.Takes <= f.BudgetEnds.After:
		return text + ": covers the tasks"
	case f.BudgetEnds.After < 1:
		return fmt.Sprintf("%s: %s does not pay for their start", text, f.BudgetEnds.Limit)
	}
	return fmt.Sprintf("%s: %s ends after %s", text, f.BudgetEnds.Limit, briefly(f.BudgetEnds.After))
}

// briefly is a time in seconds for a person.
func briefly(seconds float64) string {
	if seconds < 10 {
		return fmt.Sprintf("%.2gs", seconds)
	}
	return elapsed(time.Duration(min(seconds, 1e9) * float64(time.Second)))
}

func changesGrid(changes []spec.Change) *grid {
	g := &grid{columns: []column{{name: "CHANGES"}, {name: "FROM", cut: 12, wrap: true}, {name: "TO", cut: 12, wrap: true}}}
	for _, c := range changes {
		g.add(c.Path, oneLine(c.Before), oneLine(c.After))
	}
	return g
}

func offersGrid(out *screen, offers []report.Offer) *grid {
	g := &grid{columns: []column{
		{name: "OFFER OF", cut: 10}, {name: "THREADS", right: true}, {name: "GIB", right: true},
		{name: "GLM/HOUR", right: true}, {name: "SCORE", right: true}, {name: "VERDICT"},
	}}
	for _, o := range offers {
		score, verdict, style := "-", "spare", ""
		switch {
		case o.Rule != "":
			verdict, style = "rejected by "+o.Rule, styleDim
		case o.Chosen:
			verdict, style = "chosen", styleGreen
		}
		if o.Score != nil {
			score = fmt.Sprintf("%.4g", *o.Score)
		}
		name := oneLine(o.ProviderName)
		if name == "" {
			name = short(strings.TrimPrefix(o.Provider, "0x"))
		}
		g.add(name, fmt.Sprint(o.Threads), fmt.Sprintf("%.4g", o.Memory),
			ledger.Show(o.PricePerHour), score, out.paint(style, verdict))
	}
	return g
}

func rejectedGrid(rules []report.RuleCount) *grid {
	g := &grid{columns: []column{{name: "REJECTED BY"}, {name: "OFFERS", right: true}, {name: "FOR EXAMPLE", cut: 20, wrap: true}}}
	for _, r := range rules {
		why := oneLine(r.Why)
		if why == "" {
			why = ruleInWords(r.Rule)
		}
		g.add(r.Rule, fmt.Sprint(r.Count), why)
	}
	return g
}

// ruleInWords says what a rule of the program's own is.
func ruleInWords(rule string) string {
	switch rule {
	case runner.RuleCounters:
		return "bills by counters that cannot be bounded"
	case runner.RulePlatform:
		return "is not paid on the platform of golem.network"
	case runner.RuleTwice:
		return "its provider has a better offer, and one machine is hired of each"
	}
	return ""
}
