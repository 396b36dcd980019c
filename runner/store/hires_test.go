package store_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

func (w world) agreementNow(t testing.TB, key int64) state.Agreement {
	t.Helper()
	return ask(t, w.Store, func(tx *store.Tx) (state.Agreement, error) { return tx.Agreement(key) })
}

func TestAgreementFromIntentToInvoice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		start := time.Now().UTC()
		key := tell(t, w.Store, func(tx *store.Tx) (int64, error) {
			return tx.AddAgreement(state.Agreement{
				Run: w.run, State: state.AgreementCreating, Demand: "d", Proposal: "R-2", Provider: "0x2", ProviderName: "keeper",
				Offer: golem.Properties{"a": "before"}, Platform: "p", Interval: 90 * time.Second,
			})
		})
		want := state.Agreement{
			Key: key, Run: w.run, State: state.AgreementCreating, Demand: "d", Proposal: "R-2", Provider: "0x2", ProviderName: "keeper",
			Offer: golem.Properties{"a": "before"}, Platform: "p", Interval: 90 * time.Second, CreatedAt: start,
		}
		check := func() {
			t.Helper()
			if diff := cmp.Diff(want, w.agreementNow(t, key)); diff != "" {
				t.Errorf("agreement (-want +got):\n%s", diff)
			}
		}
		move := func(to state.AgreementState, set store.AgreementSet) {
			t.Helper()
			time.Sleep(time.Second)
			update(t, w.Store, func(tx *store.Tx) error { return tx.MoveAgreement(key, want.State, to, set) })
			want.State = to
		}
		check()
		move(state.AgreementCreated, store.AgreementSet{ID: "second"})
		want.ID = "second"
		check()
		move(state.AgreementConfirmed, store.AgreementSet{})
		pricing := state.Pricing{Start: glm("0.000000000000000001"), Coeffs: map[string]golem.Amount{"cpu": glm("0.1")}, Vector: []string{"cpu"}}
		move(state.AgreementApproved, store.AgreementSet{
			Offer: golem.Properties{"a": "after", "n": 2.5}, Pricing: &pricing, Interval: time.Minute, AgreedAt: start,
			ProviderName: "keeper-07", Platform: "q",
		})
		want.Offer, want.Pricing, want.Interval, want.AgreedAt = golem.Properties{"a": "after", "n": 2.5}, pricing, time.Minute, start
		want.ProviderName, want.Platform = "keeper-07", "q"
		check()
		move(state.AgreementEnding, store.AgreementSet{Reason: "too expensive"})
		want.Reason = "too expensive"
		check()
		move(state.AgreementEnded, store.AgreementSet{Reason: "terminated", WaitUntil: start.Add(time.Hour)})
		want.EndedAt, want.WaitUntil = time.Now().UTC(), start.Add(time.Hour)
		check()
		update(t, w.Store, func(tx *store.Tx) error { return tx.SetInvoice(key, "invoice", glm("0.5"), state.BillAccepted) })
		want.Invoice, want.InvoiceTotal, want.InvoiceState = "invoice", glm("0.5"), state.BillAccepted
		check()
		byID := ask(t, w.Store, func(tx *store.Tx) (state.Agreement, error) { return tx.AgreementByID("second") })
		if diff := cmp.Diff(want, byID); diff != "" {
			t.Errorf("by id (-want +got):\n%s", diff)
		}
	})
}

func TestActivityFromIntentToEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		key := tell(t, w.Store, func(tx *store.Tx) (int64, error) {
			return tx.AddActivity(state.Activity{Run: w.run, Agreement: w.agreement, State: state.ActivityCreating, Authorised: glm("0.25")})
		})
		want := state.Activity{
			Key: key, Agreement: w.agreement, Run: w.run, State: state.ActivityCreating, CreatedAt: time.Now().UTC(), Authorised: glm("0.25"),
		}
		move := func(to state.ActivityState, set store.ActivitySet) {
			t.Helper()
			time.Sleep(time.Second)
			update(t, w.Store, func(tx *store.Tx) error { return tx.MoveActivity(key, want.State, to, set) })
			want.State = to
		}
		check := func() {
			t.Helper()
			got := ask(t, w.Store, func(tx *store.Tx) (state.Activity, error) { return tx.Activity(key) })
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("activity (-want +got):\n%s", diff)
			}
		}
		check()
		move(state.ActivityCreated, store.ActivitySet{ID: "second"})
		want.ID = "second"
		check()
		move(state.ActivityPreparing, store.ActivitySet{PrepareBatch: "b"})
		want.PrepareBatch = "b"
		check()
		move(state.ActivityReady, store.ActivitySet{})
		want.ReadyAt = time.Now().UTC()
		check()
		move(state.ActivityStopping, store.ActivitySet{Reason: "too expensive"})
		want.Reason, want.Revision = "too expensive", 1
		move(state.ActivityEnded, store.ActivitySet{Reason: "gone"})
		want.EndedAt = time.Now().UTC()
		check()
	})
}

func TestMovesAreGuarded(t *testing.T) {
	w := newWorld(t)
	missing := int64(4711)
	for name, c := range map[string]struct {
		want error
		fn   func(*store.Tx) error
	}{
		"an agreement in another state": {store.ErrStale, func(tx *store.Tx) error {
			return tx.MoveAgreement(w.agreement, state.AgreementConfirmed, state.AgreementApproved, store.AgreementSet{})
		}},
		"an agreement that is not there": {store.ErrStale, func(tx *store.Tx) error {
			return tx.MoveAgreement(missing, state.AgreementApproved, state.AgreementEnding, store.AgreementSet{})
		}},
		"an agreement to where no way leads": {store.ErrForbidden, func(tx *store.Tx) error {
			return tx.MoveAgreement(w.agreement, state.AgreementApproved, state.AgreementCreated, store.AgreementSet{})
		}},
		"an activity in another state": {store.ErrStale, func(tx *store.Tx) error {
			return tx.MoveActivity(w.activity, state.ActivityStopping, state.ActivityEnded, store.ActivitySet{})
		}},
		"an activity to where no way leads": {store.ErrForbidden, func(tx *store.Tx) error {
			return tx.MoveActivity(w.activity, state.ActivityReady, state.ActivityCreated, store.ActivitySet{})
		}},
		"an allocation that is not there": {store.ErrStale, func(tx *store.Tx) error {
			return tx.MoveAllocation(missing, state.AllocationActive, state.AllocationReleased, store.AllocationSet{})
		}},
		"a bill that is not there": {store.ErrStale, func(tx *store.Tx) error {
			return tx.MoveBill("x", state.BillReceived, state.BillAccepting, "", golem.Amount{})
		}},
		"a bill to where no way leads": {store.ErrForbidden, func(tx *store.Tx) error {
			return tx.MoveBill("x", state.BillReceived, state.BillAccepted, "", glm("1"))
		}},
	} {
		t.Run(name, func(t *testing.T) { refused(t, w.Store, c.want, c.fn) })
	}
	events := ask(t, w.Store, func(tx *store.Tx) ([]state.Event, error) { return tx.Events(w.run, 0, 100) })
	if len(events) != 10 {
		t.Errorf("moves that missed left events: %+v", events[10:])
	}
}

