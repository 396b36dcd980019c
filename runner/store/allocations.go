package store

import (
	"fmt"
	"time"

	"tasks/golem"
	"tasks/runner/state"
)

// An AllocationSet is what a move of an allocation records besides the state.
// Zero fields leave what is there.
type AllocationSet struct {
	ID      golem.AllocationID
	Total   golem.Amount
	Timeout time.Time
}

// AddAllocation records an intent, or an allocation that was found, and returns
// its key. A zero CreatedAt is now.
func (t *Tx) AddAllocation(a state.Allocation) (key int64, err error) {
	run, err := t.runKey(a.Run)
	if err != nil {
		return 0, err
	}
	_, key, err = t.exec(`INSERT INTO allocations (run, id, state, platform, total, timeout, created_at, ended_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		run, text(a.ID), a.State, a.Platform, a.Total, stamp(a.Timeout), stamp(t.or(a.CreatedAt)),
		t.endedAt(!a.State.CanMove(state.AllocationLost)))
	if err != nil {
		return 0, wrap(err, "add allocation of run", a.Run)
	}
	return key, t.eventFor(run, "allocation."+string(a.State), subject(a.ID, "allocation", key), a.Total.String()+" GLM")
}

// MoveAllocation moves an allocation. The error wraps ErrStale if it is not in
// the state from.
func (t *Tx) MoveAllocation(key int64, from, to state.AllocationState, set AllocationSet) error {
	if err := allowed("allocation", key, from, to); err != nil {
		return err
	}
	var total any
	if !set.Total.IsZero() {
		total = set.Total
	}
	var run int64
	var id golem.AllocationID
	err := t.change(`UPDATE allocations SET state = ?3, ended_at = ?4, id = coalesce(?5, id),
			total = coalesce(?6, total), timeout = coalesce(?7, timeout)
		WHERE key = ?1 AND state = ?2 RETURNING run, id`,
		[]any{key, from, to, t.endedAt(to != state.AllocationActive), text(set.ID), total, stamp(set.Timeout)},
		&run, textTo[golem.AllocationID]{&id})
	if err != nil {
		return stale(err, fmt.Sprintf("move allocation to %s:", to), key)
	}
	return t.eventFor(run, "allocation."+string(to), subject(id, "allocation", key), "")
}

// SetAllocation records an allocation's total and timeout as amended.
func (t *Tx) SetAllocation(key int64, total golem.Amount, timeout time.Time) error {
	var run int64
	var id golem.AllocationID
	err := t.change(`UPDATE allocations SET total = ?2, timeout = ?3 WHERE key = ?1 RETURNING run, id`,
		[]any{key, total, stamp(timeout)}, &run, textTo[golem.AllocationID]{&id})
	if err != nil {
		return notFound(err, "allocation", key)
	}
	return t.eventFor(run, "allocation.amended", subject(id, "allocation", key), total.String()+" GLM")
}

// Allocations returns the allocations of a run by key, all or those whose state
// is not final.
func (t *Tx) Allocations(run state.RunID, live bool) ([]state.Allocation, error) {
	scan := func(row scanner) (state.Allocation, error) {
		a := state.Allocation{Run: run}
		err := row.Scan(&a.Key, textTo[golem.AllocationID]{&a.ID}, &a.State, &a.Platform, &a.Total,
			timeTo{&a.Timeout}, timeTo{&a.CreatedAt})
		return a, err
	}
	all, err := list(t, scan, `SELECT key, id, state, platform, total, timeout, created_at FROM allocations
		WHERE run = (SELECT key FROM runs WHERE id = ?1) AND (NOT ?2 OR ended_at IS NULL) ORDER BY key`, run, live)
	return all, wrap(err, "read allocations of run", run)
}
