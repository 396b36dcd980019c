package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tasks/runner/ledger"
	"tasks/runner/report"
	"tasks/runner/state"
	"tasks/runner/store"
)

type resultsOptions struct {
	run   runChoice
	stage string
}

func (a *app) resultsCommand() *cobra.Command {
	var o resultsOptions
	cmd := &cobra.Command{
		Use:     "results [RUN]",
		Short:   "Print the results of a run; -o json prints one object a line",
		GroupID: groupSee,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.results(cmd.Context(), o) },
	}
	takesRun(cmd, &o.run)
	cmd.Flags().StringVar(&o.stage, "stage", "", "only results of this stage")
	return cmd
}

// resultsPage is how many results are in memory at once.
const resultsPage = 1000

func (a *app) results(ctx context.Context, o resultsOptions) error {
	st, run, err := a.openRun(ctx, o.run)
	if err != nil {
		return err
	}
	defer st.Close()
	out := bufio.NewWriter(a.out)
	print := a.resultPrinter(out)
	for line := int64(0); ; {
		page, next, err := readResults(ctx, st, run.ID, line)
		if err != nil {
			return err
		}
		if next == line {
			return errors.Join(out.Flush(), a.tellResults(ctx, st, run))
		}
		line = next
		if err := print(ofStage(page, o.stage)); err != nil {
			return err
		}
	}
}

// readResults is the page after a line, and the last line of it.
func readResults(ctx context.Context, st *store.Store, run state.RunID, after int64) (page []report.ResultLine, last int64, err error) {
	err = st.View(ctx, func(tx *store.Tx) error {
		page, last, err = report.Results(tx, run, after, resultsPage)
		return err
	})
	return page, last, err
}

func ofStage(page []report.ResultLine, stage string) []report.ResultLine {
	if stage == "" {
		return page
	}
	kept := page[:0]
	for _, l := range page {
		if l.Stage == stage {
			kept = append(kept, l)
		}
	}
	return kept
}

// resultPrinter prints pages one after another.
func (a *app) resultPrinter(out *bufio.Writer) func([]report.ResultLine) error {
	if a.json() {
		return func(page []report.ResultLine) error { return printLines(out, page) }
	}
	var widths []int
	return func(page []report.ResultLine) error {
		if len(page) == 0 {
			return nil
		}
		g := resultGrid(page)
		heads := widths == nil
		if heads {
			widths = g.fit(g.widths(), a.out.width())
		}
		return g.drawRows(out, widths, heads)
	}
}

func printLines(out *bufio.Writer, page []report.ResultLine) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	for _, l := range page {
		if err := e.Encode(l); err != nil {
			return err
		}
	}
	return out.Flush()
}

// resultGrid is one page as a table. The first page decides how wide the columns
// are; nobody has to wait for the last one.
func resultGrid(page []report.ResultLine) *grid {
	g := &grid{columns: []column{
		{name: "TASK", right: true}, {name: "STAGE", cut: 5}, {name: "ITEM", cut: 16}, {name: "VALUE", cut: 20},
		{name: "PROVIDER", cut: 8}, {name: "TRIES", right: true}, {name: "GLM", right: true},
	}}
	for _, l := range page {
		provider := oneLine(l.ProviderName)
		if provider == "" {
			provider = shortProvider(l.Provider)
		}
		g.add(fmt.Sprint(l.Task), l.Stage, valueText(l.Item), valueText(l.Value), orDash(provider),
			fmt.Sprint(l.Attempts), ledger.Show(l.Cost))
	}
	return g
}

// valueText is a JSON value for a cell: text without its quotes, all else as it
// is.
func valueText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return orDash(oneLine(s))
	}
	return oneLine(strings.ReplaceAll(string(raw), "\n", " "))
}
