package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

// takeOver makes the document that waits the one in force, or refuses it, and
// reports whether there was one. The loop calls it between two decisions. While
// the run is wound down nothing is taken over: who applied the document carries
// the run on by it afterwards.
func (r *runner) takeOver(ctx context.Context, run state.Run) (bool, error) {
	if run.Proposed == 0 || r.isEnding() {
		return false, nil
	}
	next, err := r.recorded(ctx, run.Proposed)
	if errors.Is(err, ErrChanged) {
		return false, r.refuseEdit(ctx, run, err)
	}
	if err != nil {
		return false, err
	}
	stages := changedSources(r.inForce().spec, next.spec)
	r.queue.rest(ctx, stages)
	edit, err := r.switchTo(ctx, run, next)
	switch {
	case errors.Is(err, ErrChanged):
		err = r.refuseEdit(ctx, run, err)
	case errors.Is(err, store.ErrStale):
		err = nil // another one waits by now
	}
	if err := errors.Join(err, r.readOn(ctx, stages)); err != nil {
		return false, err
	}
	taken := r.inForce() == next
	if taken {
		r.Log.Log(ctx, LevelNotice, "the edited document is taken over", logRevision, next.number, logReason, edit.Summary())
		r.reconsider(edit)
	}
	return taken, nil
}

// askTime is how long the loop waits for the daemon's answer to what an edit needs.
const askTime = 5 * time.Second

// LevelNotice is for what a person who watches the run should see, and need not
// worry about.
const LevelNotice = 2

// changedSources are the stages that are read differently, or not at all.
func changedSources(before, now *spec.Spec) []string {
	var stages []string
	for _, st := range slices.Concat(before.Stages, now.Stages) {
		a, b := stageOf(before, st.Name), stageOf(now, st.Name)
		same := a != nil && b != nil && sameSource(a.From, b.From) && slices.Equal(after(a), after(b))
		if !same && !slices.Contains(stages, st.Name) {
			stages = append(stages, st.Name)
		}
	}
	return stages
}

// switchTo records that a revision is in force from now on, and then decides by it.
// The sources that it changes are not being read.
func (r *runner) switchTo(ctx context.Context, run state.Run, next *revision) (edit Edit, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) (err error) {
		edit, err = Differences(tx, run, next.spec, true)
		return err
	})
	if err == nil {
		err = edit.Err()
	}
	if err == nil {
		soon, cancel := context.WithTimeout(ctx, askTime)
		defer cancel()
		if err = r.filesFor(soon, next); err != nil {
			err = fmt.Errorf("%w: %w", ErrChanged, err)
		}
	}
	if err != nil {
		return edit, err
	}
	err = r.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.Adopt(run.ID, next.number, edit.Summary()); err != nil {
			return err
		}
		return reopen(tx, run.ID, edit.Sources)
	})
	if err != nil {
		return edit, err
	}
	r.limits(ctx, next, r.lastEnv())
	r.document.Store(next)
	return edit, nil
}

// refuseEdit records why the document that waits is not taken over.
func (r *runner) refuseEdit(ctx context.Context, run state.Run, why error) error {
	r.Log.Warn("the edited document is not taken over", logRevision, run.Proposed, logError, why)
	err := r.Store.Update(ctx, func(tx *store.Tx) error { return tx.Refuse(run.ID, run.Proposed, why.Error()) })
	if errors.Is(err, store.ErrStale) {
		return nil // another one waits by now
	}
	return err
}

// readOn reads stages by the document in force, from where they stand.
func (r *runner) readOn(ctx context.Context, stages []string) error {
	var cursors map[string]state.Cursor
	err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
		cursors, err = tx.Cursors(r.Run)
		return err
	})
	var again []spec.Stage
	for _, st := range r.inForce().spec.Stages {
		if slices.Contains(stages, st.Name) {
			again = append(again, st)
		}
	}
	r.queue.start(again, cursors)
	return err
}

// reconsider forgets what was decided by policies that an edit has changed, and
// would otherwise stay.
func (r *runner) reconsider(e Edit) {
	touched := func(paths ...string) bool {
		for _, c := range e.Changes {
			for _, p := range paths {
				if c.Path == p || strings.HasPrefix(c.Path, p+".") {
					return true
				}
			}
		}
		return false
	}
	if touched("policies.activity.keep", "max_price", "params") {
		r.market.forgive()
	}
	if touched("policies.offer", "max_price", "params", "golem") {
		r.market.withdraw() // the next demand brings every offer again
	}
	r.judgeSoon()
}
