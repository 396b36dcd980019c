package runner

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
)

// crewOf is a run with so many workers, each authorised to bill 2 GLM; what is
// returned are the keys of their agreements and activities, in one order.
func crewOf(t testing.TB, workers int) (r *runner, agreements, activities []int64) {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "tasks.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	r = newRunner(Options{Store: st, Run: "r1"})
	err = st.Update(t.Context(), func(tx *store.Tx) error {
		err := tx.CreateRun(state.Run{ID: "r1", Name: "hello", Session: "s", State: state.RunRunning}, state.Revision{Run: "r1", Text: []byte("x")})
		for i := range workers {
			if err != nil {
				return err
			}
			var a, act int64
			a, err = tx.AddAgreement(state.Agreement{
				Run: "r1", ID: golem.AgreementID(fmt.Sprint("a", i)), State: state.AgreementApproved, Provider: golem.NodeID(fmt.Sprint("0x", i)),
			})
			if err != nil {
				return err
			}
			act, err = tx.AddActivity(state.Activity{
				Run: "r1", Agreement: a, ID: golem.ActivityID(fmt.Sprint("v", i)), State: state.ActivityReady, Authorised: decimal.NewFromInt(2),
			})
			agreements, activities = append(agreements, a), append(activities, act)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return r, agreements, activities
}

func TestReservedForOthers(t *testing.T) {
	r, agreements, activities := crewOf(t, 3)
	check := func(step string, agreement int64, acts []int64, want string) {
		t.Helper()
		got, err := r.reservedFor(t.Context(), agreement, acts)
		if err != nil || !got.Equal(decimal.RequireFromString(want)) {
			t.Errorf("%s: %s is reserved, %v, want %s", step, got, err, want)
		}
	}
	change := func(fn func(*store.Tx) error) {
		t.Helper()
		if err := r.Store.Update(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	check("all", 0, nil, "6")
	check("without one", agreements[1], activities[1:2], "4")
	check("without one that is not of the agreement", agreements[1], activities[:1], "6")
	change(func(tx *store.Tx) error { return tx.Authorise(activities[1], decimal.NewFromInt(5)) })
	check("authorised", 0, nil, "9")
	check("without it", agreements[1], activities[1:2], "4")
	var second int64
	change(func(tx *store.Tx) (err error) {
		second, err = tx.AddActivity(state.Activity{
			Run: "r1", Agreement: agreements[1], ID: "again", State: state.ActivityReady, Authorised: decimal.NewFromInt(1),
		})
		return err
	})
	check("without one of two", agreements[1], []int64{second}, "9")
	check("without both", agreements[1], []int64{activities[1], second}, "4")
	change(func(tx *store.Tx) error {
		return tx.SetInvoice(agreements[2], "i", decimal.NewFromInt(7), state.BillAccepting)
	})
	check("an invoice is being accepted", 0, nil, "15")
	check("without what it bills", agreements[2], activities[2:], "8")
	change(func(tx *store.Tx) error {
		return tx.SetInvoice(agreements[2], "i", decimal.NewFromInt(7), state.BillAccepted)
	})
	check("accepted", 0, nil, "8")
}

// BenchmarkReserved is what the budget costs at a debit note: one worker has been
// authorised anew, and what is reserved for the others is asked for. Added up anew
// is what it would cost without what is kept, the reading of the rows left out.
func BenchmarkReserved(b *testing.B) {
	for _, workers := range []int{10, 100, 1000} {
		r, agreements, activities := crewOf(b, workers)
		rec, err := r.records(b.Context()) // what is kept from here on
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("%d workers", workers), func(b *testing.B) {
			for n := 0; b.Loop(); n++ {
				i := n % workers
				err := r.Store.Update(b.Context(), func(tx *store.Tx) error { return tx.Authorise(activities[i], decimal.NewFromInt(3)) })
				if err != nil {
					b.Fatal(err)
				}
				if _, err := r.reservedFor(b.Context(), agreements[i], activities[i:i+1]); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("%d workers added up anew", workers), func(b *testing.B) {
			r.effects = newEffects(b.Context(), nil, nil)
			all := r.join(rec)
			for b.Loop() {
				reconcile.Reserved(time.Now(), all)
			}
		})
	}
}
