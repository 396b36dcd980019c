package store

import (
	"fmt"

	"tasks/runner/state"
)

// AskRetry records that somebody wants the tasks of a run that failed for good
// tried again. The process that works on the run does it.
func (t *Tx) AskRetry(id state.RunID) error {
	if err := t.setRun(`retry_asked = 1`, id); err != nil {
		return err
	}
	return t.AddEvent(id, "run.retry_asked", string(id), "")
}

// RetryDone records that what AskRetry asked for is done.
func (t *Tx) RetryDone(id state.RunID) error { return t.setRun(`retry_asked = 0`, id) }

// PutBack moves tasks of a run that failed for good back to pending, and returns
// them with the id of the last one's last attempt: those whose last attempts come
// after an id, and no more than limit. Their tries so far are forgiven. A run that
// ended with them is interrupted from then on, so that it can be carried on with.
func (t *Tx) PutBack(run state.RunID, afterID int64, limit int) (tasks []state.Task, last int64, err error) {
	type failed struct{ attempt, task int64 }
	scan := func(row scanner) (f failed, err error) {
		err = row.Scan(&f.attempt, &f.task)
		return f, err
	}
	all, err := list(t, scan, `SELECT a.id, t.id FROM attempts a INDEXED BY attempts_wrong CROSS JOIN tasks t ON t.id = a.task
		WHERE a.state IN ('failed', 'lost') AND a.id > ? AND t.run = (SELECT key FROM runs WHERE id = ?)
			AND t.state = 'failed' AND a.number = t.attempts
		ORDER BY a.id LIMIT ?`, afterID, run, limit)
	if err != nil || len(all) == 0 {
		return nil, afterID, wrap(err, "read failed tasks of run", run)
	}
	for _, f := range all {
		k, err := t.putBack(f.task)
		if err != nil {
			return nil, afterID, fmt.Errorf("put task %d back: %w", f.task, err)
		}
		tasks, last = append(tasks, k), f.attempt
	}
	return tasks, last, t.reopen(run)
}

func (t *Tx) putBack(task int64) (k state.Task, err error) {
	var stage int64
	err = t.change(`UPDATE tasks SET state = 'pending', finished_at = NULL, next_try_at = NULL,
			forgiven = attempts, quarantined = 0
		WHERE id = ? AND state = 'failed' RETURNING stage`, []any{task}, &stage)
	if err == nil {
		err = t.count(stage, state.Counts{Failed: -1, Pending: 1})
	}
	if err == nil {
		k, err = t.Task(task)
	}
	return k, err
}

// reopen makes a run that has failed one that was interrupted.
func (t *Tx) reopen(id state.RunID) error {
	r, err := t.Run(id)
	if err != nil || r.State != state.RunFailed {
		return err
	}
	const note = "failed tasks are to be tried again"
	if err := t.setRun(`state = ?2, note = ?3`, id, state.RunInterrupted, note); err != nil {
		return err
	}
	return t.AddEvent(id, "run."+string(state.RunInterrupted), string(id), note)
}
