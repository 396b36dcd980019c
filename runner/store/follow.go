package store

import (
	"fmt"

	"tasks/runner/state"
)

// addResult records the result under its number, if there is one.
func (t *Tx) addResult(o open, end AttemptEnd, seq int64) error {
	if seq == 0 {
		return nil
	}
	_, _, err := t.exec(`INSERT INTO results (run, seq, task, attempt, value, count) VALUES (?, ?, ?, ?, ?, ?)`,
		o.run, seq, o.task.ID, end.Attempt, raw(end.Value), end.Count)
	return wrap(err, "add result of task", o.task.ID)
}

// emit records the tasks that the result gives rise to.
func (t *Tx) emit(o open, end AttemptEnd) ([]int64, error) {
	if len(end.Emitted) == 0 {
		return nil, nil
	}
	tasks := make([]state.Task, len(end.Emitted))
	for i, k := range end.Emitted {
		k.Parent = o.task.ID
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
	t.sums.part.do(o.activity, t.doings(o, end, d.Results))
	return nil
}

// doings is what the end of an attempt counts for its activity and provider.
func (t *Tx) doings(o open, end AttemptEnd, results int64) doings {
	d := doings{batches: 1, results: results, busy: t.now.Sub(o.started), last: t.now}
	if end.State == state.AttemptDone {
		d.reset, d.successes, d.providerResults = true, 1, results
		return d
	}
	d.failures = 1
	if end.State != state.AttemptLost || end.Fault != state.FaultNone {
		d.streak = 1
	}
	switch end.Fault {
	case state.FaultProvider:
		d.blamed, d.lastBlamed = 1, t.now
	case state.FaultTask:
		d.own = 1
	case state.FaultTimeout:
		d.timeouts = 1
	}
	return d
}
