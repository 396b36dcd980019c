package store

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"modernc.org/sqlite"

	"tasks/runner/state"
)

// An Engagement is an agreement with all activities that were made under it. It does
// not change: what is known later is another one.
type Engagement struct {
	state.Agreement
	Activities []state.Activity // by key
}

// kept is the engagements of the last snapshot. A run looks at itself again and
// again while few of its rows change, so only those are read anew: SQLite tells
// which they are, whatever changed them. What another process changes goes unseen,
// and none does: the rows of a run belong to the process that works on it.
type kept struct {
	run     int64     // whose they are; 0 while nothing is kept
	at      time.Time // of the last look
	known   map[int64]*Engagement
	under   map[int64]int64 // the agreements of their activities
	waiting map[int64]bool  // those that have ended, and whose invoice is waited for
	soonest time.Time       // when the first of those waits is over, or before

	// Rows that changed since the last look, or perhaps: a change may be undone.
	agreements, activities map[int64]bool

	moved map[int64]bool // engagements that changed since Moved told
	anew  bool           // all of them, as far as Moved knows
}

// watch lets SQLite tell which rows change on the connection.
func (s *Store) watch() error {
	return s.conn.Raw(func(driver any) error {
		conn, ok := driver.(interface {
			RegisterPreUpdateHook(callback sqlite.PreUpdateHookFn)
		})
		if !ok {
			return fmt.Errorf("%T does not tell what changes", driver)
		}
		conn.RegisterPreUpdateHook(s.kept.changed)
		return nil
	})
}

func (k *kept) changed(d sqlite.SQLitePreUpdateData) {
	if k.run == 0 {
		return
	}
	switch d.TableName {
	case "agreements":
		k.agreements[d.OldRowID], k.agreements[d.NewRowID] = true, true
	case "activities":
		k.activities[d.OldRowID], k.activities[d.NewRowID] = true, true
	}
}

// look brings what is kept up to date. Where it fails, nothing is kept any more.
func (k *kept) look(t *Tx, run int64) error {
	err := k.begin(t, run)
	k.at = t.now
	if err == nil {
		err = k.readChanged(t)
	}
	if err != nil {
		*k = kept{}
		return err
	}
	if !k.soonest.IsZero() && !k.soonest.After(t.now) {
		k.expire()
	}
	return nil
}

// begin keeps the engagements of a run, unless it does already. A clock that was set
// back makes some be waited for again that were not any more.
func (k *kept) begin(t *Tx, run int64) error {
	if k.run == run && !t.now.Before(k.at) {
		return nil
	}
	*k = kept{
		run: run, at: t.now, known: map[int64]*Engagement{}, under: map[int64]int64{}, waiting: map[int64]bool{},
		agreements: map[int64]bool{}, activities: map[int64]bool{}, moved: map[int64]bool{}, anew: true,
	}
	all, err := t.engagements(run)
	for i := range all {
		k.keep(all[i].Key, &all[i])
	}
	return err
}

// readChanged reads the rows that have changed.
func (k *kept) readChanged(t *Tx) error {
	for key := range k.activities {
		if err := k.readActivity(t, key); err != nil {
			return err
		}
	}
	for key := range k.agreements {
		if err := k.readAgreement(t, key); err != nil {
			return err
		}
	}
	// New ones: clearing a map takes as long as it was ever large.
	k.activities, k.agreements = map[int64]bool{}, map[int64]bool{}
	return nil
}

// readActivity reads one that changed; that of an agreement that is not kept comes
// with it.
func (k *kept) readActivity(t *Tx, key int64) error {
	act, err := t.Activity(key)
	if errors.Is(err, ErrNotFound) {
		if agreement, ok := k.under[key]; ok {
			delete(k.under, key)
			k.agreements[agreement] = true
		}
		return nil
	}
	if err != nil {
		return err
	}
	e := k.known[act.Agreement]
	if e == nil {
		k.agreements[act.Agreement] = true
		return nil
	}
	k.keep(e.Key, e.with(act))
	return nil
}

// with is the engagement with an activity as it is now.
func (e *Engagement) with(act state.Activity) *Engagement {
	acts := slices.Clone(e.Activities)
	at, found := slices.BinarySearchFunc(acts, act.Key, func(a state.Activity, key int64) int { return cmp.Compare(a.Key, key) })
	if found {
		acts[at] = act
	} else {
		acts = slices.Insert(acts, at, act)
	}
	return &Engagement{Agreement: e.Agreement, Activities: acts}
}

// readAgreement reads one that changed, and its activities if they are not known.
func (k *kept) readAgreement(t *Tx, key int64) error {
	a, err := t.Agreement(key)
	if errors.Is(err, ErrNotFound) {
		k.drop(key)
		return nil
	}
	if err != nil {
		return err
	}
	old := k.known[key]
	if old == nil {
		if run, err := t.runKey(a.Run); err != nil || run != k.run {
			return err
		}
	}
	e := &Engagement{Agreement: a}
	if old != nil && k.whole(old) {
		e.Activities = old.Activities
	} else if e.Activities, err = t.ActivitiesOf(key); err != nil {
		return err
	}
	k.keep(key, e)
	return nil
}

// whole reports whether no activity of an engagement was deleted.
func (k *kept) whole(e *Engagement) bool {
	return !slices.ContainsFunc(e.Activities, func(act state.Activity) bool { return k.under[act.Key] == 0 })
}

// keep takes in an engagement that was read, or forgets it if no decision can be
// about it.
func (k *kept) keep(key int64, e *Engagement) {
	if !e.concerns(k.at) {
		k.drop(key)
		return
	}
	k.known[key], k.moved[key] = e, true
	for _, act := range e.Activities {
		k.under[act.Key] = key
	}
	if e.WaitUntil.After(k.at) {
		k.waiting[key] = true
		if k.soonest.IsZero() || e.WaitUntil.Before(k.soonest) {
			k.soonest = e.WaitUntil
		}
	}
}

func (k *kept) drop(key int64) {
	e := k.known[key]
	if e == nil {
		return
	}
	for _, act := range e.Activities {
		delete(k.under, act.Key)
	}
	delete(k.known, key)
	delete(k.waiting, key)
	k.moved[key] = true
}

// expire looks at those whose wait is over.
func (k *kept) expire() {
	k.soonest = time.Time{}
	for key := range k.waiting {
		e := k.known[key]
		if !e.WaitUntil.After(k.at) {
			delete(k.waiting, key)
			k.keep(key, e)
		} else if k.soonest.IsZero() || e.WaitUntil.Before(k.soonest) {
			k.soonest = e.WaitUntil
		}
	}
}

// concerns reports whether a decision can be about the engagement, as the query
// concern does.
func (e *Engagement) concerns(now time.Time) bool {
	if e.EndedAt.IsZero() {
		return true
	}
	if e.State == state.AgreementEnded {
		if e.InvoiceState == state.BillAccepting || e.InvoiceState == "" && e.WaitUntil.After(now) {
			return true
		}
	}
	return slices.ContainsFunc(e.Activities, func(act state.Activity) bool { return act.EndedAt.IsZero() })
}
