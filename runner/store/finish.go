package store

import (
	"encoding/json"
	"fmt"
	"time"

	"tasks/golem"
	"tasks/runner/state"
)

// maxOutput is how much of each output stream of a failed attempt is kept: its
// end, where programs say what went wrong.
const maxOutput = 64 << 10

// An AttemptEnd is how an attempt ended, and what follows for its task.
type AttemptEnd struct {
	Attempt  int64
	Batch    golem.BatchID      // if SetBatch has not recorded it, perhaps
	State    state.AttemptState // done, failed or lost
	Started  time.Time          // when the machine began with it; zero is when it was recorded
	Fault    state.Fault
	ExitCode int
	Message  string
	Verdict  string // why the task of a failed attempt is tried again or given up, or ""
	Stdout   []byte // kept of a failed attempt only, the last 64 KiB
	Stderr   []byte // likewise

	Task        state.TaskState // done, pending or failed
	NextTryAt   time.Time       // of a pending task; zero is at once
	Quarantined bool            // of a failed task: it fails wherever it runs

	Value   json.RawMessage // the result, or nil for none
	Count   int             // how many results Value counts for
	Emitted []state.Task    // new tasks; their Parent is set
}

// Finished is what FinishAttempt made.
type Finished struct {
	Seq        int64   // of the result, or 0
	EmittedIDs []int64 // as AddTasks returns them
	Task       state.Task
}

// FinishAttempt records everything about the end of an attempt at once: the
// attempt, its task, the result with the run's next Seq, the tasks it emits, and
// the counters of run, stage, activity and provider. The error wraps ErrStale if
// the attempt has ended already, or is to end well without a batch.
//
// An activity counts every end as a batch, and each one that is not done as a
// failure; its streak leaves out what was lost without a fault, because we gave
// that back ourselves. A provider is blamed for state.FaultProvider only, and
// no longer once the task is given up that broke several of them.
func (t *Tx) FinishAttempt(end AttemptEnd) (Finished, error) {
	defer t.justAdding()()
	f, err := t.finish(end)
	return f, wrap(err, "finish attempt", end.Attempt)
}

func (t *Tx) finish(end AttemptEnd) (f Finished, err error) {
	if !end.State.Done() || !state.TaskRunning.CanMove(end.Task) {
		return f, fmt.Errorf("to %s, its task to %s: %w", end.State, end.Task, ErrForbidden)
	}
	o, err := t.opened(end.Attempt)
	if err != nil {
		return f, err
	}
	if err := t.endAttempt(&o, end); err != nil {
		return f, err
	}
	if end.Value != nil {
		if f.Seq, err = t.nextSeq(o.run); err != nil {
			return f, err
		}
	}
	if f.Task, err = t.endTask(o, end, f.Seq); err != nil {
		return f, err
	}
	if end.Task == state.TaskFailed && o.number > 1 {
		if err := t.acquit(f.Task.ID); err != nil {
			return f, err
		}
	}
	if err = t.addResult(o, end, f.Seq); err != nil {
		return f, err
	}
	if f.EmittedIDs, err = t.emit(o, end); err != nil {
		return f, err
	}
	return f, t.countEnd(o, end)
}

// plain reports whether an attempt ended well, and nothing more is to be told of it.
// Nearly all do, and SQLite takes long to be told of what there is not.
func (e *AttemptEnd) plain() bool {
	return e.State == state.AttemptDone && e.Task == state.TaskDone && e.Batch != "" &&
		e.Fault == state.FaultNone && e.ExitCode == 0 && e.Message == "" && e.Verdict == ""
}

// endAttempt is the guarded move of the attempt.
func (t *Tx) endAttempt(o *open, end AttemptEnd) error {
	if !end.Started.IsZero() {
		o.started = end.Started
	}
	if end.plain() && t.by == 0 {
		err := t.update(`UPDATE attempts SET state = 'done', finished_at = ?2, started_at = ?3, batch = coalesce(batch, ?4)
			WHERE id = ?1 AND (state = 'running' OR state = 'starting')`,
			end.Attempt, stamp(t.now), stamp(o.started), text(end.Batch))
		return stale(err, "end attempt", end.Attempt)
	}
	stdout, stderr := any(nil), any(nil)
	if end.State == state.AttemptFailed {
		stdout, stderr = tail(end.Stdout), tail(end.Stderr)
	}
	err := t.update(`UPDATE attempts SET state = ?2, finished_at = ?3, fault = ?4, exit_code = ?5, message = ?6,
			stdout = ?7, stderr = ?8, revision = CASE ?9 WHEN 0 THEN revision ELSE ?9 END,
			started_at = ?10, batch = coalesce(batch, ?11), verdict = ?12
		WHERE id = ?1 AND (state = 'running' OR state = 'starting' AND (?2 <> 'done' OR ?11 IS NOT NULL))`,
		end.Attempt, end.State, stamp(t.now), text(end.Fault), nonzero(int64(end.ExitCode)), text(end.Message),
		stdout, stderr, t.by, stamp(o.started), text(end.Batch), text(end.Verdict))
	return stale(err, "end attempt", end.Attempt)
}

// tail is the end of an output, NULL for none.
func tail(output []byte) any {
	if len(output) == 0 {
		return nil
	}
	return output[max(0, len(output)-maxOutput):]
}

// endTask is the guarded move of the task; at most one attempt of it is open,
// so a task that is not running would be a broken database. seq is that of the
// result, or 0.
func (t *Tx) endTask(o open, end AttemptEnd, seq int64) (state.Task, error) {
	k := o.task
	k.State, k.Attempts = end.Task, o.number
	if end.Task == state.TaskPending {
		k.NextTryAt = end.NextTryAt.UTC().Truncate(time.Microsecond)
	} else {
		k.FinishedAt = t.now
	}
	var err error
	if end.plain() {
		err = t.update(`UPDATE tasks SET state = 'done', finished_at = ?2, result = ?3 WHERE id = ?1 AND state = 'running'`,
			k.ID, stamp(k.FinishedAt), nonzero(seq))
	} else {
		err = t.update(`UPDATE tasks SET state = ?2, next_try_at = ?3, finished_at = ?4, quarantined = ?5, result = ?6
			WHERE id = ?1 AND state = 'running'`,
			k.ID, end.Task, stamp(k.NextTryAt), stamp(k.FinishedAt), end.Quarantined, nonzero(seq))
	}
	if err != nil {
		return k, stale(err, "end task", k.ID)
	}
	delete(t.s.opens, end.Attempt)
	if k.State == state.TaskPending {
		k.FailedOn, err = t.failedOn(k.ID)
	}
	return k, err
}
