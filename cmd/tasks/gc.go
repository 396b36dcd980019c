package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"tasks/golem"
	"tasks/runner"
	"tasks/runner/state"
	"tasks/runner/store"
)

type gcOptions struct {
	run    runChoice
	dryRun bool
}

func (a *app) gcCommand() *cobra.Command {
	var o gcOptions
	cmd := &cobra.Command{
		Use:   "gc [RUN]",
		Short: "End what runs left at the daemon and nobody works on",
		Long: `gc asks the daemon for agreements, machines, demands and money set aside that belong
to runs of this database on which no process works, and ends them. Of a run that
may be carried on with it leaves alone what the next apply would take up, unless
the run is named. What belongs to other programs is never touched.`,
		GroupID: groupRun,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.gc(cmd.Context(), o) },
	}
	takesRun(cmd, &o.run)
	cmd.Flags().Lookup("run-id").Usage = "which run, with all it left (default what no run needs)"
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "show what would be ended, and end nothing")
	return cmd
}

func (a *app) gc(ctx context.Context, o gcOptions) error {
	st, err := a.openToWork(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	runs, err := chosenRuns(ctx, st, o.run)
	if err != nil {
		return err
	}
	var found []runner.Stray
	var failed error
	for _, run := range runs {
		some, err := a.gcRun(ctx, st, run, o)
		found = append(found, some...)
		failed = errors.Join(failed, err)
		if golem.IsUnreachable(err) {
			break // as it is for the other runs
		}
	}
	return errors.Join(failed, a.printStrays(found, o.dryRun, failed == nil))
}

// chosenRuns are the run that is named, or all of them, the latest first.
func chosenRuns(ctx context.Context, st *store.Store, o runChoice) (runs []state.Run, err error) {
	err = st.View(ctx, func(tx *store.Tx) error {
		if o.name() == "" {
			runs, err = tx.Runs()
			return err
		}
		run, err := o.find(tx)
		runs = []state.Run{run}
		return err
	})
	return runs, err
}

// gcRun ends what one run left. A run that cannot be looked at is an error only
// if it was named.
func (a *app) gcRun(ctx context.Context, st *store.Store, run state.Run, o gcOptions) ([]runner.Stray, error) {
	named := o.run.name() != ""
	if run.Daemon == daemonEmbedded {
		if named {
			fmt.Fprintf(a.err, "%s: its devnet ended with its process, and with it what was there\n", run.ID)
		}
		return nil, nil
	}
	lock, err := runner.AcquireLock(a.dsn, run.ID)
	if errors.Is(err, runner.ErrLocked) && !named {
		fmt.Fprintf(a.err, "%s: another process works on it, and looks after what it has\n", run.ID)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer lock.Release()
	d, err := a.daemonOf(run)
	if e, ok := errors.AsType[*hintedError](err); ok && !named {
		fmt.Fprintf(a.err, "not looked at: %v\n", e)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.close()
	ro, err := storedOptions(ctx, st, run)
	if err != nil {
		return nil, err
	}
	ro.Client, ro.Daemon = d.client, d.name
	ro.Log = slog.New(&logLines{out: a.err, level: slog.LevelWarn})
	found, err := runner.Collect(ctx, ro, !named && mayReturn(run.State), o.dryRun)
	if err != nil {
		err = d.blame(fmt.Errorf("run %s: %w", run.ID, err))
	}
	return found, err
}

// mayReturn reports whether a run that no process works on is likely to be taken
// up as it was left: it was not told to end.
func mayReturn(s state.RunState) bool {
	return s == state.RunRunning || s == state.RunPaused || s == state.RunInterrupted
}
