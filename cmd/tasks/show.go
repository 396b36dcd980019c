package main

import (
	"context"

	"github.com/spf13/cobra"

	"tasks/runner/report"
)

func (a *app) showCommand() *cobra.Command {
	var run runChoice
	var failed bool
	cmd := &cobra.Command{
		Use:     "show [RUN]",
		Short:   "Show the activities of a run, those that ended too",
		GroupID: groupSee,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if failed {
				return a.showFailed(cmd.Context(), run)
			}
			return a.show(cmd.Context(), run)
		},
	}
	takesRun(cmd, &run)
	cmd.Flags().BoolVar(&failed, "failed", false, "show the tasks that failed for good instead")
	return cmd
}

func (a *app) show(ctx context.Context, run runChoice) error {
	s, err := a.readStatus(ctx, run)
	if err != nil {
		return err
	}
	if a.json() {
		return a.printJSON(s.Activities)
	}
	return drawActivities(a.out, s, false, a.out.width())
}

// readStatus is the whole status of a run, read once.
func (a *app) readStatus(ctx context.Context, run runChoice) (report.Status, error) {
	st, err := a.openToRead(ctx)
	if err != nil {
		return report.Status{}, err
	}
	defer st.Close()
	reader := &statusReader{store: st, live: a.live}
	return reader.read(ctx, run, false)
}
