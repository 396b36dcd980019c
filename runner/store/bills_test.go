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

// note adds a debit note.
func (w world) note(t testing.TB, id, total string) {
	t.Helper()
	w.bill(t, state.Bill{ID: id, Kind: state.BillDebitNote, Activity: w.activity, Total: glm(total)})
}

// invoice adds an invoice.
func (w world) invoice(t testing.TB, id, total string) {
	t.Helper()
	w.bill(t, state.Bill{ID: id, Kind: state.BillInvoice, Total: glm(total)})
}

func (w world) bill(t testing.TB, b state.Bill) {
	t.Helper()
	b.Run, b.Agreement = w.run, w.agreement
	if !tell(t, w.Store, func(tx *store.Tx) (bool, error) { return tx.AddBill(b) }) {
		t.Errorf("bill %s was not added", b.ID)
	}
}

// move moves a bill along a path.
func (w world) move(t testing.TB, id, increment string, path ...state.BillState) {
	t.Helper()
	for i, to := range path[1:] {
		update(t, w.Store, func(tx *store.Tx) error { return tx.MoveBill(id, path[i], to, "", glm(increment)) })
	}
}

func (w world) accept(t testing.TB, id, increment string) {
	t.Helper()
	w.move(t, id, increment, state.BillReceived, state.BillAccepting, state.BillAccepted)
}

func (w world) totals(t testing.TB) store.Money {
	t.Helper()
	return ask(t, w.Store, func(tx *store.Tx) (store.Money, error) { return tx.Totals(w.run) })
}

func TestBillsAreTakenOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		want := state.Bill{
			ID: "n1", Kind: state.BillDebitNote, Run: w.run, Agreement: w.agreement, Activity: w.activity,
			Total: glm("0.000000000000000001"), State: state.BillReceived, IssuedAt: time.Now().UTC().Add(-time.Second),
			SeenAt: time.Now().UTC(), Usage: []float64{20.5, 60.25},
		}
		w.bill(t, want)
		again := want
		again.Total = glm("99")
		if tell(t, w.Store, func(tx *store.Tx) (bool, error) { return tx.AddBill(again) }) {
			t.Error("added twice")
		}
		got := ask(t, w.Store, func(tx *store.Tx) (state.Bill, error) { return tx.Bill("n1") })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("bill (-want +got):\n%s", diff)
		}
		again.Kind, again.Activity = state.BillInvoice, 0
		refused(t, w.Store, store.ErrExists, func(tx *store.Tx) error { _, err := tx.AddBill(again); return err })
	})
}

func TestAcceptingChargesEveryAccountOnce(t *testing.T) {
	w := newWorld(t)
	w.note(t, "n1", "0.1")
	w.note(t, "n2", "0.3")
	w.invoice(t, "i", "0.35")
	w.accept(t, "n1", "0.1")
	w.accept(t, "n2", "0.2")
	w.accept(t, "i", "0.05")
	refused(t, w.Store, store.ErrStale, func(tx *store.Tx) error {
		return tx.MoveBill("n1", state.BillAccepting, state.BillAccepted, "", glm("0.1"))
	})
	for name, c := range map[string]struct {
		got  golem.Amount
		want string
	}{
		"activity":  {w.activityNow(t).Accepted, "0.3"}, // the invoice is of no one activity
		"agreement": {w.agreementNow(t, w.agreement).Accepted, "0.35"},
		"provider":  {w.provider(t).Cost, "0.35"},
		"run":       {w.totals(t).Accepted, "0.35"},
	} {
		if !c.got.Equal(glm(c.want)) {
			t.Errorf("%s: accepted %s, want %s", name, c.got, c.want)
		}
	}
	b := ask(t, w.Store, func(tx *store.Tx) (state.Bill, error) { return tx.Bill("n2") })
	if !b.Increment.Equal(glm("0.2")) || b.State != state.BillAccepted || b.DecidedAt.IsZero() {
		t.Errorf("bill is %+v", b)
	}
}

func TestAmountsStayExact(t *testing.T) {
	w := newWorld(t)
	w.note(t, "large", "1000000000")
	w.accept(t, "large", "1000000000")
	w.note(t, "small", "1000000000.000000000000000001")
	w.accept(t, "small", "0.000000000000000001")
	if got := w.totals(t).Accepted.String(); got != "1000000000.000000000000000001" {
		t.Errorf("accepted %s", got)
	}
}

func TestOnlyAcceptingCharges(t *testing.T) {
	w := newWorld(t)
	w.note(t, "refused", "1")
	w.move(t, "refused", "1", state.BillReceived, state.BillRefused)
	w.note(t, "ignored", "1")
	w.move(t, "ignored", "1", state.BillReceived, state.BillIgnored)
	w.note(t, "under way", "1")
	w.move(t, "under way", "1", state.BillReceived, state.BillAccepting)
	if got := w.totals(t); !got.Accepted.IsZero() {
		t.Errorf("accepted %s", got.Accepted)
	}
	if err := w.Update(t.Context(), func(tx *store.Tx) error {
		return tx.MoveBill("under way", state.BillAccepting, state.BillAccepted, "", glm("-1"))
	}); err == nil {
		t.Error("a bill charged less than nothing")
	}
}

func TestARefusedBillCanBeAcceptedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.invoice(t, "i", "2")
		update(t, w.Store, func(tx *store.Tx) error {
			return tx.MoveBill("i", state.BillReceived, state.BillRefused, "no room in 10/h", golem.Amount{})
		})
		time.Sleep(time.Hour)
		w.move(t, "i", "2", state.BillRefused, state.BillAccepting, state.BillAccepted)
		b := ask(t, w.Store, func(tx *store.Tx) (state.Bill, error) { return tx.Bill("i") })
		if !b.DecidedAt.Equal(time.Now()) || b.Reason != "no room in 10/h" {
			t.Errorf("bill is %+v", b)
		}
		if got := w.totals(t); !got.Accepted.Equal(glm("2")) {
			t.Errorf("accepted %s", got.Accepted)
		}
	})
}

func TestOpenBills(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"z", "accepting", "refused", "accepted", "ignored", "a"} {
		w.note(t, id, "1")
	}
	w.move(t, "accepting", "0", state.BillReceived, state.BillAccepting)
	w.move(t, "refused", "0", state.BillReceived, state.BillRefused)
	w.move(t, "ignored", "0", state.BillReceived, state.BillIgnored)
	w.accept(t, "accepted", "1")
	var got []string
	for _, b := range ask(t, w.Store, func(tx *store.Tx) ([]state.Bill, error) { return tx.OpenBills(w.run) }) {
		got = append(got, b.ID)
	}
	if diff := cmp.Diff([]string{"z", "accepting", "refused", "a"}, got); diff != "" {
		t.Errorf("open bills (-want +got):\n%s", diff)
	}
}

func TestSpends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		start := time.Now().UTC()
		for _, b := range []struct{ id, total, increment string }{
			{"n1", "1", "1"}, {"n2", "1", "0"}, {"n3", "1.5", "0.5"}, {"n4", "1.75", "0.25"},
		} {
			time.Sleep(time.Minute)
			w.note(t, b.id, b.total)
			w.accept(t, b.id, b.increment)
		}
		w.move(t, "n1", "0", state.BillAccepted, state.BillSettled) // paid, and spent as before
		all := []store.Spend{
			{At: start.Add(time.Minute), Amount: glm("1")},
			{At: start.Add(3 * time.Minute), Amount: glm("0.5")},
			{At: start.Add(4 * time.Minute), Amount: glm("0.25")},
		}
		for _, c := range []struct {
			since time.Duration
			want  []store.Spend
		}{{0, all}, {time.Minute - time.Microsecond, all}, {time.Minute, all[1:]}, {4 * time.Minute, nil}} {
			got := ask(t, w.Store, func(tx *store.Tx) ([]store.Spend, error) { return tx.Spends(w.run, start.Add(c.since)) })
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("after %v (-want +got):\n%s", c.since, diff)
			}
		}
	})
}

// TestPaidIsNotCountedTwice settles bills in every order in which they cover
// each other: all of it is paid in the end, and no more.
func TestPaidIsNotCountedTwice(t *testing.T) {
	for _, c := range []struct {
		name  string
		order []string
		paid  []string
	}{
		{"in order", []string{"n1", "n2", "i"}, []string{"0.1", "0.3", "0.35"}},
		{"the second note first", []string{"n2", "n1", "i"}, []string{"0.3", "0.3", "0.35"}},
		{"the invoice first", []string{"i", "n2", "n1"}, []string{"0.35", "0.35", "0.35"}},
		{"the invoice in between", []string{"n1", "i", "n2"}, []string{"0.1", "0.35", "0.35"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.note(t, "n1", "0.1")
			w.note(t, "n2", "0.3")
			w.invoice(t, "i", "0.35")
			w.accept(t, "n1", "0.1")
			w.accept(t, "n2", "0.2")
			w.accept(t, "i", "0.05")
			for i, id := range c.order {
				w.move(t, id, "0", state.BillAccepted, state.BillSettled)
				if got := w.totals(t).Paid; !got.Equal(glm(c.paid[i])) {
					t.Errorf("after %s is settled, paid is %s, want %s", id, got, c.paid[i])
				}
			}
			if got := w.totals(t).Accepted; !got.Equal(glm("0.35")) {
				t.Errorf("accepted %s", got)
			}
		})
	}
}

func TestNotesBefore(t *testing.T) {
	w := newWorld(t)
	w.note(t, "n1", "0.1")
	w.note(t, "n2", "10")
	w.note(t, "n3", "9.5")
	w.note(t, "n4", "11")
	w.move(t, "n3", "0", state.BillReceived, state.BillIgnored)
	for _, c := range []struct {
		id, highest string
		earlier     int
	}{{"n1", "", 0}, {"n2", "n1", 1}, {"n4", "n2", 3}, {"to come", "n4", 4}} {
		var earlier int
		highest := tell(t, w.Store, func(tx *store.Tx) (b state.Bill, err error) {
			earlier, b, err = tx.NotesBefore(w.activity, c.id)
			return b, err
		})
		if earlier != c.earlier || highest.ID != c.highest {
			t.Errorf("before %s came %d, the highest %q; want %d, %q", c.id, earlier, highest.ID, c.earlier, c.highest)
		}
	}
}
