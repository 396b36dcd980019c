package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tasks/golem"
	"tasks/runner/ledger"
	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
)

const acceptTime = 15 * time.Second

// receive stores a bill once. open says that it still wants an answer.
func (r *runner) receive(ctx context.Context, bill state.Bill) (state.Bill, bool, error) {
	err := r.Store.Update(ctx, func(tx *store.Tx) error {
		added, err := tx.AddBill(bill)
		if err != nil || added {
			return err
		}
		bill, err = tx.Bill(bill.ID)
		return err
	})
	return bill, bill.State == state.BillReceived || bill.State == state.BillAccepting, err
}

// blocked reports whether a window has no room for an increment. What was
// reserved for the activities of the agreement that bill it makes room for it first.
func (r *runner) blocked(ctx context.Context, rev *revision, increment golem.Amount, agreement int64, acts []int64) (w ledger.Window, blocked bool, err error) {
	if !increment.IsPositive() {
		return ledger.Window{}, false, nil
	}
	reserved, err := r.reservedFor(ctx, agreement, acts)
	if err != nil {
		return ledger.Window{}, false, err
	}
	r.bookMu.Lock()
	defer r.bookMu.Unlock()
	w, blocked = r.book.Blocking(r.Store.Now(), rev.budget(), reserved, increment)
	return w, blocked, nil
}

// noRoom says why a bill is not accepted whose increment a window has no room for.
func noRoom(w ledger.Window) string { return fmt.Sprintf("the budget of %s has no room for it", w) }

// distrust keeps away from a provider who bills more than its machines can have
// run: for good, unless one had been out of reach. That may have run on without our
// knowing, which is not paid, but no lie: its provider is left alone for a while.
func (r *runner) distrust(a state.Agreement, acts ...state.Activity) {
	outOfReach := slices.ContainsFunc(acts, func(act state.Activity) bool {
		return reconcile.Code(act.Reason) == reconcile.ReasonGone
	})
	if outOfReach {
		r.market.cool(a.Provider)
		return
	}
	r.market.ban(a.Provider)
}

func (r *runner) moveBill(ctx context.Context, rev *revision, bill state.Bill, to state.BillState, why string) error {
	return r.record(ctx, rev, func(tx *store.Tx) error {
		return tx.MoveBill(bill.ID, bill.State, to, why, golem.Amount{})
	})
}

// settled records that a bill is paid. Only accepted ones are: a bill of nothing
// is settled as it is accepted, and stays accepted here.
func (r *runner) settled(ctx context.Context, id string) error {
	return r.Store.Update(ctx, func(tx *store.Tx) error {
		bill, err := tx.Bill(id)
		if errors.Is(err, store.ErrNotFound) || err == nil && bill.State != state.BillAccepted {
			return nil
		}
		if err != nil {
			return err
		}
		return tx.MoveBill(id, state.BillAccepted, state.BillSettled, "", golem.Amount{})
	})
}
