package runner

import (
	"context"
	"errors"
	"time"

	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

const (
	// rollUpEvery is how often the run looks for what has grown old.
	rollUpEvery = time.Minute
	// rollUpChunk is how many rows of a kind one transaction looks at: tasks that
	// end meanwhile wait for it, a few milliseconds.
	rollUpChunk = 100
	// rollUpRest times as long as a transaction took, nothing is rolled up after it.
	rollUpRest = 3
	// forgetSpends is after how long it is forgotten when something was spent, if no
	// window of the budget is longer. It stays in the total.
	forgetSpends = 31 * 24 * time.Hour
)

// rollUpLoop keeps the database from growing, until ctx ends: what has ended and
// is older than the run keeps it is deleted, little by little.
func (r *runner) rollUpLoop(ctx context.Context) {
	tick := time.NewTicker(rollUpEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if err := r.rollUp(ctx); err != nil && ctx.Err() == nil {
			r.Log.Warn("old rows not rolled up", logError, err)
		}
	}
}

// rollUp rolls up everything that is due.
func (r *runner) rollUp(ctx context.Context) error {
	doc := r.inForce().spec
	keep, rest := doc.Keeping()
	if keep.All {
		return nil
	}
	now, window := r.Store.Now(), longestWindow(doc)
	before, exact, forget := now.Add(-rest), now.Add(-window-time.Hour), now.Add(-max(forgetSpends, window))
	rule := reconcile.Keep{Tasks: keep.Tasks, Age: keep.Time}
	// What is in no file goes only if somebody said so.
	written, results := r.results.path != "", r.results.path != "" || keep.Set
	return errors.Join(
		r.littleByLittle(ctx, func(tx *store.Tx) (swept, error) { return r.rollUpDone(tx, rule, results, written) }),
		r.littleByLittle(ctx, r.rollUpFailed),
		r.littleByLittle(ctx, r.triesRollUp()),
		r.littleByLittle(ctx, r.hiresRollUp(before, exact)),
		r.littleByLittle(ctx, r.notesRollUp(before, exact)),
		r.littleByLittle(ctx, func(tx *store.Tx) (swept, error) {
			gone, err := tx.RollUpSpends(r.Run, exact, forget, rollUpChunk)
			return swept{gone > 0, gone >= rollUpChunk}, err
		}),
		r.littleByLittle(ctx, func(tx *store.Tx) (swept, error) {
			gone, err := tx.RollUpHistory(r.Run, before, rollUpChunk)
			return swept{gone > 0, gone >= rollUpChunk}, err
		}),
	)
}

// A swept is what one small transaction did: whether it changed anything, and
// whether there may be more to do.
type swept struct{ did, more bool }

// errNothingOld undoes a transaction that has nothing to record.
var errNothingOld = errors.New("nothing is old enough")

// littleByLittle repeats a small transaction while there is more to do, and lets
// others work in between.
func (r *runner) littleByLittle(ctx context.Context, step func(*store.Tx) (swept, error)) error {
	for p := (swept{more: true}); p.more && ctx.Err() == nil; {
		began := time.Now()
		err := r.Store.Update(ctx, func(tx *store.Tx) (err error) {
			if p, err = step(tx); err == nil && !p.did {
				err = errNothingOld
			}
			return err
		})
		if err != nil && !errors.Is(err, errNothingOld) {
			return err
		}
		pause(ctx, rollUpRest*time.Since(began))
	}
	return nil
}

// rollUpDone rolls up tasks that are done, with their attempts and results:
// results only if they may go, and only those in the results file if written says
// so.
func (r *runner) rollUpDone(tx *store.Tx, rule reconcile.Keep, results, written bool) (swept, error) {
	counts, rolled, err := r.countKept(tx)
	kept := counts.Done - rolled.Done
	if err != nil || rule.Age == 0 && kept <= rule.Tasks {
		return swept{}, err
	}
	var with []state.EndedTask
	if results {
		wanted, err := r.resultsWanted(tx, counts.Failed > rolled.Failed)
		if err != nil {
			return swept{}, err
		}
		results = !wanted
	}
	if results {
		if with, err = tx.WithResult(r.Run, written, rollUpChunk); err != nil {
			return swept{}, err
		}
	}
	without, err := tx.WithoutResult(r.Run, false, rollUpChunk)
	if err != nil {
		return swept{}, err
	}
	old := rule.Old(tx.Now(), kept, with, without)
	if len(old) == 0 {
		return swept{}, nil
	}
	return swept{true, true}, tx.RollUpTasks(r.Run, old)
}

// resultsWanted reports whether results are still to be read by a stage that waits
// for another. failed says that there are tasks which somebody may put back.
func (r *runner) resultsWanted(tx *store.Tx, failed bool) (bool, error) {
	rev := r.inForce()
	counts, err := tx.StageCounts(r.Run)
	if err != nil {
		return false, err
	}
	cursors, err := tx.Cursors(r.Run)
	for i := range rev.spec.Stages {
		s := &rev.spec.Stages[i]
		reads := len(rev.policies.Stage(s.Name).ReadsResults()) > 0 || s.From != nil && s.From.Kind == spec.SourceResults
		if reads && (failed || !hasEnded(rev.spec, s.Name, counts, cursors)) {
			return true, err
		}
	}
	return false, err
}

// rollUpFailed rolls up tasks that failed for good, the oldest of too many.
func (r *runner) rollUpFailed(tx *store.Tx) (swept, error) {
	counts, rolled, err := r.countKept(tx)
	surplus := counts.Failed - rolled.Failed - reconcile.KeepFailed
	if err != nil || surplus <= 0 {
		return swept{}, err
	}
	old, err := tx.WithoutResult(r.Run, true, int(min(surplus, rollUpChunk)))
	if err != nil || len(old) == 0 {
		return swept{}, err
	}
	return swept{true, true}, tx.RollUpTasks(r.Run, old)
}

// countKept returns how many tasks there have been, and how many of those are
// rolled up.
func (r *runner) countKept(tx *store.Tx) (state.Counts, store.Rolled, error) {
	counts, err := tx.Counts(r.Run)
	if err != nil {
		return counts, store.Rolled{}, err
	}
	rolled, err := tx.Rolled(r.Run)
	return counts, rolled, err
}

// triesRollUp rolls up attempts of tasks that are tried again and again.
func (r *runner) triesRollUp() func(*store.Tx) (swept, error) {
	after := int64(0)
	return func(tx *store.Tx) (swept, error) {
		old, last, err := tx.TriedAgain(r.Run, after, reconcile.KeepTries, rollUpChunk)
		p := swept{len(old) > 0, last > after}
		if after = last; err != nil || !p.did {
			return p, err
		}
		return p, tx.RollUpAttempts(r.Run, old)
	}
}

// hiresRollUp rolls up agreements that are over, with their activities and bills.
func (r *runner) hiresRollUp(before, exact time.Time) func(*store.Tx) (swept, error) {
	after := int64(0)
	return func(tx *store.Tx) (p swept, err error) {
		hires, err := tx.EndedHires(r.Run, after, before, rollUpChunk/10)
		for _, h := range hires {
			p.more, after = true, h.Key
			if err != nil || !reconcile.Over(h, before) {
				continue
			}
			p.did, err = true, tx.RollUpHire(h, reconcile.Code(h.Reason), exact)
		}
		return p, err
	}
}

// notesRollUp rolls up old debit notes of activities that stay.
func (r *runner) notesRollUp(before, exact time.Time) func(*store.Tx) (swept, error) {
	after := int64(0)
	return func(tx *store.Tx) (p swept, err error) {
		all, err := tx.OldNotes(r.Run, after, before, rollUpChunk)
		for _, old := range all {
			p.more = true
			notes := reconcile.PaidNotes(old, before)
			if err == nil && len(notes) > 0 {
				p.did, err = true, tx.RollUpNotes(r.Run, old.Activity, notes, exact)
			}
			if err != nil || len(notes) > rollUpChunk/2 {
				break // and on with the same activity
			}
			after = old.Activity
		}
		return p, err
	}
}
