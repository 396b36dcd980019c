package store

import (
	"fmt"
	"time"

	"tasks/runner/state"
)

// open is an attempt that has not ended, with the keys of what hangs on it. What
// this process begins it also ends, so it is kept in memory in between, and read
// only when another process began it. Whether it is still open is for the guarded
// moves to say: a begin that was undone leaves one here that they refuse.
type open struct {
	task     state.Task // as it was before
	number   int
	activity int64
	started  time.Time
	run      int64
	stage    int64
}

// opened returns an attempt that is to be ended; the error wraps ErrStale if there
// is none.
func (t *Tx) opened(attempt int64) (o open, err error) {
	if o, ok := t.s.opens[attempt]; ok {
		return o, nil
	}
	err = t.get(`SELECT a.number, a.activity, a.started_at, t.run, t.stage, t.id, t.idx, t.item, t.parent, t.forgiven
		FROM attempts a JOIN tasks t ON t.id = a.task WHERE a.id = ?`, []any{attempt},
		&o.number, &o.activity, timeTo{&o.started}, &o.run, &o.stage,
		&o.task.ID, &o.task.Index, rawTo{&o.task.Item}, intTo[int64]{&o.task.Parent}, &o.task.Forgiven)
	if err == nil {
		o.task.Stage, err = t.stageName(o.stage)
	}
	return o, stale(err, "end attempt", attempt)
}

// A stageID names a stage across runs.
type stageID struct {
	run  state.RunID
	name string
}

type stageKeys struct{ run, stage int64 }

// stageKeys returns the keys of a stage and its run, which never change either;
// none is sql.ErrNoRows.
func (t *Tx) stageKeys(run state.RunID, stage string) (keys stageKeys, err error) {
	id := stageID{run, stage}
	if keys, ok := t.s.stages[id]; ok {
		return keys, nil
	}
	err = t.get(`SELECT r.key, s.key FROM runs r JOIN stages s ON s.run = r.key WHERE r.id = ? AND s.name = ?`, []any{run, stage},
		&keys.run, &keys.stage)
	if err == nil {
		t.s.stages[id] = keys
	}
	return keys, err
}

// providerOf returns the key of an activity's provider, which never changes.
func (t *Tx) providerOf(activity int64) (key int64, err error) {
	if key, ok := t.s.providers[activity]; ok {
		return key, nil
	}
	err = t.get(`SELECT g.provider FROM activities v JOIN agreements g ON g.key = v.agreement WHERE v.key = ?`, []any{activity}, &key)
	if err == nil {
		t.s.providers[activity] = key
	}
	return key, err
}

// forgetKeys is for when a row may be gone, and its key be given to another.
func (s *Store) forgetKeys() {
	clear(s.stageNames)
	clear(s.stages)
	clear(s.providers)
}

// stageName returns the name of a stage, which never changes.
func (t *Tx) stageName(key int64) (name string, err error) {
	if name, ok := t.s.stageNames[key]; ok {
		return name, nil
	}
	if err := t.get(`SELECT name FROM stages WHERE key = ?`, []any{key}, &name); err != nil {
		return "", fmt.Errorf("read stage %d: %w", key, err)
	}
	t.s.stageNames[key] = name
	return name, nil
}
