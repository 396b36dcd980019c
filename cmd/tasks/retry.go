package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tasks/runner"
	"tasks/runner/state"
	"tasks/runner/store"
)

func (a *app) retryCommand() *cobra.Command {
	var run runChoice
	cmd := &cobra.Command{
		Use:   "retry [RUN]",
		Short: "Put tasks that failed for good back, to be tried again",
		Long: `retry makes every task of a run that failed for good pending again. Its tries so far no
longer count for task.retry; what succeeded is not run again. A process that works on the
run takes the tasks up at once. A run that has ended is carried on with by "tasks apply"
with its id; "tasks apply --retry-failed" does both.`,
		GroupID: groupRun,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.retry(cmd.Context(), run) },
	}
	takesRun(cmd, &run)
	return cmd
}

func (a *app) retry(ctx context.Context, choice runChoice) error {
	st, err := a.openToWork(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	run, failed, err := failedIn(ctx, st, choice)
	if err != nil {
		return err
	}
	if failed == 0 {
		_, err := fmt.Fprintf(a.err, "no task of run %s failed for good\n", run.ID)
		return err
	}
	left, err := a.putBack(ctx, st, run.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.err, "put back, to be tried again: %s of run %s\n", number(int(failed), "task"), run.ID)
	if left {
		return a.sayCarryOn(ctx, st, run)
	}
	return nil
}

// failedIn finds the run, and counts its tasks that failed for good.
func failedIn(ctx context.Context, st *store.Store, choice runChoice) (run state.Run, failed int64, err error) {
	err = st.View(ctx, func(tx *store.Tx) error {
		if run, err = choice.find(tx); err != nil {
			return err
		}
		counts, err := tx.Counts(run.ID)
		failed = counts.Failed
		return err
	})
	return run, failed, err
}

// retryTime is how long a process at work may take to do as it is asked.
const retryTime = time.Minute

// putBack has the process that works on a run put its failed tasks back, or does
// it where nobody works. left tells that nobody works on the run.
func (a *app) putBack(ctx context.Context, st *store.Store, id state.RunID) (left bool, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, retryTime, &hintedError{
		error: fmt.Errorf("the process that works on run %s has not answered within %s", id, retryTime),
		hint:  "it was asked to put the failed tasks back, and will; tasks status shows when",
	})
	defer cancel()
	for {
		lock, err := runner.AcquireLock(a.dsn, id)
		if err == nil {
			defer lock.Release()
			_, err = runner.PutBack(ctx, st, id)
			return true, err
		}
		if !errors.Is(err, runner.ErrLocked) {
			return false, err
		}
		if err := st.Update(ctx, func(tx *store.Tx) error { return tx.AskRetry(id) }); err != nil {
			return false, err
		}
		if done, err := a.awaitRetry(ctx, st, id); done || err != nil {
			return false, err
		}
	}
}

// awaitRetry waits until the process has put the tasks back, or has ended without.
func (a *app) awaitRetry(ctx context.Context, st *store.Store, id state.RunID) (done bool, err error) {
	for {
		live := a.live(id) // before reading, so that its last deed is not missed
		err := st.View(ctx, func(tx *store.Tx) error {
			run, err := tx.Run(id)
			done = !run.RetryAsked
			return err
		})
		if done || !live || err != nil {
			return done, err
		}
		if err := sleep(ctx, awaitEvery); err != nil {
			return false, err
		}
	}
}

// sayCarryOn tells how a run that nobody works on goes on.
func (a *app) sayCarryOn(ctx context.Context, st *store.Store, run state.Run) error {
	var file string
	err := st.View(ctx, func(tx *store.Tx) error {
		last, err := tx.Revision(run.ID, run.Revision)
		file = last.File
		return err
	})
	if err == nil {
		_, err = fmt.Fprintf(a.err, "carry on with: tasks apply --run-id %s %s\n", run.ID, file)
	}
	return err
}
