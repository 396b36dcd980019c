package main

import (
	"context"
	"fmt"

	"tasks/runner/ledger"

	"github.com/spf13/cobra"
)

func (a *app) summaryCommand() *cobra.Command {
	var run runChoice
	cmd := &cobra.Command{
		Use:     "summary [RUN]",
		Short:   "Show a run in one line: activities, batches, money, results",
		GroupID: groupSee,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.summary(cmd.Context(), run) },
	}
	takesRun(cmd, &run)
	return cmd
}

func (a *app) summary(ctx context.Context, run runChoice) error {
	status, err := a.readStatus(ctx, run)
	if err != nil {
		return err
	}
	s := status.Summary()
	if a.json() {
		return a.printJSON(s)
	}
	g := &grid{columns: []column{
		{name: "RUN", cut: 12}, {name: "READY", right: true}, {name: "NEW", right: true}, {name: "OTHER", right: true, drop: 2},
		{name: "BATCHES", right: true, drop: 1}, {name: "GLM", right: true, drop: 3}, {name: "GLM/RESULT", right: true},
		{name: "RESULTS", right: true}, {name: "ACCEPTED", right: true}, {name: "RESERVED", right: true}, {name: "PAID", right: true},
	}}
	g.add(string(s.RunID), fmt.Sprint(s.Ready), fmt.Sprint(s.New), fmt.Sprint(s.Other),
		fmt.Sprint(s.Batches), ledger.Show(s.Cost), glmOr(s.CostPerResult, "-"), fmt.Sprint(s.Results),
		ledger.Show(s.Accepted), ledger.Show(s.Reserved), ledger.Show(s.Paid))
	return g.draw(a.out, a.out.width())
}
