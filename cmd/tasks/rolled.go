package main

import (
	"context"
	"fmt"

	"tasks/runner/ledger"
	"tasks/runner/report"
	"tasks/runner/state"
	"tasks/runner/store"
)

// rolledLine says below the activities that there were more.
func rolledLine(r report.RolledUp) string {
	if r.Activities == 0 {
		return ""
	}
	return fmt.Sprintf("and %d that ended earlier and are rolled up: %d batches, %s GLM", r.Activities, r.Batches, ledger.Show(r.Cost))
}

// tellRolled says on standard error that a list lacks what is rolled up, if it
// lacks any: how many is asked of the figures.
func (a *app) tellRolled(ctx context.Context, st *store.Store, run state.Run, what string, lacks func(store.Rolled) int64, where string) error {
	var rolled store.Rolled
	err := st.View(ctx, func(tx *store.Tx) (err error) {
		rolled, err = tx.Rolled(run.ID)
		return err
	})
	if n := lacks(rolled); err == nil && n > 0 {
		fmt.Fprintf(a.err, "%d older %s are rolled up and not shown%s (results.keep of the spec says how many are kept)\n", n, what, where)
	}
	return err
}

// tellResults says where results are that are not in the database any more.
func (a *app) tellResults(ctx context.Context, st *store.Store, run state.Run) error {
	where := "; no file has them"
	if run.ResultsPath != "" {
		where = "; they are in " + printable(run.ResultsPath)
	}
	return a.tellRolled(ctx, st, run, "results", func(r store.Rolled) int64 { return r.Results }, where)
}

// tellAttempts says that attempts are not in the database any more.
func (a *app) tellAttempts(ctx context.Context, st *store.Store, run state.Run) error {
	return a.tellRolled(ctx, st, run, "attempts", func(r store.Rolled) int64 { return r.Attempts }, "")
}

// tellFailed says that tasks that failed are not in the database any more.
func (a *app) tellFailed(ctx context.Context, st *store.Store, run state.Run) error {
	return a.tellRolled(ctx, st, run, "failed tasks", func(r store.Rolled) int64 { return r.Failed }, "")
}
