package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tasks/runner/ledger"
	"tasks/runner/report"
	"tasks/runner/store"
	"tasks/spec"
)

type replayOptions struct {
	run       runChoice
	files     []string
	overrides spec.Overrides
}

func (a *app) policyReplayCommand() *cobra.Command {
	var o replayOptions
	cmd := &cobra.Command{
		Use:   "replay [RUN]",
		Short: "Judge the records of a run again by edited policies",
		Long: `replay takes the recorded offers, workers, bills and failures of a run, and judges
them again by the policies of an edited spec: what would have been chosen, stopped and
spent, beside what was. It changes nothing, and says what it cannot know.

  tasks policy replay --run-id night1 --file edited.yaml`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.policyReplay(cmd.Context(), o) },
	}
	takesRun(cmd, &o.run)
	flags := cmd.Flags()
	fileFlag(flags, &o.files, "the edited spec")
	overrideFlags(flags, &o.overrides)
	return cmd
}

func (a *app) policyReplay(ctx context.Context, o replayOptions) error {
	if len(o.files) == 0 {
		return &usageError{fact: "replay wants the edited spec", hint: "name it with --file"}
	}
	s, set, err := a.loadMerged(o.files, o.overrides)
	if err != nil {
		return err
	}
	st, run, err := a.openRun(ctx, o.run)
	if err != nil {
		return err
	}
	defer st.Close()
	var r report.Replay
	err = st.View(ctx, func(tx *store.Tx) error {
		r, err = report.ReplayRun(tx, run.ID, s, set)
		return err
	})
	if err != nil {
		return err
	}
	if a.json() {
		return a.printJSON(r)
	}
	return a.drawReplay(r)
}

const (
	shownOffers = 5  // how many offers a replay shows that make no difference
	shownBills  = 20 // how many bills it shows
)

func (a *app) drawReplay(r report.Replay) error {
	for _, line := range replayLines(r) {
		if _, err := fmt.Fprintln(a.out, line); err != nil {
			return err
		}
	}
	for _, g := range []*grid{replayedOffers(r.Offers), replayedActivities(r.Activities), replayedBills(r.Bills)} {
		if len(g.rows) == 0 {
			continue
		}
		fmt.Fprintln(a.out)
		if err := g.draw(a.out, a.out.width()); err != nil {
			return err
		}
	}
	fmt.Fprintln(a.out, "\nA replay cannot know")
	for _, line := range r.Unknown {
		if err := (&grid{columns: []column{{}, {cut: 20, wrap: true}}, rows: [][]string{{"-", line}}}).drawBare(a.out, a.out.width()); err != nil {
			return err
		}
	}
	return nil
}

// replayLines compare the run with what would have been.
func replayLines(r report.Replay) []string {
	lines := []string{fmt.Sprintf("run %s (%s), judged again by the edited policies", r.RunID, oneLine(r.Name))}
	for _, c := range r.Changes {
		lines = append(lines, fmt.Sprintf("  %s: %s -> %s", c.Path, orNone(c.Before), orNone(c.After)))
	}
	if len(r.Changes) == 0 {
		lines = append(lines, "  nothing is edited: it is the document that the run went by")
	}
	stopped := 0
	for _, act := range r.Activities {
		if act.Stopped {
			stopped++
		}
	}
	f := r.Failures
	lines = append(lines, "",
		fmt.Sprintf("hired    %d providers; now %d of %d offers", r.WasHired, r.NowHired, len(r.Offers)),
		fmt.Sprintf("workers  %d; %d of them would be stopped earlier", len(r.Activities), stopped),
		fmt.Sprintf("spent    %s GLM for %d results; now %s for %d by the same machines",
			ledger.Show(r.WasSpent), r.WasResults, ledger.Show(r.NowSpent), r.NowResults),
		fmt.Sprintf("failed   %d attempts, %d tasks given up; now %d, and %d attempts less", f.Attempts, f.WasGivenUp, f.NowGivenUp, f.Spared),
		fmt.Sprintf("bills    %d would be decided otherwise", len(r.Bills)),
	)
	if e := r.BudgetEnds; e != nil {
		lines = append(lines, fmt.Sprintf("budget   %s would have been used up after %s", e.Limit, elapsed(time.Duration(e.After*float64(time.Second)))))
	} else {
		lines = append(lines, "budget   holds for all that was spent")
	}
	for _, e := range r.Errors {
		lines = append(lines, "fails    "+oneLine(e))
	}
	return lines
}

func orNone(text string) string {
	if text == "" {
		return "(not set)"
	}
	return oneLine(text)
}

// replayedOffers shows what is or was hired, what changes sides, and some others.
func replayedOffers(offers []report.ReplayedOffer) *grid {
	g := &grid{columns: []column{
		{name: "OFFER", cut: 8}, {name: "GLM/HOUR", right: true}, {name: "WAS", cut: 12}, {name: "NOW", cut: 12}, {name: "WHY", cut: 14, wrap: true},
	}}
	others := 0
	for _, o := range offers {
		if !o.WasHired && !o.NowHired && o.WasRule == o.NowRule {
			if others++; others > shownOffers {
				continue
			}
		}
		g.add(oneLine(o.ProviderName), ledger.Show(o.PricePerHour), verdict(o.WasRule, o.WasScore, o.WasHired),
			verdict(o.NowRule, o.NowScore, o.NowHired), oneLine(o.Why))
	}
	if others > shownOffers {
		g.add(fmt.Sprintf("and %d more", others-shownOffers), "", "", "", "")
	}
	return g
}

func verdict(rule string, score *float64, hired bool) string {
	switch {
	case rule != "":
		return "no: " + rule
	case score == nil:
		return "-"
	case hired:
		return fmt.Sprintf("hired, %.4g", *score)
	}
	return fmt.Sprintf("%.4g", *score)
}

func replayedActivities(activities []report.ReplayedActivity) *grid {
	g := &grid{columns: []column{
		{name: "WORKER", cut: 8}, {name: "LIVED", right: true}, {name: "NOW", right: true}, {name: "GLM", right: true}, {name: "NOW", right: true},
		{name: "RESULTS", right: true}, {name: "NOW", right: true}, {name: "WHY", cut: 14, wrap: true},
	}}
	for _, act := range activities {
		if !act.Stopped {
			continue
		}
		g.add(oneLine(act.ProviderName), seconds(act.WasLived), seconds(act.NowLived), ledger.Show(act.WasCost), ledger.Show(act.NowCost),
			fmt.Sprint(act.WasResults), fmt.Sprint(act.NowResults), oneLine(act.Why))
	}
	return g
}

func seconds(n float64) string { return elapsed(time.Duration(n * float64(time.Second))) }

func replayedBills(bills []report.ReplayedBill) *grid {
	g := &grid{columns: []column{
		{name: "BILL"}, {name: "OF", cut: 8}, {name: "GLM", right: true}, {name: "WAS"}, {name: "NOW"}, {name: "WHY", cut: 14, wrap: true},
	}}
	word := map[bool]string{true: "accepted", false: "refused"}
	for i, b := range bills {
		if i == shownBills {
			g.add(fmt.Sprintf("and %d more", len(bills)-i), "", "", "", "", "")
			break
		}
		g.add(strings.ReplaceAll(b.Kind, "_", " "), oneLine(b.ProviderName), ledger.Show(b.Total), word[b.WasAccepted], word[b.NowAccepted], oneLine(b.Why))
	}
	return g
}
