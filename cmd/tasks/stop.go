package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tasks/runner/state"
	"tasks/runner/store"
)

type stopOptions struct {
	run    runChoice
	noWait bool
	wait   time.Duration
}

func (a *app) stopCommand() *cobra.Command {
	var o stopOptions
	cmd := &cobra.Command{
		Use:   "stop [RUN]",
		Short: "End a run that another process works on, as its first Ctrl-C would",
		Long: `stop asks the process that works on a run to take no new work, to let running tasks
finish, to end agreements and to wait for their invoices. It waits until that is done.
A stopped run carries on with "tasks apply".`,
		GroupID: groupRun,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.stop(cmd.Context(), o) },
	}
	takesRun(cmd, &o.run)
	cmd.Flags().BoolVar(&o.noWait, "no-wait", false, "ask, and do not wait until it has ended")
	cmd.Flags().DurationVar(&o.wait, "timeout", 2*time.Minute, "how long to wait at most")
	return cmd
}

func (a *app) stop(ctx context.Context, o stopOptions) error {
	st, run, err := a.openRun(ctx, o.run)
	if err != nil {
		return err
	}
	defer st.Close()
	if !a.live(run.ID) {
		return a.nothingToStop(run)
	}
	if err := a.askStop(ctx, run.ID); err != nil {
		return err
	}
	if o.noWait {
		_, err := fmt.Fprintf(a.err, "asked run %s to stop\n", run.ID)
		return err
	}
	fmt.Fprintf(a.err, "asked run %s to stop: %s\n", run.ID, deadlines())
	if err := a.awaitEnd(ctx, run.ID, o.wait); err != nil {
		return err
	}
	reader := &statusReader{store: st, live: a.live}
	s, err := reader.read(ctx, runChoice{flag: string(run.ID)}, false)
	if err != nil {
		return err
	}
	return a.printStatus(s)
}

// nothingToStop is no failure: the run does not work, as asked.
func (a *app) nothingToStop(run state.Run) error {
	text := fmt.Sprintf("run %s is not being worked on", run.ID)
	if run.State == state.RunRunning || run.State == state.RunPaused {
		text += `: its process died; "tasks apply" with this --run-id carries on and settles what it left; "tasks gc" with it only ends that`
	} else {
		text += ": it is " + string(run.State)
	}
	_, err := fmt.Fprintln(a.err, text)
	return err
}

func (a *app) askStop(ctx context.Context, id state.RunID) error {
	st, err := store.Open(ctx, a.dsn)
	if err != nil {
		return err
	}
	defer st.Close()
	return st.Update(ctx, func(tx *store.Tx) error { return tx.AskStop(id) })
}

// awaitEvery is how often the end of a run is looked for.
const awaitEvery = 200 * time.Millisecond

// awaitEnd waits until no process works on the run.
func (a *app) awaitEnd(ctx context.Context, id state.RunID, limit time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, &hintedError{
		error: fmt.Errorf("run %s has not ended within %s", id, limit),
		hint:  "it was asked to, and will; tasks status --watch follows it",
	})
	defer cancel()
	for a.live(id) {
		if err := sleep(ctx, awaitEvery); err != nil {
			return err
		}
	}
	return nil
}
