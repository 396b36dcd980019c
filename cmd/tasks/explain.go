package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tasks/golem"
	"tasks/runner/ledger"
	"tasks/runner/report"
	"tasks/runner/state"
	"tasks/runner/store"
)

type explainOptions struct {
	run      runChoice
	provider string
	task     int64
}

func (a *app) explainCommand() *cobra.Command {
	var o explainOptions
	cmd := &cobra.Command{
		Use:   "explain [RUN]",
		Short: "Say why a run is as it is: workers, providers, tasks, its end",
		Long: `explain answers from the records of a run: why it has no or too few workers (which
rules rejected how many offers, and the cheapest offer that each kept out), why
providers were hired, why activities ended, why tasks failed or wait, and why the run
stopped or paused; with the expressions and the values they saw. The latest 20 of each
are shown.`,
		GroupID: groupSee,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.explain(cmd.Context(), o) },
	}
	takesRun(cmd, &o.run)
	cmd.Flags().StringVar(&o.provider, "provider", "", "only this provider: its name, or the start of its id")
	cmd.Flags().Int64Var(&o.task, "task", 0, "only this task")
	return cmd
}

func (a *app) explain(ctx context.Context, o explainOptions) error {
	st, run, err := a.openRun(ctx, o.run)
	if err != nil {
		return err
	}
	defer st.Close()
	reader := &statusReader{store: st, live: a.live}
	if _, err := reader.find(ctx, runChoice{flag: string(run.ID)}); err != nil {
		return err
	}
	var e report.Explanation
	err = st.View(ctx, func(tx *store.Tx) error {
		about := report.About{Task: o.task}
		if o.provider != "" {
			if about.Provider, err = hiredProvider(tx, run.ID, o.provider); err != nil {
				return err
			}
		}
		e, err = report.Explain(tx, run.ID, report.Options{Live: a.live(run.ID), Plan: reader.plan}, about)
		return err
	})
	if err != nil {
		return err
	}
	if a.json() {
		return a.printJSON(e)
	}
	if err := a.tellAttempts(ctx, st, run); err != nil {
		return err
	}
	return a.drawExplanation(e, o)
}

// hiredProvider finds a provider of a run by its name or the start of its id.
func hiredProvider(tx *store.Tx, run state.RunID, name string) (golem.NodeID, error) {
	known, err := tx.Providers(run)
	if err != nil {
		return "", err
	}
	var names []string
	for _, p := range known {
		id := strings.TrimPrefix(string(p.ID), "0x")
		if p.Name == name || strings.HasPrefix(id, strings.TrimPrefix(name, "0x")) {
			return p.ID, nil
		}
		names = append(names, p.Name)
	}
	return "", &usageError{
		fact: fmt.Sprintf("run %s hired no provider called %s", run, quote(name)),
		hint: orNearest(name, names, `"tasks explain" without --provider says which rules reject offers`),
	}
}

func (a *app) drawExplanation(e report.Explanation, o explainOptions) error {
	all := o.provider == "" && o.task == 0
	if all {
		for _, line := range runReasons(e) {
			if _, err := fmt.Fprintln(a.out, line); err != nil {
				return err
			}
		}
	}
	if e.Standing != "" {
		if _, err := fmt.Fprintln(a.out, e.Standing); err != nil {
			return err
		}
	}
	var grids []*grid
	if all && len(e.Revisions) > 1 {
		grids = append(grids, revisionGrid(e.Revisions))
	}
	if all && len(e.Rejected) > 0 {
		grids = append(grids, rejectionGrid(e.Rejected))
	}
	if o.task == 0 && len(e.Chosen) > 0 {
		grids = append(grids, choiceGrid(e.Chosen))
	}
	if o.task == 0 && len(e.Ended) > 0 {
		grids = append(grids, endGrid(e.Ended))
	}
	if o.provider == "" && len(e.Tasks) > 0 {
		grids = append(grids, setbackGrid(e.Tasks, time.Now()))
	}
	if len(grids) == 0 && !all {
		if e.Standing != "" {
			return nil
		}
		_, err := fmt.Fprintln(a.out, "nothing to explain: no attempt went wrong that still counts")
		return err
	}
	for i, g := range grids {
		if i > 0 || all || e.Standing != "" {
			fmt.Fprintln(a.out)
		}
		if err := g.draw(a.out, a.out.width()); err != nil {
			return err
		}
	}
	return nil
}

// runReasons say why the run is in its state, and why it has the workers it has.
func runReasons(e report.Explanation) []string {
	text := string(e.State)
	if e.Note != "" {
		text += ": " + oneLine(e.Note)
	}
	lines := []string{"run      " + string(e.RunID) + " is " + text}
	if e.Budget != "" {
		lines = append(lines, "budget   "+oneLine(e.Budget))
	}
	if len(e.Revisions) > 1 {
		lines = append(lines, fmt.Sprintf("revision %d is in force of %d that were applied", e.Revision, e.Revisions[0].Number))
	}
	lines = append(lines, "workers  "+workersReason(e))
	if e.Policy != "" {
		lines = append(lines, "wanted   "+oneLine(e.Policy))
	}
	return append(lines, relaxedLines(e.Relaxed)...)
}

