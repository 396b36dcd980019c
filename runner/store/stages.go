package store

import (
	"database/sql"
	"errors"

	"tasks/runner/state"
)

// Cursors returns how far each source of a run has been read, by stage. Stages
// whose source was not begun are not in it.
func (t *Tx) Cursors(run state.RunID) (map[string]state.Cursor, error) {
	scan := func(row scanner) (c state.Cursor, err error) {
		err = row.Scan(&c.Stage, rawTo{&c.Position}, &c.Next, &c.Ended)
		return c, err
	}
	all, err := list(t, scan, `SELECT name, position, next, ended FROM stages
		WHERE run = (SELECT key FROM runs WHERE id = ?) AND (position IS NOT NULL OR next > 0 OR ended)`, run)
	out := make(map[string]state.Cursor, len(all))
	for _, c := range all {
		out[c.Stage] = c
	}
	return out, wrap(err, "read cursors of run", run)
}

// SaveCursor records how far a source has been read, in the same transaction as
// the items it gave.
func (t *Tx) SaveCursor(run state.RunID, c state.Cursor) error {
	key, err := t.runKey(run)
	if err != nil {
		return err
	}
	_, _, err = t.exec(`INSERT INTO stages (run, name, position, next, ended) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (run, name) DO UPDATE SET position = ?3, next = ?4, ended = ?5`,
		key, c.Stage, raw(c.Position), c.Next, c.Ended)
	return wrap(err, "save cursor of stage", c.Stage)
}

// Counts returns the numbers of a run's tasks and results. They are kept with
// every change, so asking costs the same however many tasks there are.
func (t *Tx) Counts(run state.RunID) (state.Counts, error) {
	var sum state.Counts
	stages, err := t.StageCounts(run)
	for _, c := range stages {
		sum.Pending += c.Pending
		sum.Running += c.Running
		sum.Done += c.Done
		sum.Failed += c.Failed
		sum.Results += c.Results
	}
	return sum, err
}

// StageCounts returns the same numbers by stage; a stage that never had a task
// may be missing.
func (t *Tx) StageCounts(run state.RunID) (map[string]state.Counts, error) {
	type stage struct {
		name string
		state.Counts
	}
	scan := func(row scanner) (s stage, err error) {
		err = row.Scan(&s.name, &s.Pending, &s.Running, &s.Done, &s.Failed, &s.Results)
		return s, err
	}
	all, err := list(t, scan, `SELECT name, pending, running, done, failed, results FROM stages
		WHERE run = (SELECT key FROM runs WHERE id = ?)`, run)
	out := make(map[string]state.Counts, len(all))
	for _, s := range all {
		out[s.name] = s.Counts
	}
	return out, wrap(err, "read counts of run", run)
}

// stageKey returns the key of a stage and makes the stage known.
func (t *Tx) stageKey(run int64, name string) (int64, error) {
	var key int64
	err := t.get(`SELECT key FROM stages WHERE run = ? AND name = ?`, []any{run, name}, &key)
	if errors.Is(err, sql.ErrNoRows) {
		_, key, err = t.exec(`INSERT INTO stages (run, name) VALUES (?, ?)`, run, name)
	}
	return key, err
}

// count adds to the counters of a stage.
func (t *Tx) count(stage int64, d state.Counts) error {
	if !t.write {
		return ErrReadOnly
	}
	t.sums.part.count(stage, d)
	return nil
}
