package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"tasks/golem"
	"tasks/runner/state"
)

const activityColumns = `v.key, v.agreement, r.id, v.id, v.state, v.created_at, v.ready_at, v.ended_at, v.reason,
	v.batches, v.results, v.failures, v.streak, v.last_task, v.busy_us, v.usage, v.usage_at,
	v.billed, v.billed_at, v.accepted, v.authorised, v.prepare_batch, v.revision`

const activityTables = ` FROM activities v JOIN runs r ON r.key = v.run `

// activityFields are where activityColumns go.
func activityFields(a *state.Activity) []any {
	return []any{
		&a.Key, &a.Agreement, &a.Run, textTo[golem.ActivityID]{&a.ID}, &a.State,
		timeTo{&a.CreatedAt}, timeTo{&a.ReadyAt}, timeTo{&a.EndedAt}, &a.Reason,
		&a.Batches, &a.Results, &a.Failures, &a.Streak, timeTo{&a.LastTask}, spanTo{&a.Busy},
		documentTo{&a.Usage}, timeTo{&a.UsageAt}, &a.Billed, timeTo{&a.BilledAt}, &a.Accepted, &a.Authorised,
		&a.PrepareBatch, &a.Revision,
	}
}

func scanActivity(row scanner) (a state.Activity, err error) {
	err = row.Scan(activityFields(&a)...)
	return a, err
}

// An ActivitySet is what a move of an activity records besides the state. Zero
// fields leave what is there.
type ActivitySet struct {
	ID           golem.ActivityID
	PrepareBatch golem.BatchID
	Reason       string // goes into the event; the record keeps the first one it was given
}

