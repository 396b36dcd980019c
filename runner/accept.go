package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"tasks/golem"
	"tasks/runner/ledger"
	"tasks/runner/state"
	"tasks/runner/store"
)

// A document is a bill at the daemon, of either kind.
type document struct {
	name   string
	total  golem.Amount
	accept func(context.Context, golem.Acceptance) error
	status func(context.Context) (golem.DocumentStatus, error)
	// doubtful says that a yes may mean nothing: that of a debit note, whose
	// agreement has an invoice that we have not seen yet.
	doubtful bool
}

// errVain says that the daemon said yes and did nothing (protocol section 6.5).
var errVain = errors.New("the daemon has not accepted it: there is an invoice")

func (r *runner) noteDocument(id golem.DebitNoteID, total golem.Amount) document {
	return document{
		name: "debit note " + string(id), total: total, doubtful: true,
		accept: func(ctx context.Context, a golem.Acceptance) error {
			return r.client.AcceptDebitNote(ctx, id, a, acceptTime)
		},
		status: func(ctx context.Context) (golem.DocumentStatus, error) {
			note, err := r.client.GetDebitNote(ctx, id)
			return note.Status, err
		},
	}
}

func (r *runner) invoiceDocument(id golem.InvoiceID, total golem.Amount) document {
	return document{
		name: "invoice " + string(id), total: total,
		accept: func(ctx context.Context, a golem.Acceptance) error {
			return r.client.AcceptInvoice(ctx, id, a, acceptTime)
		},
		status: func(ctx context.Context) (golem.DocumentStatus, error) {
			inv, err := r.client.GetInvoice(ctx, id)
			return inv.Status, err
		},
	}
}

// promise records the intent to accept a bill, if the budget has room for what it
// adds. What is reserved for the activities that it bills makes room first. A window
// that has none is returned; the caller refuses the bill.
func (r *runner) promise(ctx context.Context, rev *revision, bill *state.Bill, increment golem.Amount, acts ...int64) (full *ledger.Window, err error) {
	err = r.purse.with(ctx, func() error {
		window, blocked, err := r.blocked(ctx, rev, increment, bill.Agreement, acts)
		if blocked {
			full = &window
		}
		if err != nil || blocked || bill.State != state.BillReceived {
			return err
		}
		from := bill.State
		bill.State = state.BillAccepting
		return r.record(ctx, rev, func(tx *store.Tx) error {
			if err := tx.MoveBill(bill.ID, from, bill.State, "", golem.Amount{}); err != nil || bill.Kind != state.BillInvoice {
				return err
			}
			return tx.SetInvoice(bill.Agreement, golem.InvoiceID(bill.ID), bill.Total, bill.State)
		})
	})
	return full, err
}

// accept accepts a promised bill: call and outcome. What else the outcome says is
// recorded by also, with it or not at all. The daemon charges the increment
// once, however often it is asked (protocol section 6.5), so an outcome that is
// not known is found out by reading the document. The caller is alone
// with it.
func (r *runner) accept(ctx context.Context, rev *revision, bill state.Bill, increment golem.Amount, doc document, also func(*store.Tx) error) error {
	status, err := doc.status(ctx)
	if err != nil {
		return fmt.Errorf("read %s: %w", doc.name, err)
	}
	if !taken(status) {
		if err := r.acceptAt(ctx, increment, doc); err != nil {
			return err
		}
	}
	return r.spend(ctx, rev, bill, increment, also)
}

// acceptAt makes the call, with enough in the allocation.
func (r *runner) acceptAt(ctx context.Context, increment golem.Amount, doc document) error {
	allocation, err := r.allocationFor(ctx, increment)
	if err != nil {
		return err
	}
	err = doc.accept(ctx, golem.Acceptance{TotalAmountAccepted: doc.total, AllocationID: allocation})
	if err != nil || doc.doubtful {
		status, statusErr := doc.status(ctx)
		if statusErr != nil || !taken(status) {
			return fmt.Errorf("accept %s: %w", doc.name, cmp.Or(err, statusErr, errVain))
		}
	}
	r.bookMu.Lock()
	defer r.bookMu.Unlock()
	r.drawn = r.drawn.Add(increment)
	return nil
}

func taken(s golem.DocumentStatus) bool {
	return s == golem.StatusAccepted || s == golem.StatusSettled
}

// spend records an accepted bill in the store and in the book. A process that dies
// leaves all of what the bill says on record, or nothing: an invoice whose end of
// the billing was missing would let an older note be counted again.
func (r *runner) spend(ctx context.Context, rev *revision, bill state.Bill, increment golem.Amount, also func(*store.Tx) error) error {
	return r.purse.with(ctx, func() error {
		var at time.Time
		err := r.record(ctx, rev, func(tx *store.Tx) error {
			at = tx.Now()
			if err := tx.MoveBill(bill.ID, bill.State, state.BillAccepted, "", increment); err != nil {
				return err
			}
			return also(tx)
		})
		if err != nil {
			return fmt.Errorf("record the accepted bill %s: %w", bill.ID, err)
		}
		r.bookMu.Lock()
		defer r.bookMu.Unlock()
		if increment.IsPositive() {
			r.book.Add(ledger.Spend{At: at, Amount: increment})
		}
		return nil
	})
}
