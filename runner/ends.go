package runner

import (
	"context"
	"fmt"
	"slices"

	"tasks/policies"
	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
)

// record writes the ends of attempts at tasks of one stage, with everything that
// follows from each: the result, the tasks it emits, or the next try.
func (w *worker) record(ctx context.Context, stage *policies.Stage, ends ...ending) {
	if len(ends) == 0 {
		return
	}
	rev := w.r.inForce()
	all, err := w.judgeAll(ctx, rev, stage, ends)
	if err == nil {
		err = w.write(ctx, rev, all, nil)
	}
	if err != nil {
		w.r.giveUp(err)
	}
}

// recordLast is record for the ends of the last tasks of a batch. What the worker
// does next is begun in the same transaction, if it is at hand: so a small task
// costs one wait for the disk, not two.
func (w *worker) recordLast(ctx context.Context, stage *policies.Stage, ends []ending) {
	rev := w.r.inForce()
	all, err := w.judgeAll(ctx, rev, stage, ends)
	var next *start
	if err == nil {
		next, err = w.ahead(ctx, all)
	}
	if err == nil {
		err = w.write(ctx, rev, all, next)
	}
	if err != nil {
		w.r.giveUp(err)
		return
	}
	w.next = next
}

// ahead takes what is to be done after tasks that ended well: anything else may be
// a reason to stop, and what a task emits comes first.
func (w *worker) ahead(ctx context.Context, all []outcome) (*start, error) {
	open := slices.ContainsFunc(all, func(o outcome) bool { return o.end.State != state.AttemptDone || len(o.emitted) > 0 })
	if open || ctx.Err() != nil || w.draining() != "" {
		return nil, nil
	}
	t, ok := w.r.queue.takeNow(w.a.Provider)
	if !ok {
		return nil, nil
	}
	return w.prepareWith(t)
}

func (w *worker) judgeAll(ctx context.Context, rev *revision, stage *policies.Stage, ends []ending) ([]outcome, error) {
	// A cut-off attempt is judged too.
	ctx = context.WithoutCancel(ctx)
	all := make([]outcome, len(ends))
	for i, e := range ends {
		var err error
		if all[i].end, all[i].emitted, err = w.judge(ctx, rev, e.task, stage, e); err != nil {
			return nil, err
		}
		w.r.noted.ended(e.at.ID)
	}
	return all, nil
}

// write records outcomes, and the attempts that begin after them, if any.
func (w *worker) write(ctx context.Context, rev *revision, all []outcome, next *start) error {
	err := w.r.update(w.life, func(tx *store.Tx) error {
		tx.Whole() // an end that cannot be recorded ends the process
		for i := range all {
			if err := all[i].write(tx, w.r.Run, rev); err != nil {
				return fmt.Errorf("record the end of attempt %d: %w", all[i].end.Attempt, err)
			}
		}
		if next == nil {
			return nil
		}
		return w.r.begin(tx, next, w.act.Key)
	})
	if err != nil {
		return err
	}
	for _, o := range all {
		w.after(context.WithoutCancel(ctx), o.end, o.finished, o.emitted)
	}
	return nil
}

// An outcome is what an attempt's end means, and what was made of it.
type outcome struct {
	end      store.AttemptEnd
	emitted  []state.Task
	finished store.Finished
}

func (o *outcome) write(tx *store.Tx, run state.RunID, rev *revision) (err error) {
	by := rev.number
	if o.end.State == state.AttemptDone {
		by = 0 // it stays with whose commands and result they are
	}
	tx.By(by)
	if o.finished, err = tx.FinishAttempt(o.end); err != nil || !o.end.Quarantined {
		return err
	}
	return tx.AddEvent(run, "task.quarantined", fmt.Sprintf("task/%d", o.finished.Task.ID), quarantined+": "+o.end.Message)
}

// after lets the rest of the runner know.
func (w *worker) after(ctx context.Context, end store.AttemptEnd, f store.Finished, emitted []state.Task) {
	for i, id := range f.EmittedIDs {
		emitted[i].ID = id
	}
	w.r.queue.add(emitted...)
	if f.Task.State == state.TaskPending {
		w.r.queue.add(f.Task)
	}
	if f.Seq > 0 {
		w.r.results.nudge()
	}
	if end.Quarantined {
		w.r.Log.Warn("a task is quarantined: it "+quarantined, logTask, f.Task.ID, logReason, end.Message)
	}
	if end.State == state.AttemptDone {
		w.streak.Store(0)
		w.wins.Add(1)
	} else if end.Fault == state.FaultTask {
		w.failed(ctx, end.Attempt, f.Task)
	} else if end.State == state.AttemptFailed && end.Fault == state.FaultProvider {
		w.r.market.cool(w.a.Provider)
		w.give(ctx, reconcile.ReasonFailing+": "+end.Message)
	}
	if w.r.queue.dry() {
		w.r.nudge()
	}
}
