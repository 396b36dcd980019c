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

// watchInvoices decides about invoices as they come.
func (r *runner) watchInvoices(ctx context.Context) {
	events := r.client.InvoiceStream(ctx, r.invoiceCursor, r.session)
	watch(ctx, r, "invoice", events, func(e golem.InvoiceEvent) error {
		switch e.EventType {
		case golem.EventInvoiceReceived, golem.EventInvoiceCancelled:
			return r.invoice(ctx, e.InvoiceID)
		case golem.EventInvoiceSettled:
			return r.settled(ctx, string(e.InvoiceID))
		}
		return nil
	}, func(tx *store.Tx, e golem.InvoiceEvent) error {
		return tx.SetEventCursors(r.Run, nil, nil, &e.EventDate)
	})
}

// invoice records an invoice, audits it and answers.
func (r *runner) invoice(ctx context.Context, id golem.InvoiceID) error {
	inv, err := r.client.GetInvoice(ctx, id)
	if err != nil {
		return fmt.Errorf("read invoice %s: %w", id, err)
	}
	return r.accepting.with(ctx, func() error { return r.answerInvoice(ctx, id, inv) })
}

// answerInvoice audits an invoice that is read, and accepts or refuses it. The caller is
// alone with it.
func (r *runner) answerInvoice(ctx context.Context, id golem.InvoiceID, inv golem.Invoice) error {
	rev := r.inForce()
	a, acts, known, err := r.invoiced(ctx, inv.AgreementID)
	if err != nil || !known {
		return err
	}
	bill := state.Bill{
		ID: string(id), Kind: state.BillInvoice, Run: r.Run, Agreement: a.Key,
		Total: inv.Amount, State: state.BillReceived, IssuedAt: inv.Timestamp, SeenAt: r.Store.Now(),
	}
	bill, open, err := r.receive(ctx, bill)
	if err == nil && inv.Status == golem.StatusCancelled {
		return r.withdrawn(ctx, rev, bill)
	}
	if err != nil || !open {
		return err
	}
	if bill.State == state.BillAccepting && taken(inv.Status) {
		// Decided, and done: an answer that was lost is no new question.
		return r.takeInvoice(ctx, rev, bill, a, acts, inv)
	}
	if a.InvoiceState == state.BillRefused {
		// Decided, and maybe done: a process that died does not know.
		return r.rejectWith(ctx, rev, bill, a, acts, inv, "it was refused before")
	}
	if early, err := r.tooEarly(ctx, bill, acts); err != nil || early {
		return errors.Join(err, errNotesFirst)
	}
	switch premature, err := r.premature(ctx, a); {
	case err != nil:
		return err
	case premature:
		r.market.ban(a.Provider)
		return r.rejectWith(ctx, rev, bill, a, acts, inv, "the invoice came before the end of its agreement")
	}
	finding, err := r.auditInvoice(ctx, a, acts, inv)
	if err != nil {
		return err
	}
	if finding != nil {
		r.distrust(a, acts...)
		return r.reject(ctx, rev, bill, a, inv, finding.Error())
	}
	why, err := r.wantsInvoice(ctx, rev, a, acts, inv)
	if err != nil {
		return err
	}
	if why != "" {
		r.market.ban(a.Provider)
		return r.reject(ctx, rev, bill, a, inv, why)
	}
	full, err := r.promise(ctx, rev, &bill, ledger.InvoiceIncrement(inv.Amount, a.Accepted), keysOf(acts)...)
	if err != nil {
		return err
	}
	if full != nil {
		return r.postpone(ctx, rev, bill, noRoom(*full))
	}
	return r.takeInvoice(ctx, rev, bill, a, acts, inv)
}

// withdrawn records that a provider took its invoice back: the daemon lets nobody
// accept it, nor reject it, any more (protocol section 6.5). Nothing is owed for its
// agreement unless another comes.
func (r *runner) withdrawn(ctx context.Context, rev *revision, bill state.Bill) error {
	if !bill.State.CanMove(state.BillIgnored) {
		return nil
	}
	return r.record(ctx, rev, func(tx *store.Tx) error {
		if err := tx.MoveBill(bill.ID, bill.State, state.BillIgnored, "its provider withdrew it", golem.Amount{}); err != nil {
			return err
		}
		return tx.SetInvoice(bill.Agreement, golem.InvoiceID(bill.ID), bill.Total, state.BillIgnored)
	})
}

// postpone leaves an invoice to `tasks settle`: it is right, and the budget has no
// room for it.
func (r *runner) postpone(ctx context.Context, rev *revision, bill state.Bill, why string) error {
	return r.record(ctx, rev, func(tx *store.Tx) error {
		if err := tx.MoveBill(bill.ID, bill.State, state.BillRefused, why, golem.Amount{}); err != nil {
			return err
		}
		return tx.SetInvoice(bill.Agreement, "", golem.Amount{}, "")
	})
}

// takeInvoice accepts an invoice that was found right.
func (r *runner) takeInvoice(ctx context.Context, rev *revision, bill state.Bill, a state.Agreement, acts []state.Activity, inv golem.Invoice) error {
	increment := ledger.InvoiceIncrement(inv.Amount, a.Accepted)
	document := r.invoiceDocument(inv.InvoiceID, inv.Amount)
	err := r.accept(ctx, rev, bill, increment, document, func(tx *store.Tx) error { return closed(tx, a, acts, inv, increment) })
	r.nudge()
	return err
}

// closed records that an agreement's billing is over. What the invoice adds to
// the notes belongs to the activity that was last.
func closed(tx *store.Tx, a state.Agreement, acts []state.Activity, inv golem.Invoice, increment golem.Amount) error {
	if n := len(acts); n > 0 && increment.IsPositive() {
		last := acts[n-1]
		if err := tx.SetBilled(last.Key, last.Accepted.Add(increment), inv.Timestamp); err != nil {
			return err
		}
	}
	return tx.SetInvoice(a.Key, inv.InvoiceID, inv.Amount, state.BillAccepted)
}

