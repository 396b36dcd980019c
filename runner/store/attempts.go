package store

import (
	"fmt"

	"tasks/golem"
	"tasks/runner/state"
)

const attemptColumns = `a.id, a.task, a.number, a.activity, a.state, a.batch, a.started_at, a.finished_at,
	a.fault, a.exit_code, a.message, a.stdout, a.stderr, a.revision`

func scanAttempt(row scanner) (a state.Attempt, err error) {
	err = row.Scan(&a.ID, &a.Task, &a.Number, &a.Activity, &a.State, textTo[golem.BatchID]{&a.Batch},
		timeTo{&a.StartedAt}, timeTo{&a.FinishedAt}, textTo[state.Fault]{&a.Fault},
		intTo[int]{&a.ExitCode}, textTo[string]{&a.Message}, &a.Stdout, &a.Stderr, &a.Revision)
	return a, err
}

// BeginAttempt moves a pending task to running, with a new attempt in an
// activity, by its key, as the intent. The error wraps ErrStale if the task is
// not pending.
func (t *Tx) BeginAttempt(task, activity int64) (state.Attempt, error) {
	a := state.Attempt{Task: task, Activity: activity, State: state.AttemptStarting, StartedAt: t.now}
	var stage int64
	err := t.change(`UPDATE tasks SET state = 'running', attempts = attempts + 1, next_try_at = NULL
		WHERE id = ? AND state = 'pending' RETURNING attempts, stage`, []any{task}, &a.Number, &stage)
	if err != nil {
		return a, stale(err, "begin task", task)
	}
	_, a.ID, err = t.exec(`INSERT INTO attempts (task, number, activity, started_at, revision) VALUES (?, ?, ?, ?, ?)`,
		task, a.Number, activity, stamp(t.now), t.by)
	if err == nil {
		err = t.update(`UPDATE activities SET last_task = ?2 WHERE key = ?1`, activity, stamp(t.now))
	}
	if err == nil {
		err = t.count(stage, state.Counts{Pending: -1, Running: 1})
	}
	return a, wrap(err, "begin task", task)
}

// SetBatch moves an attempt from starting to running, with the batch that the
// daemon answered. The error wraps ErrStale if it is not starting.
func (t *Tx) SetBatch(attempt int64, batch golem.BatchID) error {
	err := t.update(`UPDATE attempts SET state = 'running', batch = ?2 WHERE id = ?1 AND state = 'starting'`,
		attempt, text(batch))
	return stale(err, "set batch of attempt", attempt)
}

// OpenAttempts returns the attempts of a run that have not ended.
func (t *Tx) OpenAttempts(run state.RunID) ([]state.Attempt, error) {
	// CROSS JOIN keeps the order: from the few live attempts to their tasks.
	all, err := list(t, scanAttempt, `SELECT `+attemptColumns+`
		FROM attempts a INDEXED BY attempts_live CROSS JOIN tasks t ON t.id = a.task
		WHERE a.finished_at IS NULL AND t.run = (SELECT key FROM runs WHERE id = ?) ORDER BY a.id`, run)
	return all, wrap(err, "read open attempts of run", run)
}

// Attempts returns all attempts of a task, the first one first.
func (t *Tx) Attempts(task int64) ([]state.Attempt, error) {
	all, err := list(t, scanAttempt, `SELECT `+attemptColumns+` FROM attempts a WHERE a.task = ? ORDER BY a.number`, task)
	return all, wrap(err, "read attempts of task", task)
}

// FailedProviders returns with how many different providers a task has failed,
// the one of the given activity included, where it fails now. Attempts that we
// gave up ourselves are left out.
func (t *Tx) FailedProviders(task, activity int64) (int, error) {
	var n int
	err := t.get(`SELECT count(DISTINCT g.provider) FROM activities v JOIN agreements g ON g.key = v.agreement
		WHERE v.key = ?2 OR v.key IN (SELECT activity FROM attempts
			WHERE task = ?1 AND (state = 'failed' OR state = 'lost' AND fault IS NOT NULL))`,
		[]any{task, activity}, &n)
	if err != nil {
		return 0, fmt.Errorf("read providers of task %d: %w", task, err)
	}
	return n, nil
}
