package runner

import (
	"context"
	"errors"
	"slices"
	"time"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner/state"
	"tasks/runner/store"
)

// A try is one task of a batch: its attempt, and its share of the commands, which
// begins at at.First.
type try struct {
	task     state.Task
	at       state.Attempt
	commands []golem.Command
	plan     []policies.Step // where files are copied, of the only task
	failure  *policies.Failure
}

// A start is a batch that is about to begin.
type start struct {
	rev   *revision // that it is decided by
	stage *policies.Stage
	tries []try
}

// A batch is what a machine carries out at once: the commands of one task, or those
// of several of one stage, one task after another. The first command that fails
// ends it, so that the tasks behind it have not begun.
type batch struct {
	stage  *policies.Stage
	id     golem.BatchID
	tries  []try // those that have not ended
	shared bool  // there were several
	load   *cargo
	began  time.Time // by our clock
	seen   time.Time // by the machine's, when the last task ended that has
}

func newBatch(stage *policies.Stage, tries []try, began time.Time) *batch {
	return &batch{stage: stage, tries: tries, shared: len(tries) > 1, began: began}
}

// commands joins those of all tries.
func (b *batch) commands() (all []golem.Command) {
	if len(b.tries) == 1 {
		return b.tries[0].commands
	}
	for i := range b.tries {
		b.tries[i].at.First = len(all)
		all = append(all, b.tries[i].commands...)
	}
	return all
}

// enough is how many results tell the end of the first try, where more follow it.
// The last one ends with the batch.
func (b *batch) enough() int {
	if len(b.tries) > 1 {
		return b.tries[1].at.First
	}
	return 0
}

// ended takes those off whose results are there. Of a batch that is over, those
// that are left have not begun.
func (b *batch) ended(results []golem.CommandResult, now time.Time) (ends []ending) {
	for len(b.tries) > 0 {
		e, ok := b.next(results)
		if !ok {
			break
		}
		ends, b.tries = append(ends, e), b.tries[1:]
		if e.fault != state.FaultNone {
			break
		}
	}
	b.time(ends, now)
	return ends
}

// next is the end of the first try, if it has ended.
func (b *batch) next(results []golem.CommandResult) (ending, bool) {
	n := len(results)
	over := results[n-1].IsBatchFinished
	failed := over && results[n-1].Result != golem.ResultOk
	to, whole := n, over
	if len(b.tries) > 1 {
		behind := b.tries[1].at.First
		to, whole = min(n, behind), n >= behind
	}
	e := ending{task: b.tries[0].task, at: b.tries[0].at}
	switch first := e.at.First; {
	case first < n && (whole || failed):
		e.results, e.load = results[first:to], b.load
		return e, true
	case over && !failed:
		e.fault, e.message = state.FaultProvider, "the machine left out commands of the batch"
		return e, true
	}
	return e, false
}

// time tells how long each of the ends took. The machine's clock divides the time
// that passes on ours: nobody tells when it began with a task.
func (b *batch) time(ends []ending, now time.Time) {
	if !b.shared || len(ends) == 0 {
		return
	}
	last := ends[len(ends)-1].date()
	for i := range ends {
		took := now.Sub(b.began) - last.Sub(ends[i].date())
		if !b.seen.IsZero() {
			took = ends[i].date().Sub(b.seen)
		}
		took = max(0, min(took, now.Sub(b.began)))
		b.seen = ends[i].date()
		ends[i].at.StartedAt = now.Add(-took)
	}
}

// date is when the last command ended, by the machine's clock.
func (e *ending) date() time.Time {
	if len(e.results) == 0 {
		return time.Time{}
	}
	return e.results[len(e.results)-1].EventDate
}

// begin records an attempt of each task, as the intent. A task that somebody else
// has is left out: that is never meant to be, and harms nobody.
func (r *runner) begin(tx *store.Tx, s *start, activity int64) error {
	tx.By(s.rev.number)
	for i := range s.tries {
		t := &s.tries[i]
		t.at = state.Attempt{} // of a transaction that was undone
		at, err := tx.BeginAttempt(r.Run, t.task, activity)
		if errors.Is(err, store.ErrStale) {
			r.Log.Error("a task was handed out twice", logTask, t.task.ID, logError, err)
			continue
		}
		if err != nil {
			return err
		}
		t.at, t.task.Attempts = at, at.Number
	}
	return nil
}

// begun leaves those out that have no attempt.
func (s *start) begun() []try {
	return slices.DeleteFunc(s.tries, func(t try) bool { return t.at.ID == 0 })
}

// prepare makes the commands of each of some tasks of one stage.
func (w *worker) prepare(rev *revision, tasks []state.Task) (*start, error) {
	stage := rev.policies.Stage(tasks[0].Stage)
	tries := make([]try, len(tasks))
	for i, t := range tasks {
		env, err := w.r.taskEnv(stage, t, t.Tries()+1)
		tries[i].task, tries[i].failure = t, tooMuch(err)
		switch {
		case err == nil:
			tries[i].commands, tries[i].plan, tries[i].failure = commandsOf(stage, env)
		case tries[i].failure == nil:
			return nil, err
		}
	}
	return &start{rev: rev, stage: stage, tries: tries}, nil
}

// fit leaves out those whose commands cannot be made; they have failed.
func (w *worker) fit(ctx context.Context, stage *policies.Stage, tries []try) []try {
	var bad []ending
	fit := slices.DeleteFunc(tries, func(t try) bool {
		if t.failure == nil {
			return false
		}
		w.r.failure(ctx, t.failure)
		bad = append(bad, ending{task: t.task, at: t.at, fault: state.FaultTask, message: t.failure.Error(), hopeless: true})
		return true
	})
	w.record(ctx, stage, bad...)
	return fit
}

// takeBack makes tasks pending again of which nothing was carried out.
func (w *worker) takeBack(tries []try) {
	if len(tries) == 0 {
		return
	}
	tasks := make([]state.Task, len(tries))
	err := w.r.update(w.life, func(tx *store.Tx) (err error) {
		for i := range tries {
			if tasks[i], err = tx.TakeBack(tries[i].at.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.r.giveUp(err)
		return
	}
	w.r.queue.add(tasks...)
}