// AddActivity records an intent, or an activity that was found, and returns its
// key. Of a count Run, Agreement, ID, State, CreatedAt (zero is now), Reason and
// Authorised.
func (t *Tx) AddActivity(a state.Activity) (key int64, err error) {
	run, err := t.runKey(a.Run)
	if err != nil {
		return 0, err
	}
	_, key, err = t.exec(`INSERT INTO activities (run, agreement, id, state, created_at, ended_at, reason, authorised)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		run, a.Agreement, text(a.ID), a.State, stamp(t.or(a.CreatedAt)), t.endedAt(a.State.Done()), a.Reason, a.Authorised)
	if err != nil {
		return 0, wrap(err, "add activity of agreement", a.Agreement)
	}
	return key, t.eventFor(run, "activity."+string(a.State), subject(a.ID, "activity", key), a.Reason)
}

// MoveActivity moves an activity, and sets ReadyAt or EndedAt where it gets
// there. The error wraps ErrStale if the activity is not in the state from.
func (t *Tx) MoveActivity(key int64, from, to state.ActivityState, set ActivitySet) error {
	if err := allowed("activity", key, from, to); err != nil {
		return err
	}
	var ready any
	if to == state.ActivityReady {
		ready = stamp(t.now)
	}
	var run int64
	var id golem.ActivityID
	err := t.change(`UPDATE activities SET state = ?3, ready_at = coalesce(?4, ready_at), ended_at = ?5,
			id = coalesce(?6, id), prepare_batch = coalesce(?7, prepare_batch),
			reason = CASE WHEN reason = '' THEN ?8 ELSE reason END,
			revision = CASE WHEN reason <> '' OR ?8 = '' THEN revision
				WHEN ?9 <> 0 THEN ?9 ELSE (SELECT revision FROM runs r WHERE r.key = run) END
		WHERE key = ?1 AND state = ?2 RETURNING run, id`,
		[]any{key, from, to, ready, t.endedAt(to.Done()), text(set.ID), text(set.PrepareBatch), set.Reason, t.by},
		&run, textTo[golem.ActivityID]{&id})
	if err != nil {
		return stale(err, fmt.Sprintf("move activity to %s:", to), key)
	}
	if to.Done() {
		if err := t.keepHistory(key); err != nil {
			return wrap(err, "keep history of activity", key)
		}
	}
	return t.eventFor(run, "activity."+string(to), subject(id, "activity", key), set.Reason)
}

// Activity returns an activity by its key; the error wraps ErrNotFound.
func (t *Tx) Activity(key int64) (state.Activity, error) {
	a, err := one(t, scanActivity, `SELECT `+activityColumns+activityTables+`WHERE v.key = ?`, key)
	return a, notFound(err, "activity", key)
}

// ActivityByID returns an activity by its identifier, whatever run it is of; the
// error wraps ErrNotFound.
func (t *Tx) ActivityByID(id golem.ActivityID) (state.Activity, error) {
	a, err := one(t, scanActivity, `SELECT `+activityColumns+activityTables+`WHERE v.id = ?`, id)
	return a, notFound(err, "activity", id)
}

// Activities returns the activities of a run by key, all or those whose state is
// not final.
func (t *Tx) Activities(run state.RunID, live bool) ([]state.Activity, error) {
	where := `WHERE v.run = (SELECT key FROM runs WHERE id = ?) `
	if live {
		where += `AND v.ended_at IS NULL `
	}
	all, err := list(t, scanActivity, `SELECT `+activityColumns+activityTables+where+`ORDER BY v.key`, run)
	return all, wrap(err, "read activities of run", run)
}

// ActivitiesOf returns all activities of an agreement by key.
func (t *Tx) ActivitiesOf(agreement int64) ([]state.Activity, error) {
	all, err := list(t, scanActivity, `SELECT `+activityColumns+activityTables+`WHERE v.agreement = ? ORDER BY v.key`, agreement)
	return all, wrap(err, "read activities of agreement", agreement)
}

// SetUsage records a usage report of an activity. Usage only grows, so a report
// that is older than the one known changes nothing.
func (t *Tx) SetUsage(key int64, usage []float64, at time.Time) error {
	doc, err := document(usage)
	if err != nil {
		return wrap(err, "encode usage of activity", key)
	}
	err = t.update(`UPDATE activities SET usage = ?2, usage_at = ?3
		WHERE key = ?1 AND (usage_at IS NULL OR usage_at <= ?3)`, key, doc, stamp(at))
	return t.known(err, key)
}

// Authorise records up to which total the budget is reserved for an activity.
func (t *Tx) Authorise(key int64, total golem.Amount) error {
	err := t.update(`UPDATE activities SET authorised = ?2 WHERE key = ?1`, key, total)
	return notFound(err, "activity", key)
}

// SetBilled records a total that an audit agreed with, and when it was billed.
// Totals are cumulative, so a lower one changes nothing.
func (t *Tx) SetBilled(key int64, total golem.Amount, at time.Time) error {
	var billed golem.Amount
	if err := t.get(`SELECT billed FROM activities WHERE key = ?`, []any{key}, &billed); err != nil {
		return notFound(err, "activity", key)
	}
	if billed.GreaterThan(total) {
		return nil
	}
	err := t.update(`UPDATE activities SET billed = ?2, billed_at = max(coalesce(billed_at, ?3), ?3) WHERE key = ?1`,
		key, total, stamp(at))
	return wrap(err, "set billed of activity", key)
}

// known tells a guard that left a row alone from a row that is missing.
func (t *Tx) known(err error, key int64) error {
	if !errors.Is(err, sql.ErrNoRows) {
		return wrap(err, "set usage of activity", key)
	}
	_, err = t.Activity(key)
	return err
}

// TaskTime is how long a task took on average in the runs of a name, waiting for
// a machine left out, and over how many tries; 0 for none.
func (t *Tx) TaskTime(name string) (mean time.Duration, tries int64, err error) {
	var busy int64
	err = t.get(`SELECT coalesce(sum(busy), 0), coalesce(sum(tries), 0) FROM (
			SELECT busy_us AS busy, batches AS tries FROM activities
			WHERE busy_us > 0 AND run IN (SELECT key FROM runs WHERE name = ?1)
			UNION ALL SELECT busy_us, timed FROM rolled WHERE run IN (SELECT key FROM runs WHERE name = ?1))`,
		[]any{name}, &busy, &tries)
	if err != nil || tries == 0 {
		return 0, 0, wrap(err, "read task time of runs named", name)
	}
	return time.Duration(busy) * time.Microsecond / time.Duration(tries), tries, nil
}
