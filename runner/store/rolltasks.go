package store

import (
	"slices"

	"tasks/runner/state"
)

func scanEnded(row scanner) (k state.EndedTask, err error) {
	err = row.Scan(&k.ID, intTo[int64]{&k.Result}, timeTo{&k.FinishedAt}, &k.Failed)
	return k, err
}

// last are the tasks that stay although they have ended: a number is never given
// twice, and SQLite goes on from the highest that is there.
const last = `SELECT max(id) FROM tasks UNION ALL SELECT task FROM attempts WHERE id = (SELECT max(id) FROM attempts)`

// WithResult returns the tasks of a run whose results are the oldest, in the order
// of the results: no more than limit, and only those whose results are written to
// the results file if written says so.
func (t *Tx) WithResult(run state.RunID, written bool, limit int) ([]state.EndedTask, error) {
	all, err := list(t, scanEnded, `SELECT k.id, k.result, k.finished_at, 0
		FROM results u CROSS JOIN tasks k ON k.id = u.task
		WHERE u.run = (SELECT key FROM runs WHERE id = ?1)
			AND u.seq <= (SELECT CASE WHEN ?2 THEN results_exported ELSE last_seq END FROM runs WHERE id = ?1)
		ORDER BY u.seq LIMIT ?3`, run, written, limit)
	if err != nil || len(all) == 0 {
		return nil, wrap(err, "read oldest results of run", run)
	}
	stay, err := t.keys(last)
	// Results go in their order, without a gap.
	if i := slices.IndexFunc(all, func(k state.EndedTask) bool { return slices.Contains(stay, k.ID) }); i >= 0 {
		all = all[:i]
	}
	return all, wrap(err, "read last task after run", run)
}

// WithoutResult returns the tasks of a run that are done and have no result, or
// those that failed: the oldest by their numbers, and no more than limit.
func (t *Tx) WithoutResult(run state.RunID, failed bool, limit int) ([]state.EndedTask, error) {
	query := `SELECT id, 0, finished_at, 0 FROM tasks WHERE run = (SELECT key FROM runs WHERE id = ?)
		AND state = 'done' AND result IS NULL AND id NOT IN (` + last + `) ORDER BY id LIMIT ?`
	if failed {
		query = `SELECT id, 0, finished_at, 1 FROM tasks WHERE run = (SELECT key FROM runs WHERE id = ?)
		AND state = 'failed' AND id NOT IN (` + last + `) ORDER BY id LIMIT ?`
	}
	all, err := list(t, scanEnded, query, run, limit)
	return all, wrap(err, "read oldest tasks of run", run)
}

// RollUpTasks rolls up tasks that WithResult or WithoutResult returned, with
// their attempts and results.
func (t *Tx) RollUpTasks(run state.RunID, tasks []state.EndedTask) error {
	if !t.write {
		return ErrReadOnly
	}
	key, err := t.runKey(run)
	if err != nil {
		return err
	}
	var d Rolled
	gone := map[int64]int64{} // attempts, by activity
	for _, k := range tasks {
		if err := t.rollUpTask(key, k, gone); err != nil {
			return wrap(err, "roll up task", k.ID)
		}
		if k.Failed {
			d.Failed++
		} else {
			d.Done++
		}
		if k.Result != 0 {
			d.Results++
		}
	}
	if d.Attempts, err = t.countRolled(gone); err != nil {
		return err
	}
	return t.addRolled(key, d)
}

func (t *Tx) rollUpTask(run int64, k state.EndedTask, gone map[int64]int64) error {
	if k.Result != 0 {
		if err := t.update(`DELETE FROM results WHERE run = ? AND seq = ? AND task = ?`, run, k.Result, k.ID); err != nil {
			return err
		}
	}
	activities, err := t.keys(`DELETE FROM attempts WHERE task = ? AND finished_at IS NOT NULL RETURNING activity`, k.ID)
	if err != nil {
		return err
	}
	for _, activity := range activities {
		gone[activity]++
	}
	return t.update(`DELETE FROM tasks WHERE id = ? AND run = ? AND finished_at IS NOT NULL`, k.ID, run)
}

// countRolled tells activities how many of their attempts are gone.
func (t *Tx) countRolled(gone map[int64]int64) (all int64, err error) {
	for activity, n := range gone {
		if err := t.update(`UPDATE activities SET rolled = rolled + ?2 WHERE key = ?1`, activity, n); err != nil {
			return 0, wrap(err, "count attempts of activity", activity)
		}
		all += n
	}
	return all, nil
}