func TestRecordsThatAreNotThere(t *testing.T) {
	s := open(t)
	for name, fn := range map[string]func(*store.Tx) error{
		"Task":          func(tx *store.Tx) error { _, err := tx.Task(1); return err },
		"Agreement":     func(tx *store.Tx) error { _, err := tx.Agreement(1); return err },
		"AgreementByID": func(tx *store.Tx) error { _, err := tx.AgreementByID(""); return err },
		"Activity":      func(tx *store.Tx) error { _, err := tx.Activity(1); return err },
		"ActivityByID":  func(tx *store.Tx) error { _, err := tx.ActivityByID(""); return err },
		"Bill":          func(tx *store.Tx) error { _, err := tx.Bill("x"); return err },
		"SetInvoice":    func(tx *store.Tx) error { return tx.SetInvoice(1, "", glm("1"), state.BillAccepted) },
		"SetUsage":      func(tx *store.Tx) error { return tx.SetUsage(1, nil, time.Now()) },
		"SetBilled":     func(tx *store.Tx) error { return tx.SetBilled(1, glm("1"), time.Now()) },
		"Authorise":     func(tx *store.Tx) error { return tx.Authorise(1, glm("1")) },
		"SetAllocation": func(tx *store.Tx) error { return tx.SetAllocation(1, glm("1"), time.Now()) },
		"EndDemand":     func(tx *store.Tx) error { return tx.EndDemand("x") },
	} {
		t.Run(name, func(t *testing.T) { refused(t, s, store.ErrNotFound, fn) })
	}
}

func TestUsageAndBillsOnlyGrow(t *testing.T) {
	w := newWorld(t)
	at := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		after time.Duration
		usage float64
		total string
	}{{10, 1, "0.1"}, {20, 2, "0.2"}, {15, 1.5, "0.15"}} {
		update(t, w.Store, func(tx *store.Tx) error {
			if err := tx.SetUsage(w.activity, []float64{c.usage, 0.1}, at.Add(c.after*time.Second)); err != nil {
				return err
			}
			return tx.SetBilled(w.activity, glm(c.total), at.Add(c.after*time.Second))
		})
	}
	got := w.activityNow(t)
	if diff := cmp.Diff([]float64{2, 0.1}, got.Usage); diff != "" || !got.UsageAt.Equal(at.Add(20*time.Second)) {
		t.Errorf("usage at %v (-want +got):\n%s", got.UsageAt, diff)
	}
	if !got.Billed.Equal(glm("0.2")) || !got.BilledAt.Equal(at.Add(20*time.Second)) {
		t.Errorf("billed %s at %v", got.Billed, got.BilledAt)
	}
}

// keysOf are the keys of records, for comparing.
func keysOf[T any](all []T, key func(T) int64) (out []int64) {
	for _, v := range all {
		out = append(out, key(v))
	}
	return out
}

func agreementKey(a state.Agreement) int64 { return a.Key }
func activityKey(a state.Activity) int64   { return a.Key }

func TestSnapshotHoldsWhatADecisionNeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		end := func(key int64, to state.AgreementState, wait time.Duration) {
			t.Helper()
			set := store.AgreementSet{}
			if wait > 0 {
				set.WaitUntil = time.Now().Add(wait)
			}
			update(t, w.Store, func(tx *store.Tx) error { return tx.MoveAgreement(key, state.AgreementApproved, to, set) })
		}
		stop := func(key int64) {
			t.Helper()
			update(t, w.Store, func(tx *store.Tx) error {
				return tx.MoveActivity(key, state.ActivityReady, state.ActivityEnded, store.ActivitySet{})
			})
		}
		stop(w.activity) // of an agreement in force: kept, its costs may still come
		awaited := w.hire(t, "awaited", "0x2", "b")
		end(awaited, state.AgreementEnded, time.Hour)
		invoiced := w.hire(t, "invoiced", "0x3", "c")
		end(invoiced, state.AgreementEnded, time.Hour)
		update(t, w.Store, func(tx *store.Tx) error { return tx.SetInvoice(invoiced, "i", glm("1"), state.BillAccepted) })
		over := w.hire(t, "over", "0x4", "d")
		end(over, state.AgreementEnded, time.Minute)
		stop(w.activate(t, over, "over"))
		left := w.hire(t, "left", "0x5", "e")
		survivor := w.activate(t, left, "survivor") // of an agreement that is over: must be stopped
		end(left, state.AgreementLost, 0)
		time.Sleep(2 * time.Minute)

		s := ask(t, w.Store, func(tx *store.Tx) (store.Snapshot, error) { return tx.Snapshot(w.run) })
		if diff := cmp.Diff([]int64{w.agreement, awaited, left}, keysOf(s.Agreements, agreementKey)); diff != "" {
			t.Errorf("agreements (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]int64{w.activity, survivor}, keysOf(s.Activities, activityKey)); diff != "" {
			t.Errorf("activities (-want +got):\n%s", diff)
		}
		if s.Run.ID != w.run || s.StageCounts == nil {
			t.Errorf("snapshot is %+v", s)
		}
	})
}

