package main

import (
	"github.com/spf13/cobra"
)

func (a *app) policyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Try policies out: evaluate an expression, test a spec, judge a past run again",
		Long: `policy tries expressions out before a run depends on them. Nothing is spent and
nothing is changed.`,
		GroupID: groupRun,
		Args:    cobra.ArbitraryArgs,
		RunE:    unknownCommand,
	}
	cmd.AddCommand(a.policyEvalCommand(), a.policyTestCommand(), a.policyReplayCommand())
	return cmd
}