// A TriedAgain is an attempt that went wrong, of a task that was tried again many
// times since.
type TriedAgain struct {
	ID       int64
	activity int64
	tells    bool  // of a failure at its provider, by which its task is judged
	instead  int64 // a later attempt that tells as much of it, or 0
	output   bool
}

// needed reports whether nothing else tells what it does.
func (a TriedAgain) needed() bool { return a.tells && a.instead == 0 }

// TriedAgain returns attempts of a run that went wrong and after which their
// tasks were tried at least the given number of times: those after an id, out of
// the next limit attempts that went wrong, and the last of those.
func (t *Tx) TriedAgain(run state.RunID, after int64, tries, limit int) (old []TriedAgain, last int64, err error) {
	key, err := t.runKey(run)
	if err != nil {
		return nil, after, err
	}
	type seen struct {
		TriedAgain
		task, later, of int64
	}
	scan := func(row scanner) (a seen, err error) {
		err = row.Scan(&a.ID, &a.activity, &a.task, &a.later, &a.tells, &a.output, &a.of)
		return a, err
	}
	page, err := list(t, scan, `SELECT a.id, a.activity, a.task, k.attempts - a.number,
			a.number > k.forgiven AND (a.state = 'failed' OR a.fault IS NOT NULL), a.stdout IS NOT NULL OR a.stderr IS NOT NULL, k.run
		FROM attempts a INDEXED BY attempts_wrong CROSS JOIN tasks k ON k.id = a.task
		WHERE a.state IN ('failed', 'lost') AND a.id > ? ORDER BY a.id LIMIT ?`, after, limit)
	if err != nil {
		return nil, after, wrap(err, "read attempts of run", run)
	}
	for _, a := range page {
		after = a.ID
		if a.of != key || a.later < int64(tries) {
			continue
		}
		if a.tells {
			if a.instead, err = t.tellsAsMuch(a.task, a.ID); err != nil {
				return nil, after, wrap(err, "read attempts of task", a.task)
			}
		}
		if !a.needed() || a.output {
			old = append(old, a.TriedAgain)
		}
	}
	return old, after, nil
}

// tellsAsMuch returns the last attempt of a task that says as much as an earlier one
// does, or 0: that it failed at that provider, and by its own fault.
func (t *Tx) tellsAsMuch(task, attempt int64) (instead int64, err error) {
	err = t.get(`SELECT coalesce((SELECT a.id FROM attempts a
			JOIN activities v ON v.key = a.activity JOIN agreements g ON g.key = v.agreement
			WHERE a.task = ?1 AND a.number > o.number AND (a.state = 'failed' OR a.state = 'lost' AND a.fault IS NOT NULL)
				AND g.provider = og.provider AND (a.fault = 'task' OR o.fault IS NOT 'task')
			ORDER BY a.number DESC LIMIT 1), 0)
		FROM attempts o JOIN activities ov ON ov.key = o.activity JOIN agreements og ON og.key = ov.agreement
		WHERE o.id = ?2`, []any{task, attempt}, &instead)
	return instead, err
}

// RollUpAttempts rolls up attempts that TriedAgain returned. Of those that alone
// tell of a failure at a provider only the output goes.
func (t *Tx) RollUpAttempts(run state.RunID, old []TriedAgain) error {
	key, err := t.runKey(run)
	if err != nil {
		return err
	}
	gone := map[int64]int64{}
	for _, a := range old {
		if a.needed() {
			err = t.update(`UPDATE attempts SET stdout = NULL, stderr = NULL WHERE id = ?`, a.ID)
		} else {
			err = t.dropAttempt(a)
			gone[a.activity]++
		}
		if err != nil {
			return wrap(err, "roll up attempt", a.ID)
		}
	}
	n, err := t.countRolled(gone)
	if err != nil {
		return err
	}
	return t.addRolled(key, Rolled{Attempts: n})
}

// dropAttempt deletes an attempt. The one that tells as much takes over its blames,
// so that all of them can be taken back if the task is given up.
func (t *Tx) dropAttempt(a TriedAgain) error {
	if a.instead != 0 {
		_, _, err := t.exec(`UPDATE attempts SET blames = coalesce(blames, 0) + o.n
			FROM (SELECT coalesce(fault = 'provider', 0) + coalesce(blames, 0) AS n FROM attempts WHERE id = ?2) o
			WHERE id = ?1 AND o.n > 0`, a.instead, a.ID)
		if err != nil {
			return err
		}
	}
	return t.update(`DELETE FROM attempts WHERE id = ? AND finished_at IS NOT NULL`, a.ID)
}