func TestListsOfHires(t *testing.T) {
	w := newWorld(t)
	second := w.hire(t, "second", "0x2", "b")
	act := w.activate(t, second, "second")
	update(t, w.Store, func(tx *store.Tx) error {
		if err := tx.MoveActivity(act, state.ActivityReady, state.ActivityLost, store.ActivitySet{}); err != nil {
			return err
		}
		if err := tx.MoveAgreement(second, state.AgreementApproved, state.AgreementEnded, store.AgreementSet{}); err != nil {
			return err
		}
		return tx.CreateRun(state.Run{ID: "other"}, state.Revision{})
	})
	for name, c := range map[string]struct {
		want []int64
		fn   func(*store.Tx) ([]int64, error)
	}{
		"all agreements":       {[]int64{w.agreement, second}, agreements(w.run, false)},
		"live agreements":      {[]int64{w.agreement}, agreements(w.run, true)},
		"another's agreements": {nil, agreements("other", false)},
		"all activities":       {[]int64{w.activity, act}, activities(w.run, false)},
		"live activities":      {[]int64{w.activity}, activities(w.run, true)},
		"another's activities": {nil, activities("other", false)},
		"unsettled": {[]int64{second}, func(tx *store.Tx) ([]int64, error) {
			all, err := tx.UnsettledAgreements(w.run)
			return keysOf(all, agreementKey), err
		}},
		"unsettled of all runs": {[]int64{second}, func(tx *store.Tx) ([]int64, error) {
			all, err := tx.UnsettledAgreements("")
			return keysOf(all, agreementKey), err
		}},
		"of an agreement": {[]int64{act}, func(tx *store.Tx) ([]int64, error) {
			all, err := tx.ActivitiesOf(second)
			return keysOf(all, activityKey), err
		}},
	} {
		if diff := cmp.Diff(c.want, ask(t, w.Store, c.fn)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for s, want := range map[state.BillState]int{state.BillRefused: 1, state.BillAccepted: 0} {
		update(t, w.Store, func(tx *store.Tx) error { return tx.SetInvoice(second, "i", glm("1"), s) })
		got := ask(t, w.Store, func(tx *store.Tx) ([]state.Agreement, error) { return tx.UnsettledAgreements(w.run) })
		if len(got) != want {
			t.Errorf("with its invoice %s, %d agreements are unsettled, want %d", s, len(got), want)
		}
	}
	rows := ask(t, w.Store, func(tx *store.Tx) ([]store.ActivityRow, error) { return tx.ActivityRows(w.run) })
	if len(rows) != 2 || rows[0].AgreementID != agreementID || rows[1].Provider != "0x2" || rows[1].ProviderName != "b" {
		t.Errorf("rows are %+v", rows)
	}
	if diff := cmp.Diff(w.activityNow(t), rows[0].Activity); diff != "" {
		t.Errorf("activity of a row (-want +got):\n%s", diff)
	}
}

func agreements(run state.RunID, live bool) func(*store.Tx) ([]int64, error) {
	return func(tx *store.Tx) ([]int64, error) {
		all, err := tx.Agreements(run, live)
		return keysOf(all, agreementKey), err
	}
}

func activities(run state.RunID, live bool) func(*store.Tx) ([]int64, error) {
	return func(tx *store.Tx) ([]int64, error) {
		all, err := tx.Activities(run, live)
		return keysOf(all, activityKey), err
	}
}
