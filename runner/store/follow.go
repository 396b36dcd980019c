package store

import (
	"fmt"

	"tasks/runner/state"
)

// addResult records the result, if there is one, under the run's next number.
func (t *Tx) addResult(o open, end AttemptEnd) (seq int64, err error) {
	if end.Value == nil {
		return 0, nil
	}
	err = t.change(`UPDATE runs SET last_seq = last_seq + 1 WHERE key = ? RETURNING last_seq`, []any{o.run}, &seq)
	if err == nil {
		_, _, err = t.exec(`INSERT INTO results (run, seq, task, attempt, value, count) VALUES (?, ?, ?, ?, ?, ?)`,
			o.run, seq, o.task, end.Attempt, raw(end.Value), end.Count)
	}
	if err != nil {
		return 0, fmt.Errorf("add result: %w", err)
	}
	return seq, nil
}

// emit records the tasks that the result gives rise to.
func (t *Tx) emit(o open, end AttemptEnd) ([]int64, error) {
	if len(end.Emitted) == 0 {
		return nil, nil
	}
	tasks := make([]state.Task, len(end.Emitted))
	for i, k := range end.Emitted {
		k.Parent = o.task
		tasks[i] = k
	}
	ids, err := t.addTasks(o.run, tasks)
	if err != nil {
		return nil, fmt.Errorf("add emitted tasks: %w", err)
	}
	return ids, nil
}

// countEnd keeps the counters.
func (t *Tx) countEnd(o open, end AttemptEnd) error {
	d := state.Counts{Running: -1}
	switch end.Task {
	case state.TaskPending:
		d.Pending = 1
	case state.TaskDone:
		d.Done = 1
	default:
		d.Failed = 1
	}
	if end.Value != nil {
		d.Results = int64(end.Count)
	}
	if err := t.count(o.stage, d); err != nil {
		return fmt.Errorf("count task: %w", err)
	}
	agreement, err := t.countActivity(o, end, d.Results)
	if err == nil {
		err = t.countProvider(agreement, end, d.Results)
	}
	return err
}

func (t *Tx) countActivity(o open, end AttemptEnd, results int64) (agreement int64, err error) {
	failed, forgiven := end.State != state.AttemptDone, end.State == state.AttemptLost && end.Fault == state.FaultNone
	err = t.change(`UPDATE activities SET batches = batches + 1, results = results + ?2,
			failures = failures + ?3, streak = CASE WHEN ?3 THEN streak + (NOT ?4) ELSE 0 END,
			busy_us = busy_us + ?5, last_task = ?6
		WHERE key = ?1 RETURNING agreement`,
		[]any{o.activity, results, failed, forgiven, t.now.Sub(o.started).Microseconds(), stamp(t.now)}, &agreement)
	return agreement, wrap(err, "count for activity", o.activity)
}

func (t *Tx) countProvider(agreement int64, end AttemptEnd, results int64) (err error) {
	switch {
	case end.State == state.AttemptDone:
		err = t.update(`UPDATE providers SET successes = successes + 1, results = results + ?2
			WHERE key = (SELECT provider FROM agreements WHERE key = ?1)`, agreement, results)
	case end.Fault == state.FaultProvider:
		err = t.update(`UPDATE providers SET failures = failures + 1, last_failure = ?2
			WHERE key = (SELECT provider FROM agreements WHERE key = ?1)`, agreement, stamp(t.now))
	}
	return wrap(err, "count for provider of agreement", agreement)
}
