package store

import (
	"database/sql"
	"errors"
	"time"

	"tasks/golem"
	"tasks/runner/state"
)

// Rolled is what the rows of a run came to that are rolled up: deleted, once
// their figures were added here. The zero Rolled is a run that has all its rows.
type Rolled struct {
	Done, Failed int64 // tasks
	Attempts     int64
	Results      int64 // those up to this Seq

	Agreements, Invoices int64        // Invoices: agreements whose invoice was accepted
	Accepted             golem.Amount // of those agreements
	Activities           int64
	Batches              int64 // of those activities, like all below but Bills and Events
	Counted              int64 // results
	Failures             int64
	Busy                 time.Duration
	Timed                int64        // batches of those that were busy for a time
	Cost                 golem.Amount // billed or accepted, whichever is more

	Bills, Events int64
}

// Any reports whether anything is rolled up.
func (r Rolled) Any() bool {
	return r.Done+r.Failed+r.Attempts+r.Agreements+r.Bills+r.Events > 0
}

// Rolled returns what is rolled up of a run.
func (t *Tx) Rolled(run state.RunID) (Rolled, error) {
	key, err := t.runKey(run)
	if err != nil {
		return Rolled{}, err
	}
	r, err := t.rolled(key)
	return r, wrap(err, "read what is rolled up of run", run)
}

func (t *Tx) rolled(run int64) (r Rolled, err error) {
	err = t.get(`SELECT done, failed, attempts, results, agreements, invoices, activities, batches, counted, failures,
			busy_us, timed, cost, accepted, bills, events FROM rolled WHERE run = ?`, []any{run},
		&r.Done, &r.Failed, &r.Attempts, &r.Results, &r.Agreements, &r.Invoices, &r.Activities, &r.Batches, &r.Counted,
		&r.Failures, spanTo{&r.Busy}, &r.Timed, &r.Cost, &r.Accepted, &r.Bills, &r.Events)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return r, err
}

// addRolled adds to the figures of a run.
func (t *Tx) addRolled(run int64, d Rolled) error {
	was, err := t.rolled(run)
	if err != nil {
		return wrap(err, "read what is rolled up of run", run)
	}
	_, _, err = t.exec(`INSERT INTO rolled (run) VALUES (?) ON CONFLICT DO NOTHING`, run)
	if err == nil {
		err = t.update(`UPDATE rolled SET done = done + ?2, failed = failed + ?3, attempts = attempts + ?4,
			results = results + ?5, agreements = agreements + ?6, invoices = invoices + ?7, activities = activities + ?8,
			batches = batches + ?9, counted = counted + ?10, failures = failures + ?11, busy_us = busy_us + ?12,
			timed = timed + ?13, cost = ?14, accepted = ?15, bills = bills + ?16, events = events + ?17 WHERE run = ?1`,
			run, d.Done, d.Failed, d.Attempts, d.Results, d.Agreements, d.Invoices, d.Activities, d.Batches, d.Counted,
			d.Failures, d.Busy.Microseconds(), d.Timed, was.Cost.Add(d.Cost), was.Accepted.Add(d.Accepted), d.Bills, d.Events)
	}
	return wrap(err, "add to what is rolled up of run", run)
}

// addRolledSpend keeps what a bill that is rolled up charged: at its moment, or
// with all else of its hour, as of the end of the hour, if that was before exact.
func (t *Tx) addRolledSpend(run int64, s Spend, exact time.Time) error {
	if s.Amount.IsZero() {
		return nil
	}
	if s.At.Before(exact) {
		s.At = hourAfter(s.At)
	}
	var was golem.Amount
	err := t.get(`SELECT amount FROM spends WHERE run = ? AND at = ?`, []any{run, stamp(s.At)}, &was)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return wrap(err, "read spends of run", run)
	}
	_, _, err = t.exec(`INSERT INTO spends (run, at, amount) VALUES (?1, ?2, ?3)
		ON CONFLICT DO UPDATE SET amount = ?3`, run, stamp(s.At), was.Add(s.Amount))
	return wrap(err, "keep spend of run", run)
}

// hourAfter is the first full hour not before a moment. What is dated there
// counts in a window for longer than it must, never for less long.
func hourAfter(at time.Time) time.Time {
	hour := at.Truncate(time.Hour)
	if hour.Before(at) {
		hour = hour.Add(time.Hour)
	}
	return hour
}

// RollUpSpends adds up by the hour what was spent before exact, forgets what was
// spent before forget, and returns how many rows are gone. No more than limit are
// looked at.
func (t *Tx) RollUpSpends(run state.RunID, exact, forget time.Time, limit int) (gone int64, err error) {
	key, err := t.runKey(run)
	if err != nil {
		return 0, err
	}
	forgotten, _, err := t.exec(`DELETE FROM spends WHERE run = ? AND at < ?`, key, stamp(forget))
	if err != nil {
		return 0, wrap(err, "forget spends of run", run)
	}
	scan := func(row scanner) (s Spend, err error) {
		err = row.Scan(timeTo{&s.At}, &s.Amount)
		return s, err
	}
	// Full hours stay.
	old, err := list(t, scan, `SELECT at, amount FROM spends WHERE run = ? AND at < ? AND at % 3600000000 <> 0
		ORDER BY at LIMIT ?`, key, stamp(exact), limit)
	for _, s := range old {
		if err == nil {
			err = t.update(`DELETE FROM spends WHERE run = ? AND at = ?`, key, stamp(s.At))
		}
		if err == nil {
			err = t.addRolledSpend(key, s, exact)
		}
	}
	return forgotten + int64(len(old)), wrap(err, "add up spends of run", run)
}
