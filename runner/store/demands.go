package store

import (
	"tasks/golem"
	"tasks/runner/state"
)

// AddDemand records a published demand. A zero CreatedAt is now.
func (t *Tx) AddDemand(d state.Demand) error {
	run, err := t.runKey(d.Run)
	if err != nil {
		return err
	}
	_, _, err = t.exec(`INSERT INTO demands (id, run, created_at) VALUES (?, ?, ?)`, d.ID, run, stamp(t.or(d.CreatedAt)))
	if err != nil {
		return wrap(err, "add demand", d.ID)
	}
	return t.eventFor(run, "demand.published", string(d.ID), "")
}

// EndDemand records that a demand is withdrawn or gone; once is enough. The
// error wraps ErrNotFound.
func (t *Tx) EndDemand(id golem.DemandID) error {
	var run int64
	var ended bool
	err := t.get(`SELECT run, ended_at IS NOT NULL FROM demands WHERE id = ?`, []any{id}, &run, &ended)
	if err != nil || ended {
		return notFound(err, "demand", id)
	}
	if err := t.update(`UPDATE demands SET ended_at = ?2 WHERE id = ?1`, id, stamp(t.now)); err != nil {
		return wrap(err, "end demand", id)
	}
	return t.eventFor(run, "demand.ended", string(id), "")
}

// OpenDemands returns the demands of a run that may be alive, the oldest first.
func (t *Tx) OpenDemands(run state.RunID) ([]state.Demand, error) {
	scan := func(row scanner) (state.Demand, error) {
		d := state.Demand{Run: run}
		err := row.Scan(&d.ID, timeTo{&d.CreatedAt})
		return d, err
	}
	all, err := list(t, scan, `SELECT id, created_at FROM demands
		WHERE run = (SELECT key FROM runs WHERE id = ?) AND ended_at IS NULL ORDER BY created_at, id`, run)
	return all, wrap(err, "read open demands of run", run)
}