// errNotesFirst says that an invoice is decided about a little later.
var errNotesFirst = errors.New("its activities' last debit notes are not here yet")

// tooEarly reports whether an invoice should wait for the last debit notes, which
// say more of what is due than an invoice does. The two come by different
// streams, so that either may be seen first.
func (r *runner) tooEarly(ctx context.Context, bill state.Bill, acts []state.Activity) (bool, error) {
	// One that was seen in the future was seen before the clock was set back.
	if seen := r.Store.Now().Sub(bill.SeenAt); seen > noteWait || seen < 0 {
		return false, nil
	}
	for _, act := range acts {
		var last state.Bill
		err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
			_, last, err = tx.NotesBefore(act.Key, "")
			return err
		})
		if err != nil {
			return false, err
		}
		if act.ID != "" && last.IssuedAt.Before(act.EndedAt.Add(-destroyTime)) {
			return true, nil
		}
	}
	return false, nil
}

// noteWait is how long an invoice waits for debit notes.
const noteWait = 3 * time.Second

func (r *runner) auditInvoice(ctx context.Context, a state.Agreement, acts []state.Activity, inv golem.Invoice) (*ledger.Finding, error) {
	var open []state.Bill
	err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
		open, err = tx.OpenBills(r.Run)
		return err
	})
	if err != nil {
		return nil, err
	}
	joined := reconcile.Agreement{Agreement: a, Threads: threadsOf(a.Offer)}
	lines := make([]ledger.InvoiceActivity, len(acts))
	for i, act := range acts {
		if act, err = r.lastUsage(ctx, act); err != nil {
			return nil, err
		}
		ended := act.EndedAt
		if ended.IsZero() {
			ended = r.Store.Now()
		}
		lines[i] = ledger.InvoiceActivity{Meter: joined.Meter(&reconcile.Activity{Activity: act}), EndedAt: ended}
		if refused(open, act.Key) {
			if lines[i].LastNote, err = honest(a, act); err != nil {
				return nil, err
			}
		}
	}
	return ledger.AuditInvoice(inv.Amount, lines, a.Accepted), nil
}

// refused reports whether a debit note of the activity was refused.
func refused(open []state.Bill, activity int64) bool {
	return slices.ContainsFunc(open, func(b state.Bill) bool {
		return b.Activity == activity && b.State == state.BillRefused
	})
}

// honest is the note that a provider whose own was refused should have written:
// its usage at the agreed prices.
func honest(a state.Agreement, act state.Activity) (ledger.Note, error) {
	total, err := a.Pricing.Cost(act.Usage)
	return ledger.Note{Total: total, Usage: act.Usage, IssuedAt: act.UsageAt}, err
}

// reject refuses an invoice and tells the provider why. That it is refused is on
// record first: from the rejection on the daemon says yes to debit notes of the
// agreement, and does nothing (protocol section 6.5).
func (r *runner) reject(ctx context.Context, rev *revision, bill state.Bill, a state.Agreement, inv golem.Invoice, why string) error {
	r.Log.Warn("invoice refused", logAgreement, a.ID, logReason, why)
	err := r.record(ctx, rev, func(tx *store.Tx) error {
		return tx.SetInvoice(a.Key, inv.InvoiceID, inv.Amount, state.BillRefused)
	})
	if err != nil {
		return err
	}
	err = r.client.RejectInvoice(ctx, inv.InvoiceID, golem.Rejection{
		RejectionReason: golem.RejectIncorrectAmount, TotalAmountAccepted: a.Accepted, Message: why,
	}, acceptTime)
	if err != nil && golem.StatusOf(err) != 504 {
		return fmt.Errorf("reject invoice %s: %w", inv.InvoiceID, err)
	}
	err = r.moveBill(ctx, rev, bill, state.BillRefused, why)
	r.nudge()
	return err
}

// premature reports whether an agreement goes on although its invoice is here. The
// daemon says so: what we have recorded may lag behind the end. What is final would
// not be: all that is used from now on would have to be paid on top of it or not
// at all.
func (r *runner) premature(ctx context.Context, a state.Agreement) (bool, error) {
	if a.State.Done() {
		return false, nil
	}
	seen, err := r.client.GetAgreement(ctx, a.ID)
	if golem.IsNotFound(err) {
		return false, nil
	}
	return seen.State == golem.AgreementApproved, err
}

// rejectWith refuses an invoice and ends what goes on under its agreement: nothing
// that it uses from here on could be paid.
func (r *runner) rejectWith(
	ctx context.Context, rev *revision, bill state.Bill, a state.Agreement, acts []state.Activity, inv golem.Invoice, why string,
) error {
	if err := r.reject(ctx, rev, bill, a, inv, why); err != nil {
		return err
	}
	for _, act := range acts {
		if err := r.stopping(ctx, rev, act.Key, reconcile.ReasonBill+": "+why); err != nil {
			return err
		}
	}
	return nil
}

// invoiced finds the agreement of an invoice and its activities.
func (r *runner) invoiced(ctx context.Context, id golem.AgreementID) (a state.Agreement, acts []state.Activity, known bool, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) (err error) {
		if a, err = tx.AgreementByID(id); err != nil {
			return err
		}
		acts, err = tx.ActivitiesOf(a.Key)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return a, nil, false, nil
	}
	return a, acts, err == nil && a.Run == r.Run, err
}

func keysOf(acts []state.Activity) []int64 {
	keys := make([]int64, len(acts))
	for i, act := range acts {
		keys[i] = act.Key
	}
	return keys
}