func workersReason(e report.Explanation) string {
	w := e.Workers
	text := fmt.Sprintf("%d ready, %d starting", w.Ready, w.Starting)
	if w.Wanted == 0 {
		return text + "; nobody works on the run, or no worker is wanted"
	}
	text += fmt.Sprintf(" of %d wanted", w.Wanted)
	switch {
	case w.Ready+w.Starting >= w.Wanted:
	case len(e.Rejected) == 0 && len(e.Chosen) == 0:
		text += "; no offer meets payload and golem of the spec so far"
	case len(e.Rejected) > 0:
		cheapest := e.Rejected[0]
		for _, r := range e.Rejected {
			if r.PricePerHour.LessThan(cheapest.PricePerHour) {
				cheapest = r
			}
		}
		text += fmt.Sprintf("; the cheapest offer kept out is %s's, for %s GLM an hour, by %s",
			oneLine(cheapest.ProviderName), ledger.Show(cheapest.PricePerHour), cheapest.Rule)
	}
	return text
}

// relaxedShown is how many changes that let offers in are shown.
const relaxedShown = 3

// relaxedLines say what would let offers in that offer.accept keeps out.
func relaxedLines(relaxed []report.Relaxed) []string {
	var lines []string
	for _, r := range relaxed[:min(len(relaxed), relaxedShown)] {
		text := fmt.Sprintf("without %s, %s would come in", oneLine(r.Part), offersText(r.Without))
		if r.Instead != "" {
			text = fmt.Sprintf("%s instead of %s would let %s in, and leaving it out %d",
				oneLine(r.Instead), oneLine(r.Part), offersText(r.Lets), r.Without)
		}
		lines = append(lines, "relax    "+text)
	}
	return lines
}

func offersText(n int) string {
	if n == 1 {
		return "1 offer"
	}
	return fmt.Sprintf("%d offers", n)
}

func rejectionGrid(rejected []report.Rejection) *grid {
	g := &grid{columns: []column{
		{name: "REJECTED BY"}, {name: "TIMES", right: true}, {name: "CHEAPEST", cut: 8}, {name: "GLM/HOUR", right: true},
		{name: "WHY", cut: 20, wrap: true},
	}}
	for _, r := range rejected {
		why := oneLine(r.Why)
		if why == "" {
			why = ruleInWords(r.Rule)
		}
		g.add(r.Rule, fmt.Sprint(r.Count), oneLine(r.ProviderName), ledger.Show(r.PricePerHour), why)
	}
	return g
}

// revisionGrid is what each applied document changed.
func revisionGrid(revisions []report.Revision) *grid {
	g := &grid{columns: []column{{name: "REVISION", right: true}, {name: "APPLIED"}, {name: "CHANGES", cut: 20, wrap: true}}}
	for _, r := range revisions {
		texts := make([]string, len(r.Changes))
		for i, c := range r.Changes {
			texts[i] = oneLine(c.String())
		}
		text := strings.Join(texts, "; ")
		switch {
		case r.Refused != "":
			text = "refused: " + oneLine(r.Refused)
		case r.AdoptedAt.IsZero():
			text = "not taken over: " + text
		case text == "":
			text = "-"
		}
		g.add(fmt.Sprint(r.Number), r.AppliedAt.UTC().Format(time.TimeOnly), text)
	}
	return g
}

// by is the revision of a decision, where it is known.
func by(revision int) string {
	if revision == 0 {
		return "-"
	}
	return fmt.Sprint(revision)
}

func choiceGrid(chosen []report.Choice) *grid {
	g := &grid{columns: []column{{name: "HIRED"}, {name: "REV", right: true}, {name: "PROVIDER", cut: 8}, {name: "WHY", cut: 20, wrap: true}}}
	for _, c := range chosen {
		g.add(c.At.UTC().Format(time.TimeOnly), by(c.Revision), oneLine(c.ProviderName), oneLine(c.Why))
	}
	return g
}

func endGrid(ended []report.End) *grid {
	g := &grid{columns: []column{{name: "ENDED"}, {name: "REV", right: true}, {name: "ACTIVITY"}, {name: "PROVIDER", cut: 8}, {name: "WHY", cut: 20, wrap: true}}}
	for _, e := range ended {
		at := "-"
		if !e.At.IsZero() {
			at = e.At.UTC().Format(time.TimeOnly)
		}
		g.add(at, by(e.Revision), short(e.Activity), oneLine(e.ProviderName), oneLine(endText(e)))
	}
	return g
}

// endText is why an activity ended, and by which values.
func endText(e report.End) string {
	if e.Policy == "" {
		return e.Why
	}
	return e.Why + "; " + e.Policy
}

// setbackText is what went wrong with a task, and what task.retry said to it.
func setbackText(t report.Setback) string {
	if t.Policy == "" {
		return t.Why
	}
	return t.Why + "; " + t.Policy
}

func setbackGrid(tasks []report.Setback, now time.Time) *grid {
	g := &grid{columns: []column{
		{name: "TASK", right: true}, {name: "REV", right: true}, {name: "STATE"}, {name: "TRIES", right: true},
		{name: "PROVIDER", cut: 8}, {name: "WHY", cut: 20, wrap: true},
	}}
	for _, t := range tasks {
		standing := "given up"
		if t.State == state.TaskPending {
			standing = "waits"
			if wait := t.NextTryAt.Sub(now); wait > 0 {
				standing += " " + elapsed(wait)
			}
		}
		g.add(fmt.Sprint(t.Task), by(t.Revision), standing, fmt.Sprint(t.Attempts), oneLine(t.ProviderName), oneLine(setbackText(t)))
	}
	return g
}
