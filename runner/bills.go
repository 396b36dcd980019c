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

// watchDebitNotes decides about debit notes as they come.
func (r *runner) watchDebitNotes(ctx context.Context) {
	for event, err := range r.client.DebitNoteStream(ctx, r.noteCursor, r.session) {
		if err != nil {
			r.Log.Debug("no debit note events", logError, err)
			continue
		}
		if event.EventType == golem.EventDebitNoteReceived {
			if !r.persist(ctx, "debit note", func() error { return r.debitNote(ctx, event.DebitNoteID) }) {
				return
			}
		}
		r.keepCursor(ctx, func(tx *store.Tx) error {
			return tx.SetEventCursors(r.Run, nil, &event.EventDate, nil)
		})
	}
}

// watchInvoices decides about invoices as they come.
func (r *runner) watchInvoices(ctx context.Context) {
	for event, err := range r.client.InvoiceStream(ctx, r.invoiceCursor, r.session) {
		if err != nil {
			r.Log.Debug("no invoice events", logError, err)
			continue
		}
		if event.EventType == golem.EventInvoiceReceived {
			if !r.persist(ctx, "invoice", func() error { return r.invoice(ctx, event.InvoiceID) }) {
				return
			}
		}
		r.keepCursor(ctx, func(tx *store.Tx) error {
			return tx.SetEventCursors(r.Run, nil, nil, &event.EventDate)
		})
	}
}

// persist repeats fn until it succeeds or ctx ends: a bill is never skipped
// because a call failed, and deciding about one twice is harmless.
func (r *runner) persist(ctx context.Context, what string, fn func() error) bool {
	for failures := 0; ; failures++ {
		err := fn()
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		if !errors.Is(err, errNotesFirst) {
			r.Log.Warn(what+" not dealt with yet", logError, err)
		}
		pause(ctx, backoff(failures))
	}
}

func (r *runner) keepCursor(ctx context.Context, save func(*store.Tx) error) {
	if err := r.Store.Update(ctx, save); err != nil && ctx.Err() == nil {
		r.Log.Error("event cursor not recorded", logError, err)
	}
}

// debitNote records a debit note, audits it and answers.
func (r *runner) debitNote(ctx context.Context, id golem.DebitNoteID) error {
	note, err := r.client.GetDebitNote(ctx, id)
	if err != nil {
		return fmt.Errorf("read debit note %s: %w", id, err)
	}
	r.accepting.Lock()
	defer r.accepting.Unlock()
	act, a, known, err := r.billed(ctx, note.ActivityID)
	if err != nil || !known {
		return err
	}
	bill := state.Bill{
		ID: string(id), Kind: state.BillDebitNote, Run: r.Run, Agreement: a.Key, Activity: act.Key,
		Total: note.TotalAmountDue, State: state.BillReceived, IssuedAt: note.Timestamp,
		SeenAt: time.Now(), Usage: note.UsageCounterVector,
	}
	bill, open, err := r.receive(ctx, bill)
	if err != nil || !open {
		return err
	}
	if a.InvoiceState == state.BillAccepted || note.Status != golem.StatusReceived && bill.State == state.BillReceived {
		return r.moveBill(ctx, bill, state.BillIgnored, "after its invoice")
	}
	finding, err := r.auditNote(ctx, a, act, note)
	if err != nil {
		return err
	}
	if finding != nil {
		if finding.Code == ledger.CodeTotalMismatch {
			// The usage was found plausible: it bounds what the invoice may ask.
			if err := r.seen(ctx, act, note); err != nil {
				return err
			}
		}
		r.market.ban(a.Provider)
		return r.refuse(ctx, bill, act, finding.Error())
	}
	increment := ledger.NoteIncrement(note.TotalAmountDue, act.Accepted)
	if window, blocked := r.blocked(ctx, increment, act.Key); blocked {
		return r.refuse(ctx, bill, act, fmt.Sprintf("the budget of %s has no room for it", window))
	}
	if err := r.accept(ctx, bill, increment, r.noteDocument(id, note.TotalAmountDue)); err != nil {
		return err
	}
	return r.counted(ctx, a, act, note)
}

