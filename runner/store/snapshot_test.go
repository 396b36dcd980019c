package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

// TestSnapshotSeesEveryChange compares what a snapshot kept with what another
// process reads.
func TestSnapshotSeesEveryChange(t *testing.T) {
	w := newWorld(t)
	other, err := store.OpenReadOnly(t.Context(), w.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	check := func(step string) {
		t.Helper()
		snapshot := func(tx *store.Tx) (store.Snapshot, error) { return tx.Snapshot(w.run) }
		got := ask(t, w.Store, snapshot)
		if diff := cmp.Diff(ask(t, other, snapshot), got); diff != "" {
			t.Errorf("after %s (-read anew +kept):\n%s", step, diff)
		}
	}
	change := func(step string, fn func(*store.Tx) error) {
		t.Helper()
		check("before " + step)
		update(t, w.Store, fn)
		check(step)
	}
	id := w.add(t, state.Task{Stage: "attack", Item: doc(`1`)})[0]
	var at state.Attempt
	change("usage", func(tx *store.Tx) error { return tx.SetUsage(w.activity, []float64{1, 2}, tx.Now()) })
	change("authorisation", func(tx *store.Tx) error { return tx.Authorise(w.activity, glm("0.5")) })
	change("attempt", func(tx *store.Tx) (err error) {
		at, err = tx.BeginAttempt(w.run, state.Task{ID: id}, w.activity)
		return err
	})
	change("batch", func(tx *store.Tx) error { return tx.SetBatch(at.ID, "batch", 0) })
	change("end of the attempt", func(tx *store.Tx) error {
		_, err := tx.FinishAttempt(store.AttemptEnd{Attempt: at.ID, State: "done", Task: "done", Value: doc(`1`), Count: 1})
		return err
	})
	change("bill", func(tx *store.Tx) error {
		_, err := tx.AddBill(state.Bill{ID: "n", Kind: state.BillDebitNote, Run: w.run, Agreement: w.agreement, Activity: w.activity, Total: glm("0.1"), State: state.BillReceived})
		return err
	})
	change("accepting", func(tx *store.Tx) error { return tx.MoveBill("n", "received", "accepting", "", golem.Amount{}) })
	change("accepted", func(tx *store.Tx) error { return tx.MoveBill("n", "accepting", "accepted", "", glm("0.1")) })
	failed := errors.New("no")
	err = w.Update(t.Context(), func(tx *store.Tx) error {
		if err := tx.Authorise(w.activity, glm("7")); err != nil {
			return err
		}
		if s, err := tx.Snapshot(w.run); err != nil || !s.Activities[0].Authorised.Equal(glm("7")) {
			t.Errorf("inside the update: %v, %v", s.Activities, err)
		}
		return failed
	})
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	check("an update that was undone")
	change("end", func(tx *store.Tx) error {
		return errors.Join(
			tx.MoveActivity(w.activity, "ready", "stopping", store.ActivitySet{Reason: "over"}),
			tx.MoveActivity(w.activity, "stopping", "ended", store.ActivitySet{}),
			tx.MoveAgreement(w.agreement, "approved", "ending", store.AgreementSet{WaitUntil: tx.Now().Add(time.Hour)}),
			tx.MoveAgreement(w.agreement, "ending", "ended", store.AgreementSet{}))
	})
	change("invoice", func(tx *store.Tx) error { return tx.SetInvoice(w.agreement, "i", glm("0.2"), "received") })
}

// BenchmarkSnapshot looks at a run with 1,000 workers, as the loop does at every
// turn.
func BenchmarkSnapshot(b *testing.B) {
	w := newWorld(b)
	for i := range 999 {
		name := fmt.Sprintf("golem-%d", i)
		key := w.hire(b, golem.AgreementID("a-"+name), golem.NodeID(fmt.Sprintf("0x%040d", i)), name)
		w.activate(b, key, golem.ActivityID("v-"+name))
		update(b, w.Store, func(tx *store.Tx) error {
			return tx.MoveAgreement(key, "approved", "ending", store.AgreementSet{Offer: largeOffer(i)})
		})
	}
	for b.Loop() {
		s := ask(b, w.Store, func(tx *store.Tx) (store.Snapshot, error) { return tx.Snapshot(w.run) })
		if len(s.Agreements) != 1000 || len(s.Activities) != 1000 {
			b.Fatalf("%d agreements, %d activities", len(s.Agreements), len(s.Activities))
		}
	}
}

// largeOffer is as large as those of the network.
func largeOffer(i int) golem.Properties {
	p := golem.Properties{"golem.node.id.name": fmt.Sprintf("golem-%d", i)}
	for k := range 30 {
		p[fmt.Sprintf("golem.inf.property.%d", k)] = fmt.Sprintf("value %d of it", k)
	}
	return p
}
