package store

import (
	"time"

	"tasks/runner/state"
)

func (t *Tx) oldBills(where string, args ...any) ([]state.OldBill, error) {
	scan := func(row scanner) (b state.OldBill, err error) {
		err = row.Scan(&b.Key, &b.State, &b.Total, &b.Increment, timeTo{&b.IssuedAt}, timeTo{&b.DecidedAt})
		return b, err
	}
	return list(t, scan, `SELECT key, state, total, increment, issued_at, decided_at FROM bills `+where, args...)
}

// OldNotes returns the first debit notes of activities of a run, no more than limit
// of each: of the activities after a key whose first note came before a moment, by
// key, no more than limit of them either.
func (t *Tx) OldNotes(run state.RunID, after int64, before time.Time, limit int) ([]state.OldNotes, error) {
	scan := func(row scanner) (n state.OldNotes, err error) {
		err = row.Scan(&n.Activity, &n.Paid)
		return n, err
	}
	all, err := list(t, scan, `SELECT key, paid FROM activities WHERE run = (SELECT key FROM runs WHERE id = ?)
		AND key > ? AND created_at < ? ORDER BY key LIMIT ?`, run, after, stamp(before), limit)
	for i := range all {
		if err == nil {
			// The last of all stays: its number must not be given again.
			all[i].Notes, err = t.oldBills(`WHERE activity = ? AND key < (SELECT max(key) FROM bills) ORDER BY key LIMIT ?`,
				all[i].Activity, limit)
		}
	}
	return all, wrap(err, "read old debit notes of run", run)
}

// RollUpNotes rolls up debit notes of an activity. What they charged before exact
// is added up by the hour.
func (t *Tx) RollUpNotes(run state.RunID, activity int64, notes []state.OldBill, exact time.Time) error {
	key, err := t.runKey(run)
	if err != nil {
		return err
	}
	if err := t.dropBills(key, notes, exact); err != nil {
		return wrap(err, "roll up debit notes of activity", activity)
	}
	var until time.Time
	for _, n := range notes {
		if n.IssuedAt.After(until) {
			until = n.IssuedAt
		}
	}
	err = t.update(`UPDATE activities SET rolled_notes = rolled_notes + ?2, rolled_until = max(coalesce(rolled_until, ?3), ?3)
		WHERE key = ?1`, activity, len(notes), until.UnixMicro())
	if err != nil {
		return wrap(err, "roll up debit notes of activity", activity)
	}
	return t.addRolled(key, Rolled{Bills: int64(len(notes))})
}

func (t *Tx) dropBills(run int64, bills []state.OldBill, exact time.Time) error {
	for _, b := range bills {
		if b.State == state.BillAccepted || b.State == state.BillSettled {
			if err := t.addRolledSpend(run, Spend{At: b.DecidedAt, Amount: b.Increment}, exact); err != nil {
				return err
			}
		}
		if err := t.update(`DELETE FROM bills WHERE key = ?`, b.Key); err != nil {
			return wrap(err, "roll up bill", b.Key)
		}
	}
	return nil
}

// NoteRolledUp reports whether a debit note that is not known may be one of those
// that are rolled up: it is no later than they are.
func (t *Tx) NoteRolledUp(activity int64, id string, issued time.Time) (old bool, err error) {
	err = t.get(`SELECT coalesce(rolled_until >= ?3, FALSE) AND NOT EXISTS (SELECT 1 FROM bills WHERE id = ?2)
		FROM activities WHERE key = ?1`, []any{activity, id, stamp(issued)}, &old)
	return old, notFound(err, "activity", activity)
}

// RollUpHistory deletes what a run's history has from before a moment: events,
// demands and allocations that have ended. It returns how many rows are gone, of
// each kind no more than limit.
func (t *Tx) RollUpHistory(run state.RunID, before time.Time, limit int) (gone int64, err error) {
	key, err := t.runKey(run)
	if err != nil {
		return 0, err
	}
	// The last of all stays: numbers go on from it, and so does the clock.
	events, _, err := t.exec(`DELETE FROM events WHERE at < ?2 AND seq IN (SELECT seq FROM events
		WHERE run = ?1 AND seq < (SELECT max(seq) FROM events) ORDER BY seq LIMIT ?3)`, key, stamp(before), limit)
	if err != nil {
		return 0, wrap(err, "roll up events of run", run)
	}
	demands, _, err := t.exec(`DELETE FROM demands WHERE id IN (SELECT id FROM demands
		WHERE run = ?1 AND ended_at IS NOT NULL AND ended_at < ?2 LIMIT ?3)`, key, stamp(before), limit)
	if err != nil {
		return 0, wrap(err, "roll up demands of run", run)
	}
	allocations, _, err := t.exec(`DELETE FROM allocations WHERE ended_at < ?2 AND key IN (SELECT key FROM allocations
		WHERE run = ?1 AND ended_at IS NOT NULL AND key < (SELECT max(key) FROM allocations) ORDER BY key LIMIT ?3)`,
		key, stamp(before), limit)
	if err != nil {
		return 0, wrap(err, "roll up allocations of run", run)
	}
	if events > 0 {
		err = t.addRolled(key, Rolled{Events: events})
	}
	return events + demands + allocations, err
}
