package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tasks/runner/ledger"
	"tasks/runner/report"
	"tasks/runner/store"
)

func (a *app) runsCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "runs",
		Short:   "List the runs, the latest first",
		GroupID: groupSee,
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.runs(cmd.Context()) },
	}
}

// noArgs refuses arguments.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return &usageError{
		fact: fmt.Sprintf("%s takes no arguments, and got %s", cmd.Name(), quote(args[0])),
		hint: "usage: " + cmd.UseLine(),
	}
}

func (a *app) runs(ctx context.Context) error {
	lines, err := a.readRuns(ctx)
	if err != nil {
		return err
	}
	if a.json() {
		return a.printJSON(lines)
	}
	if len(lines) == 0 {
		fmt.Fprintf(a.err, "there is no run yet in %s\n", a.dsn)
		return nil
	}
	return a.runsGrid(lines, time.Now()).draw(a.out, a.out.width())
}

// readRuns lists what there is; a database that does not exist yet has no runs.
func (a *app) readRuns(ctx context.Context) (lines []report.RunLine, err error) {
	st, err := store.OpenReadOnly(ctx, a.dsn)
	if errors.Is(err, store.ErrNoDatabase) {
		return []report.RunLine{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer st.Close()
	err = st.View(ctx, func(tx *store.Tx) error {
		lines, err = report.Runs(tx, a.live)
		return err
	})
	return lines, err
}

func (a *app) runsGrid(lines []report.RunLine, now time.Time) *grid {
	g := &grid{columns: []column{
		{name: "RUN"}, {name: "NAME", cut: 5}, {name: "STATE"}, {name: "BEGAN", right: true, drop: 1},
		{name: "DONE", right: true}, {name: "FAILED", right: true}, {name: "LEFT", right: true},
		{name: "RESULTS", right: true, drop: 2}, {name: "ACCEPTED", right: true}, {name: "RESERVED", right: true},
		{name: "PAID", right: true},
	}}
	for _, l := range lines {
		g.add(string(l.RunID), oneLine(l.Name), a.out.paint(stateStyle(l.State), string(l.State)),
			elapsed(now.Sub(l.CreatedAt)), fmt.Sprint(l.Tasks.Done), fmt.Sprint(l.Tasks.Failed),
			fmt.Sprint(l.Tasks.Pending+l.Tasks.Running), fmt.Sprint(l.Results),
			ledger.Show(l.Accepted), ledger.Show(l.Reserved), ledger.Show(l.Paid))
	}
	return g
}
