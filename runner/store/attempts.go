package store

import (
	"database/sql"
	"errors"

	"tasks/golem"
	"tasks/runner/state"
)

const attemptColumns = `a.id, a.task, a.number, a.activity, a.state, a.batch, a.started_at, a.finished_at,
	a.fault, a.exit_code, a.message, a.stdout, a.stderr, a.revision, a.first`

func scanAttempt(row scanner) (a state.Attempt, err error) {
	err = row.Scan(&a.ID, &a.Task, &a.Number, &a.Activity, &a.State, textTo[golem.BatchID]{&a.Batch},
		timeTo{&a.StartedAt}, timeTo{&a.FinishedAt}, textTo[state.Fault]{&a.Fault},
		intTo[int]{&a.ExitCode}, textTo[string]{&a.Message}, &a.Stdout, &a.Stderr, &a.Revision, intTo[int]{&a.First})
	return a, err
}

// BeginAttempt moves a pending task of a run to running, with a new attempt in an
// activity, by its key, as the intent. Of the task the ID must be right; the rest
// saves a look where it is what the store has. The error wraps ErrStale if the task
// is not pending.
func (t *Tx) BeginAttempt(run state.RunID, task state.Task, activity int64) (state.Attempt, error) {
	defer t.justAdding()()
	a := state.Attempt{Task: task.ID, Activity: activity, State: state.AttemptStarting, StartedAt: t.now}
	o, err := t.beginTask(run, task)
	if err != nil {
		return a, stale(err, "begin task", task.ID)
	}
	o.activity, o.started, a.Number = activity, t.now, o.number
	_, a.ID, err = t.exec(`INSERT INTO attempts (task, number, activity, started_at, revision) VALUES (?, ?, ?, ?, ?)`,
		a.Task, a.Number, activity, stamp(t.now), t.by)
	if err == nil {
		t.s.opens[a.ID] = o
		t.sums.part.do(activity, doings{last: t.now})
		err = t.count(o.stage, state.Counts{Pending: -1, Running: 1})
	}
	return a, wrap(err, "begin task", task.ID)
}

// beginTask is the guarded move of the task; none that is pending is sql.ErrNoRows.
func (t *Tx) beginTask(run state.RunID, task state.Task) (open, error) {
	o := open{task: task, number: task.Attempts + 1}
	keys, err := t.stageKeys(run, task.Stage)
	if err == nil {
		o.run, o.stage = keys.run, keys.stage
		err = t.runTask(o)
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return o, err
	}
	// The caller knows another task, or an older one.
	err = t.get(`SELECT attempts + 1, run, stage, idx, item, parent, forgiven FROM tasks WHERE id = ? AND state = 'pending'`, []any{task.ID},
		&o.number, &o.run, &o.stage, &o.task.Index, rawTo{&o.task.Item}, intTo[int64]{&o.task.Parent}, &o.task.Forgiven)
	if err == nil {
		o.task.Stage, err = t.stageName(o.stage)
	}
	if err == nil {
		err = t.runTask(o)
	}
	return o, err
}

func (t *Tx) runTask(o open) error {
	return t.update(`UPDATE tasks SET state = 'running', attempts = ?2, next_try_at = NULL
		WHERE id = ?1 AND state = 'pending' AND attempts = ?2 - 1 AND stage = ?3`, o.task.ID, o.number, o.stage)
}

// SetBatch moves an attempt from starting to running, with the batch that the
// daemon answered and the index of the attempt's first command in it. The error
// wraps ErrStale if it is not starting.
func (t *Tx) SetBatch(attempt int64, batch golem.BatchID, first int) error {
	defer t.justAdding()()
	err := t.update(`UPDATE attempts SET state = 'running', batch = ?2, first = ?3 WHERE id = ?1 AND state = 'starting'`,
		attempt, text(batch), nonzero(int64(first)))
	return stale(err, "set batch of attempt", attempt)
}

// TakeBack undoes BeginAttempt for an attempt of which the machine has carried out
// nothing, and returns its task, pending again as if it had not been tried. The
// error wraps ErrStale if the attempt has ended.
func (t *Tx) TakeBack(attempt int64) (k state.Task, err error) {
	var stage int64
	err = t.change(`DELETE FROM attempts WHERE id = ? AND finished_at IS NULL RETURNING task`, []any{attempt}, &k.ID)
	if err != nil {
		return k, stale(err, "take back attempt", attempt)
	}
	delete(t.s.opens, attempt)
	err = t.change(`UPDATE tasks SET state = 'pending', attempts = attempts - 1 WHERE id = ? AND state = 'running' RETURNING stage`,
		[]any{k.ID}, &stage)
	if err == nil {
		err = t.count(stage, state.Counts{Pending: 1, Running: -1})
	}
	if err != nil {
		return k, wrap(err, "take back attempt", attempt)
	}
	return t.Task(k.ID)
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

// failedOnMost is how many providers of a task's failures are told.
const failedOnMost = 16

// A failure is a provider that a task failed on, and whether by the task's own
// fault.
type failure struct {
	provider golem.NodeID
	own      bool
}

// failures returns the providers that a task failed on, the last one first.
// Attempts that we gave up ourselves are left out, and those that are forgiven.
func (t *Tx) failures(task int64) ([]failure, error) {
	scan := func(row scanner) (f failure, err error) {
		var latest int
		err = row.Scan(&f.provider, &f.own, &latest)
		return f, err
	}
	all, err := list(t, scan, `SELECT p.id, max(a.fault = 'task'), max(a.number) AS latest
		FROM attempts a JOIN activities v ON v.key = a.activity JOIN agreements g ON g.key = v.agreement
			JOIN providers p ON p.key = g.provider
		WHERE a.task = ?1 AND a.number > (SELECT forgiven FROM tasks WHERE id = ?1)
			AND (a.state = 'failed' OR a.state = 'lost' AND a.fault IS NOT NULL)
		GROUP BY g.provider ORDER BY latest DESC`, task)
	return all, wrap(err, "read providers of task", task)
}

func (t *Tx) failedOn(task int64) (out []golem.NodeID, err error) {
	all, err := t.failures(task)
	for _, f := range all[:min(len(all), failedOnMost)] {
		out = append(out, f.provider)
	}
	return out, err
}

// Blame is with how many different providers a task has failed.
type Blame struct {
	Providers int // whoever was at fault
	Own       int // of those, where it was the task's own fault
}

// Blame counts the providers that a task has failed on, with the one where it
// fails now and whose fault that is. Attempts that we gave up ourselves are left
// out, and those from before a user put the task back.
func (t *Tx) Blame(task int64, provider golem.NodeID, fault state.Fault) (Blame, error) {
	all, err := t.failures(task)
	own := map[golem.NodeID]bool{provider: fault == state.FaultTask}
	for _, f := range all {
		own[f.provider] = own[f.provider] || f.own
	}
	b := Blame{Providers: len(own)}
	for _, is := range own {
		if is {
			b.Own++
		}
	}
	return b, err
}
