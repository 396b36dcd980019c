package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"tasks/policies"
	"tasks/runner"
	"tasks/runner/ledger"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

func (a *app) settleCommand() *cobra.Command {
	var o runChoice
	cmd := &cobra.Command{
		Use:   "settle [RUN]",
		Short: "Answer invoices that came after a run had ended",
		Long: `settle asks the daemon for invoices of ended agreements that nobody answered, audits
them, and accepts those that the run's budget has room for. It does no work and hires
nobody. Without a run it goes through all of them; those that another process works
on are left to it.`,
		GroupID: groupRun,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.settle(cmd.Context(), o) },
	}
	takesRun(cmd, &o)
	cmd.Flags().Lookup("run-id").Usage = "which run (default all)"
	return cmd
}

func (a *app) settle(ctx context.Context, o runChoice) error {
	st, err := a.openToWork(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	runs, err := openRuns(ctx, st, o)
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		_, err := fmt.Fprintln(a.out, "nothing to settle: every agreement that ended has an accepted invoice")
		return err
	}
	var failed error
	for _, run := range runs {
		failed = errors.Join(failed, a.settleRun(ctx, st, run))
	}
	return failed
}

// openRuns are the runs with ended agreements that have no accepted invoice: the
// one that is named, or all of them.
func openRuns(ctx context.Context, st *store.Store, o runChoice) (open []state.Run, err error) {
	err = st.View(ctx, func(tx *store.Tx) error {
		runs, err := tx.Runs()
		if o.name() != "" {
			var one state.Run
			one, err = o.find(tx)
			runs = []state.Run{one}
		}
		if err != nil {
			return err
		}
		for _, run := range runs {
			unsettled, err := tx.UnsettledAgreements(run.ID)
			if err != nil {
				return err
			}
			if len(unsettled) > 0 {
				open = append(open, run)
			}
		}
		return nil
	})
	return open, err
}

// settleRun settles one run and says how it stands.
func (a *app) settleRun(ctx context.Context, st *store.Store, run state.Run) error {
	lock, err := runner.AcquireLock(a.dsn, run.ID)
	if errors.Is(err, runner.ErrLocked) {
		_, err := fmt.Fprintf(a.out, "%s: another process works on it, and settles by itself\n", run.ID)
		return err
	}
	if err != nil {
		return err
	}
	defer lock.Release()
	if run.Daemon == daemonEmbedded {
		_, err := fmt.Fprintf(a.out, "%s: its devnet ended with its process, and with it what was open\n", run.ID)
		return err
	}
	d, err := a.daemonOf(run)
	if err != nil {
		return err
	}
	defer d.close()
	o, err := storedOptions(ctx, st, run)
	if err != nil {
		return err
	}
	o.Client, o.Daemon = d.client, d.name
	o.Log = slog.New(&logLines{out: a.err, level: slog.LevelWarn})
	s, err := runner.Settle(ctx, o)
	if err != nil {
		return d.blame(err)
	}
	_, err = fmt.Fprintf(a.out, "%s: %s GLM accepted; %d invoices accepted by now, %d refused, %d not there yet\n",
		run.ID, ledger.Show(s.Accepted), s.Invoices, s.Refused, s.Missing)
	return err
}

// storedOptions are those of a run as it was applied last.
func storedOptions(ctx context.Context, st *store.Store, run state.Run) (runner.Options, error) {
	var rev state.Revision
	err := st.View(ctx, func(tx *store.Tx) (err error) {
		rev, err = tx.Revision(run.ID, run.Revision)
		return err
	})
	if err != nil {
		return runner.Options{}, err
	}
	o := spec.Overrides{Workers: rev.Workers, MaxPrice: rev.MaxPrice, Budget: rev.Budget}
	s, list := spec.Parse(rev.File, rev.Text, rev.Dir, o)
	set, more := policies.Compile(s)
	if err := append(list, more...).Err(); err != nil {
		return runner.Options{}, fmt.Errorf("read revision %d of run %s: %w", rev.Number, run.ID, err)
	}
	return runner.Options{Store: st, Run: run.ID, Spec: s, Policies: set, Overrides: o}, nil
}
