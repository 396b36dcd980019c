package store

import (
	"time"

	"tasks/golem"
	"tasks/runner/state"
)

// EndedHires returns agreements of a run that ended before a moment: those after a
// key, by key, and no more than limit.
func (t *Tx) EndedHires(run state.RunID, after int64, before time.Time, limit int) ([]state.Hire, error) {
	keys, err := t.keys(`SELECT key FROM agreements WHERE run = (SELECT key FROM runs WHERE id = ?)
		AND key > ? AND ended_at < ? ORDER BY key LIMIT ?`, run, after, stamp(before), limit)
	if err != nil {
		return nil, wrap(err, "read ended agreements of run", run)
	}
	hires := make([]state.Hire, len(keys))
	for i, key := range keys {
		if hires[i], err = t.hire(key); err != nil {
			return nil, wrap(err, "read agreement", key)
		}
	}
	return hires, nil
}

func (t *Tx) hire(key int64) (h state.Hire, err error) {
	if h.Agreement, err = t.Agreement(key); err != nil {
		return h, err
	}
	if h.Activities, err = t.ActivitiesOf(key); err != nil {
		return h, err
	}
	err = t.get(`SELECT g.paid,
			(SELECT coalesce(sum(batches - rolled), 0) FROM activities WHERE agreement = g.key),
			(SELECT count(*) FROM bills WHERE agreement = g.key AND state IN ('received', 'accepting')),
			(SELECT count(*) FROM bills WHERE agreement = g.key AND state = 'refused'),
			g.key = (SELECT max(key) FROM agreements)
				OR EXISTS (SELECT 1 FROM activities WHERE agreement = g.key AND key = (SELECT max(key) FROM activities))
				OR EXISTS (SELECT 1 FROM bills WHERE agreement = g.key AND key = (SELECT max(key) FROM bills))
		FROM agreements g WHERE g.key = ?`, []any{key}, &h.Paid, &h.Attempts, &h.OpenBills, &h.Refused, &h.Last)
	return h, err
}

// RollUpHire rolls up an agreement that EndedHires returned, with its activities
// and bills. Code is why it ended, without details. What its bills charged
// before exact is added up by the hour.
func (t *Tx) RollUpHire(h state.Hire, code string, exact time.Time) error {
	run, err := t.runKey(h.Run)
	if err != nil {
		return err
	}
	bills, err := t.oldBills(`WHERE agreement = ? ORDER BY key`, h.Key)
	if err != nil {
		return wrap(err, "read bills of agreement", h.Key)
	}
	if err := t.dropBills(run, bills, exact); err != nil {
		return wrap(err, "roll up bills of agreement", h.Key)
	}
	d := Rolled{Agreements: 1, Accepted: h.Accepted, Bills: int64(len(bills))}
	if h.InvoiceState == state.BillAccepted || h.InvoiceState == state.BillSettled {
		d.Invoices = 1
	}
	for _, a := range h.Activities {
		d.addActivity(a)
		if err := t.update(`DELETE FROM activities WHERE key = ? AND ended_at IS NOT NULL AND rolled = batches`, a.Key); err != nil {
			return wrap(err, "roll up activity", a.Key)
		}
		delete(t.s.providers, a.Key) // another may be given the key
	}
	_, _, err = t.exec(`INSERT INTO rolled_ends (run, provider, code, count)
		SELECT run, provider, ?2, 1 FROM agreements WHERE key = ?1
		ON CONFLICT DO UPDATE SET count = count + 1`, h.Key, code)
	if err == nil {
		err = t.update(`DELETE FROM agreements WHERE key = ? AND ended_at IS NOT NULL`, h.Key)
	}
	if err != nil {
		return wrap(err, "roll up agreement", h.Key)
	}
	return t.addRolled(run, d)
}

func (r *Rolled) addActivity(a state.Activity) {
	r.Activities++
	r.Batches += int64(a.Batches)
	r.Counted += int64(a.Results)
	r.Failures += int64(a.Failures)
	r.Busy += a.Busy
	if a.Busy > 0 {
		r.Timed += int64(a.Batches)
	}
	r.Cost = r.Cost.Add(a.Cost())
}

// A RolledEnd is how often agreements with a provider ended for a reason, of
// those that are rolled up.
type RolledEnd struct {
	Provider golem.NodeID
	Code     string // the reason without its details
	Count    int64
}

// RolledEnds returns those of a run.
func (t *Tx) RolledEnds(run state.RunID) ([]RolledEnd, error) {
	scan := func(row scanner) (e RolledEnd, err error) {
		err = row.Scan(&e.Provider, &e.Code, &e.Count)
		return e, err
	}
	all, err := list(t, scan, `SELECT p.id, e.code, e.count FROM rolled_ends e JOIN providers p ON p.key = e.provider
		WHERE e.run = (SELECT key FROM runs WHERE id = ?)`, run)
	return all, wrap(err, "read rolled up ends of run", run)
}
