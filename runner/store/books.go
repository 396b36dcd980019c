package store

import (
	"time"

	"tasks/golem"
	"tasks/runner/state"
)

// A Spend is what one accepted bill charged.
type Spend struct {
	At     time.Time // when it was accepted
	Amount golem.Amount
}

// Money is what a run has cost.
type Money struct {
	Accepted golem.Amount // charged by accepted bills
	Paid     golem.Amount // of it, settled
}

// Spends returns what a run was charged after a moment, in order; the bills that
// are rolled up may be added up by the hour.
func (t *Tx) Spends(run state.RunID, since time.Time) ([]Spend, error) {
	scan := func(row scanner) (s Spend, err error) {
		err = row.Scan(timeTo{&s.At}, &s.Amount)
		return s, err
	}
	all, err := list(t, scan, `SELECT at, amount FROM spends WHERE run = (SELECT key FROM runs WHERE id = ?1) AND at > ?2
		UNION ALL SELECT decided_at, increment FROM bills
		WHERE run = (SELECT key FROM runs WHERE id = ?1) AND state IN ('accepted', 'settled') AND increment <> '0'
			AND decided_at > ?2
		ORDER BY 1`, run, since.UnixMicro())
	return all, wrap(err, "read spends of run", run)
}

// Totals returns what a run has cost so far; the error wraps ErrNotFound.
func (t *Tx) Totals(run state.RunID) (m Money, err error) {
	err = t.get(`SELECT accepted, paid FROM runs WHERE id = ?`, []any{run}, &m.Accepted, &m.Paid)
	return m, notFound(err, "run", run)
}

// A booking is a bill with the keys of the totals that it counts for.
type booking struct {
	run, agreement, activity, provider int64
	total                              golem.Amount
	agreementPaid, activityPaid        golem.Amount
}

func (t *Tx) bookAccepted(b booking, increment golem.Amount) error {
	for _, account := range []struct {
		read, write string
		key         int64
	}{
		{`SELECT accepted FROM activities WHERE key = ?`, `UPDATE activities SET accepted = ?2 WHERE key = ?1`, b.activity},
		{`SELECT accepted FROM agreements WHERE key = ?`, `UPDATE agreements SET accepted = ?2 WHERE key = ?1`, b.agreement},
		{`SELECT cost FROM providers WHERE key = ?`, `UPDATE providers SET cost = ?2 WHERE key = ?1`, b.provider},
		{`SELECT accepted FROM runs WHERE key = ?`, `UPDATE runs SET accepted = ?2 WHERE key = ?1`, b.run},
	} {
		if account.key == 0 {
			continue // an invoice is of no one activity
		}
		if err := t.add(account.read, account.write, account.key, increment); err != nil {
			return err
		}
	}
	return t.addHistoryOf(b.provider, b.run, state.History{Cost: increment.InexactFloat64()})
}

// bookPaid counts what a settled bill says is paid. Totals are cumulative, and
// the daemon settles a bill once its payments cover it (protocol section 6.5), in
// any order: of an agreement is paid what its notes say together, or its invoice
// if that is more.
func (t *Tx) bookPaid(b booking) error {
	paid := b.total
	if b.activity != 0 {
		var err error
		if paid, err = t.notePaid(b); err != nil {
			return err
		}
	}
	more := paid.Sub(b.agreementPaid)
	if !more.IsPositive() {
		return nil
	}
	if err := t.update(`UPDATE agreements SET paid = ?2 WHERE key = ?1`, b.agreement, paid); err != nil {
		return err
	}
	return t.add(`SELECT paid FROM runs WHERE key = ?`, `UPDATE runs SET paid = ?2 WHERE key = ?1`, b.run, more)
}

// notePaid counts a settled debit note for its activity, and returns what the
// notes of the agreement come to.
func (t *Tx) notePaid(b booking) (sum golem.Amount, err error) {
	if b.total.GreaterThan(b.activityPaid) {
		if err := t.update(`UPDATE activities SET paid = ?2 WHERE key = ?1`, b.activity, b.total); err != nil {
			return sum, err
		}
	}
	scan := func(row scanner) (a golem.Amount, err error) {
		err = row.Scan(&a)
		return a, err
	}
	all, err := list(t, scan, `SELECT paid FROM activities WHERE agreement = ?`, b.agreement)
	for _, a := range all {
		sum = sum.Add(a)
	}
	return sum, err
}

// add raises an amount. SQLite would add floats, so the sum is made here.
func (t *Tx) add(read, write string, key int64, amount golem.Amount) error {
	var sum golem.Amount
	if err := t.get(read, []any{key}, &sum); err != nil {
		return err
	}
	return t.update(write, key, sum.Add(amount))
}