// seen records the usage that a note reports.
func (r *runner) seen(ctx context.Context, act state.Activity, note golem.DebitNote) error {
	return r.Store.Update(ctx, func(tx *store.Tx) error {
		return tx.SetUsage(act.Key, note.UsageCounterVector, earlier(note.Timestamp, time.Now()))
	})
}

// counted records what an accepted note says of its activity, and judges it. One
// that came late or again says nothing new; it was accepted all the same, for
// nothing, because its provider waits for that.
func (r *runner) counted(ctx context.Context, a state.Agreement, act state.Activity, note golem.DebitNote) error {
	if !note.TotalAmountDue.GreaterThan(act.Billed) {
		return nil
	}
	err := r.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.SetBilled(act.Key, note.TotalAmountDue, note.Timestamp); err != nil || note.UsageCounterVector == nil {
			return err
		}
		return tx.SetUsage(act.Key, note.UsageCounterVector, earlier(note.Timestamp, time.Now()))
	})
	if err != nil {
		return err
	}
	if act, a, err = r.activity(ctx, act.Key); err != nil {
		return err
	}
	if act.State == state.ActivityReady {
		r.judge(ctx, a, act)
	}
	r.nudge()
	return nil
}

// auditNote checks a debit note against what was agreed, and against the notes
// before it.
func (r *runner) auditNote(ctx context.Context, a state.Agreement, act state.Activity, note golem.DebitNote) (*ledger.Finding, error) {
	var earlier int
	var highest state.Bill
	err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
		earlier, highest, err = tx.NotesBefore(act.Key, string(note.DebitNoteID))
		return err
	})
	if err != nil {
		return nil, err
	}
	joined := reconcile.Agreement{Agreement: a, Threads: threadsOf(a.Offer)}
	facts := ledger.NoteFacts{
		Interval: a.Interval, Earlier: earlier, Now: time.Now(),
		EndedAt: act.EndedAt, Final: act.State.Done() || act.State == state.ActivityStopping,
		Previous: ledger.Note{Total: highest.Total, Usage: highest.Usage, IssuedAt: highest.IssuedAt},
	}
	return ledger.AuditNote(joined.Meter(&reconcile.Activity{Activity: act}), ledger.Note{
		Total: note.TotalAmountDue, Usage: note.UsageCounterVector, IssuedAt: note.Timestamp,
	}, facts), nil
}

// invoice records an invoice, audits it and answers.
func (r *runner) invoice(ctx context.Context, id golem.InvoiceID) error {
	inv, err := r.client.GetInvoice(ctx, id)
	if err != nil {
		return fmt.Errorf("read invoice %s: %w", id, err)
	}
	r.accepting.Lock()
	defer r.accepting.Unlock()
	a, acts, known, err := r.invoiced(ctx, inv.AgreementID)
	if err != nil || !known {
		return err
	}
	bill := state.Bill{
		ID: string(id), Kind: state.BillInvoice, Run: r.Run, Agreement: a.Key,
		Total: inv.Amount, State: state.BillReceived, IssuedAt: inv.Timestamp, SeenAt: time.Now(),
	}
	bill, open, err := r.receive(ctx, bill)
	if err != nil || !open {
		return err
	}
	if early, err := r.tooEarly(ctx, bill, acts); err != nil || early {
		return errors.Join(err, errNotesFirst)
	}
	finding, err := r.auditInvoice(ctx, a, acts, inv)
	if err != nil {
		return err
	}
	if finding != nil {
		return r.reject(ctx, bill, a, inv, finding.Error())
	}
	increment := ledger.InvoiceIncrement(inv.Amount, a.Accepted)
	if window, blocked := r.blocked(ctx, increment, keysOf(acts)...); blocked {
		return r.moveBill(ctx, bill, state.BillRefused, fmt.Sprintf("the budget of %s has no room for it", window))
	}
	if err := r.accept(ctx, bill, increment, r.invoiceDocument(id, inv.Amount)); err != nil {
		return err
	}
	return r.closed(ctx, a, acts, inv, increment)
}

