package store

import (
	"errors"
	"fmt"

	"tasks/golem"
	"tasks/runner/state"
)

const billColumns = `b.id, b.kind, r.id, b.agreement, b.activity, b.total, b.increment, b.state, b.reason,
	b.issued_at, b.seen_at, b.decided_at, b.usage`

const billTables = ` FROM bills b JOIN runs r ON r.key = b.run `

func scanBill(row scanner) (b state.Bill, err error) {
	err = row.Scan(&b.ID, &b.Kind, &b.Run, &b.Agreement, intTo[int64]{&b.Activity}, &b.Total, &b.Increment, &b.State,
		&b.Reason, timeTo{&b.IssuedAt}, timeTo{&b.SeenAt}, timeTo{&b.DecidedAt}, documentTo{&b.Usage})
	return b, err
}

// AddBill records a bill in the state received, once: added is false if it is
// known already, and then nothing changes. A zero SeenAt is now. Identifiers are
// UUIDs, unique over both kinds; one that is known as the other kind is an error
// that wraps ErrExists.
func (t *Tx) AddBill(b state.Bill) (added bool, err error) {
	known, err := t.Bill(b.ID)
	if err == nil && known.Kind != b.Kind {
		return false, fmt.Errorf("add %s %s: a %s of that id %w", b.Kind, b.ID, known.Kind, ErrExists)
	}
	if err == nil || !errors.Is(err, ErrNotFound) {
		return false, err
	}
	run, err := t.runKey(b.Run)
	if err != nil {
		return false, err
	}
	var usage any
	if b.Usage != nil {
		if usage, err = document(b.Usage); err != nil {
			return false, wrap(err, "encode usage of bill", b.ID)
		}
	}
	_, _, err = t.exec(`INSERT INTO bills (id, kind, run, agreement, activity, total, state, issued_at, seen_at, usage)
		VALUES (?, ?, ?, ?, ?, ?, 'received', ?, ?, ?)`,
		b.ID, b.Kind, run, b.Agreement, nonzero(b.Activity), b.Total, stamp(b.IssuedAt), stamp(t.or(b.SeenAt)), usage)
	if err != nil {
		return false, wrap(err, "add bill", b.ID)
	}
	return true, t.eventFor(run, b.Kind+".received", b.ID, b.Total.String()+" GLM")
}

// Bill returns a bill; the error wraps ErrNotFound.
func (t *Tx) Bill(id string) (state.Bill, error) {
	b, err := one(t, scanBill, `SELECT `+billColumns+billTables+`WHERE b.id = ?`, id)
	return b, notFound(err, "bill", id)
}

// OpenBills returns the bills of a run that are received, accepting or refused,
// in the order in which they came.
func (t *Tx) OpenBills(run state.RunID) ([]state.Bill, error) {
	all, err := list(t, scanBill, `SELECT `+billColumns+billTables+`
		WHERE b.run = (SELECT key FROM runs WHERE id = ?) AND b.state IN ('received', 'accepting', 'refused')
		ORDER BY b.key`, run)
	return all, wrap(err, "read open bills of run", run)
}

// NotesBefore returns how many debit notes of an activity came before the one
// of that id, in whatever state they are, and the one of them with the highest
// total, zero if there is none. Those that are rolled up are counted too, and had
// lower totals. If no such note is recorded, all came before it.
func (t *Tx) NotesBefore(activity int64, id string) (earlier int, highest state.Bill, err error) {
	all, err := list(t, scanBill, `SELECT `+billColumns+billTables+`WHERE b.activity = ?1
			AND b.key < coalesce((SELECT key FROM bills WHERE id = ?2 AND activity = ?1), 9223372036854775807)
		ORDER BY b.key`, activity, id)
	if err == nil {
		err = t.get(`SELECT rolled_notes FROM activities WHERE key = ?`, []any{activity}, &earlier)
	}
	for i, b := range all {
		if i == 0 || b.Total.GreaterThan(highest.Total) {
			highest = b
		}
	}
	return earlier + len(all), highest, wrap(err, "read notes of activity", activity)
}

// MoveBill moves a bill. Accepting it at last records increment, what it
// charged, for the bill, its activity (a debit note's), its agreement, provider
// and run; in other moves increment is ignored. Settling it records what is
// paid by now. The error wraps ErrStale if the bill is not in the state from.
func (t *Tx) MoveBill(id string, from, to state.BillState, reason string, increment golem.Amount) error {
	if err := allowed("bill", id, from, to); err != nil {
		return err
	}
	if to != state.BillAccepted {
		increment = golem.Amount{}
	}
	if increment.IsNegative() {
		return fmt.Errorf("accept bill %s: it charged %s GLM, less than nothing", id, increment)
	}
	var run int64
	var kind string
	err := t.change(`UPDATE bills SET state = ?3, reason = CASE WHEN ?4 = '' THEN reason ELSE ?4 END,
			increment = CASE WHEN ?3 = 'accepted' THEN ?5 ELSE increment END,
			decided_at = CASE WHEN ?3 = 'accepting' THEN NULL WHEN ?3 = 'settled' THEN decided_at ELSE ?6 END
		WHERE id = ?1 AND state = ?2 RETURNING run, kind`,
		[]any{id, from, to, reason, increment, stamp(t.now)}, &run, &kind)
	if err != nil {
		return stale(err, fmt.Sprintf("move bill to %s:", to), id)
	}
	if err := t.book(id, to, increment); err != nil {
		return wrap(err, "book bill", id)
	}
	return t.eventFor(run, kind+"."+string(to), id, billNote(to, reason, increment))
}

func billNote(to state.BillState, reason string, increment golem.Amount) string {
	if to == state.BillAccepted && reason == "" {
		return increment.String() + " GLM charged"
	}
	return reason
}

// book changes the totals that a bill counts for.
func (t *Tx) book(id string, to state.BillState, increment golem.Amount) error {
	if to != state.BillAccepted && to != state.BillSettled {
		return nil
	}
	var b booking
	err := t.get(`SELECT b.run, b.agreement, b.activity, b.total, g.provider, g.paid, coalesce(v.paid, '0')
		FROM bills b JOIN agreements g ON g.key = b.agreement LEFT JOIN activities v ON v.key = b.activity WHERE b.id = ?`,
		[]any{id}, &b.run, &b.agreement, intTo[int64]{&b.activity}, &b.total, &b.provider, &b.agreementPaid, &b.activityPaid)
	if err != nil {
		return err
	}
	if to == state.BillAccepted {
		return t.bookAccepted(b, increment)
	}
	return t.bookPaid(b)
}
