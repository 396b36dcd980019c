package main

import (
	"context"

	"tasks/runner/report"
	"tasks/runner/state"
	"tasks/runner/store"
)

// A statusReader reads the status of runs from one store, again and again.
type statusReader struct {
	store *store.Store
	live  func(state.RunID) bool // whether a process works on the run

	run      state.RunID // whose plan it is
	revision int
	plan     *report.Plan // of that revision; nil when it cannot be compiled
}

// read is the status of the run chosen.
func (r *statusReader) read(ctx context.Context, c runChoice, brief bool) (s report.Status, err error) {
	run, err := r.find(ctx, c)
	if err != nil {
		return s, err
	}
	err = r.store.View(ctx, func(tx *store.Tx) error {
		s, err = report.Load(tx, run, report.Options{Live: r.live(run), Plan: r.plan, Brief: brief})
		return err
	})
	return s, err
}

// find is the run chosen, with its plan compiled unless it is the one read last.
// A document that no longer compiles costs the status its limits and nothing
// else.
func (r *statusReader) find(ctx context.Context, c runChoice) (state.RunID, error) {
	var run state.Run
	var rev state.Revision
	err := r.store.View(ctx, func(tx *store.Tx) (err error) {
		if run, err = c.find(tx); err != nil || r.run == run.ID && r.revision == run.Revision {
			return err
		}
		rev, err = tx.Revision(run.ID, run.Revision)
		return err
	})
	if err == nil && rev.Number > 0 {
		r.run, r.revision = run.ID, run.Revision
		r.plan, _ = report.NewPlan(rev)
	}
	return run.ID, err
}
