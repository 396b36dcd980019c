package runner

import (
	"context"
	"fmt"

	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

// A Proposal is an edited document as it was given to the process that works on a
// run.
type Proposal struct {
	Edit
	Number int  // of the revision
	Waits  bool // until the process takes it over; else the run goes by it already
}

// Propose gives a document to the process that works on a run: it is recorded, and
// the process takes it over or refuses it within a few seconds, between two
// decisions. The error wraps ErrChanged, and nothing is recorded, if it is plain
// already that the run cannot take it over, and store.ErrNotFound if there is no
// such run yet.
func Propose(ctx context.Context, st *store.Store, id state.RunID, s *spec.Spec, o spec.Overrides) (p Proposal, err error) {
	err = st.Update(ctx, func(tx *store.Tx) error {
		run, err := tx.Run(id)
		if err != nil {
			return err
		}
		if p.Edit, err = Differences(tx, run, s, true); err != nil {
			return err
		}
		if err := p.Edit.Err(); err != nil {
			return err
		}
		last, err := tx.Revision(id, run.Revision)
		if err != nil {
			return err
		}
		now := applied(id, s, o)
		if last.Same(now) {
			p.Number = run.Revision
			return forgetWaiting(tx, run)
		}
		p.Waits = true
		p.Number, err = propose(tx, run, now)
		return err
	})
	return p, err
}

// applied is a document as it is recorded.
func applied(run state.RunID, s *spec.Spec, o spec.Overrides) state.Revision {
	return state.Revision{
		Run: run, File: s.File, Dir: s.Dir, Text: s.Kept,
		Workers: o.Workers, MaxPrice: o.MaxPrice, Budget: o.Budget,
	}
}

// propose records a document, unless it is the one that waits already.
func propose(tx *store.Tx, run state.Run, now state.Revision) (int, error) {
	if run.Proposed != 0 {
		waiting, err := tx.Revision(run.ID, run.Proposed)
		if err != nil || waiting.Same(now) {
			return run.Proposed, err
		}
	}
	return tx.Propose(now)
}

// forgetWaiting forgets a document that waits to be taken over.
func forgetWaiting(tx *store.Tx, run state.Run) error {
	if run.Proposed == 0 {
		return nil
	}
	return tx.Refuse(run.ID, run.Proposed, fmt.Sprintf("revision %d was applied again", run.Revision))
}