// closed records that an agreement's billing is over. What the invoice adds to
// the notes belongs to the activity that was last.
func (r *runner) closed(ctx context.Context, a state.Agreement, acts []state.Activity, inv golem.Invoice, increment golem.Amount) error {
	err := r.Store.Update(ctx, func(tx *store.Tx) error {
		if n := len(acts); n > 0 && increment.IsPositive() {
			last := acts[n-1]
			if err := tx.SetBilled(last.Key, last.Accepted.Add(increment), inv.Timestamp); err != nil {
				return err
			}
		}
		return tx.SetInvoice(a.Key, inv.InvoiceID, inv.Amount, state.BillAccepted)
	})
	r.nudge()
	return err
}

// errNotesFirst says that an invoice is decided about a little later.
var errNotesFirst = errors.New("its activities' last debit notes are not here yet")

// tooEarly reports whether an invoice should wait for the last debit notes, which
// say more of what is due than an invoice does. The two come by different
// streams, so that either may be seen first.
func (r *runner) tooEarly(ctx context.Context, bill state.Bill, acts []state.Activity) (bool, error) {
	if time.Since(bill.SeenAt) > noteWait {
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
		ended := act.EndedAt
		if ended.IsZero() {
			ended = time.Now()
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
// reserved for the activities that bill it makes room for it first.
func (r *runner) blocked(ctx context.Context, increment golem.Amount, acts ...int64) (ledger.Window, bool) {
	if !increment.IsPositive() {
		return ledger.Window{}, false
	}
	rec, err := r.records(ctx)
	if err != nil {
		return ledger.Window{}, false
	}
	now := time.Now()
	agreements := r.join(rec)
	for i := range agreements {
		for j := range agreements[i].Activities {
			for _, key := range acts {
				if act := &agreements[i].Activities[j]; act.Key == key {
					act.Authorised = golem.Amount{}
				}
			}
		}
	}
	r.mu.Lock()
	windows := r.windows
	r.mu.Unlock()
	r.bookMu.Lock()
	defer r.bookMu.Unlock()
	return r.book.Blocking(now, windows, reconcile.Reserved(now, agreements), increment)
}

// refuse leaves a debit note unaccepted, the only refusal there is, and ends
// what produced it.
func (r *runner) refuse(ctx context.Context, bill state.Bill, act state.Activity, why string) error {
	r.Log.Warn("debit note refused", logActivity, act.ID, logReason, why)
	if err := r.moveBill(ctx, bill, state.BillRefused, why); err != nil {
		return err
	}
	err := r.stopping(ctx, act.Key, reconcile.ReasonBill+": "+why)
	r.nudge()
	return err
}

// reject refuses an invoice and tells the provider why.
func (r *runner) reject(ctx context.Context, bill state.Bill, a state.Agreement, inv golem.Invoice, why string) error {
	r.market.ban(a.Provider)
	r.Log.Warn("invoice refused", logAgreement, a.ID, logReason, why)
	err := r.client.RejectInvoice(ctx, inv.InvoiceID, golem.Rejection{
		RejectionReason: golem.RejectIncorrectAmount, TotalAmountAccepted: a.Accepted, Message: why,
	}, acceptTime)
	if err != nil && golem.StatusOf(err) != 504 {
		return fmt.Errorf("reject invoice %s: %w", inv.InvoiceID, err)
	}
	if err := r.moveBill(ctx, bill, state.BillRefused, why); err != nil {
		return err
	}
	err = r.Store.Update(ctx, func(tx *store.Tx) error {
		return tx.SetInvoice(a.Key, inv.InvoiceID, inv.Amount, state.BillRefused)
	})
	r.nudge()
	return err
}

func (r *runner) moveBill(ctx context.Context, bill state.Bill, to state.BillState, why string) error {
	return r.Store.Update(ctx, func(tx *store.Tx) error {
		return tx.MoveBill(bill.ID, bill.State, to, why, golem.Amount{})
	})
}

// billed finds whose bill a debit note is. Another's is left alone, and so is
// one for an activity that we never learned of.
func (r *runner) billed(ctx context.Context, id golem.ActivityID) (act state.Activity, a state.Agreement, known bool, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) (err error) {
		if act, err = tx.ActivityByID(id); err != nil {
			return err
		}
		a, err = tx.Agreement(act.Agreement)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return act, a, false, nil
	}
	return act, a, err == nil && a.Run == r.Run, err
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
