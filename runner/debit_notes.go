package runner

import (
	"context"
	"errors"
	"fmt"

	"tasks/golem"
	"tasks/runner/ledger"
	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
)

// watchDebitNotes decides about debit notes as they come.
func (r *runner) watchDebitNotes(ctx context.Context) {
	events := r.client.DebitNoteStream(ctx, r.noteCursor, r.session)
	watch(ctx, r, "debit note", events, func(e golem.DebitNoteEvent) error {
		switch e.EventType {
		case golem.EventDebitNoteReceived:
			return r.debitNote(ctx, e.DebitNoteID)
		case golem.EventDebitNoteSettled:
			return r.settled(ctx, string(e.DebitNoteID))
		}
		return nil
	}, func(tx *store.Tx, e golem.DebitNoteEvent) error {
		return tx.SetEventCursors(r.Run, nil, &e.EventDate, nil)
	})
}

// debitNote records a debit note, audits it and answers.
func (r *runner) debitNote(ctx context.Context, id golem.DebitNoteID) error {
	note, err := r.client.GetDebitNote(ctx, id)
	if err != nil {
		return fmt.Errorf("read debit note %s: %w", id, err)
	}
	return r.accepting.with(ctx, func() error { return r.answerNote(ctx, id, note) })
}

// answerNote audits a debit note that is read, and accepts or refuses it. The caller is
// alone with it.
func (r *runner) answerNote(ctx context.Context, id golem.DebitNoteID, note golem.DebitNote) error {
	rev := r.inForce()
	act, a, known, err := r.billed(ctx, note.ActivityID)
	if err != nil || !known {
		return err
	}
	bill := state.Bill{
		ID: string(id), Kind: state.BillDebitNote, Run: r.Run, Agreement: a.Key, Activity: act.Key,
		Total: note.TotalAmountDue, State: state.BillReceived, IssuedAt: note.Timestamp,
		SeenAt: r.Store.Now(), Usage: note.UsageCounterVector,
	}
	if note.Status != golem.StatusReceived {
		old, err := r.rolledUp(ctx, act, note)
		if err != nil || old {
			return err
		}
	}
	bill, open, err := r.receive(ctx, bill)
	if err != nil || !open {
		return err
	}
	if a.InvoiceState == state.BillAccepted || note.Status != golem.StatusReceived && bill.State == state.BillReceived {
		return r.moveBill(ctx, rev, bill, state.BillIgnored, "after its invoice")
	}
	if bill.State == state.BillAccepting && taken(note.Status) {
		// Decided, and done: an answer that was lost is no new question.
		return r.takeNote(ctx, rev, bill, act, note)
	}
	if a.InvoiceState == state.BillRefused || a.InvoiceState == state.BillIgnored {
		// The daemon would say yes and do nothing (protocol section 6.5).
		return r.moveBill(ctx, rev, bill, state.BillIgnored, "after its invoice")
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
		if finding.OfTime() {
			r.distrust(a, act)
		} else {
			r.market.ban(a.Provider)
		}
		return r.refuse(ctx, rev, bill, act, finding.Error())
	}
	if why, err := r.wantsNote(ctx, rev, a, act, note); err != nil || why != "" {
		return errors.Join(err, r.refuseUnwanted(ctx, rev, bill, a, act, note, why))
	}
	full, err := r.promise(ctx, rev, &bill, ledger.NoteIncrement(note.TotalAmountDue, act.Accepted), act.Key)
	if err != nil {
		return err
	}
	if full != nil {
		return r.refuse(ctx, rev, bill, act, noRoom(*full))
	}
	return r.takeNote(ctx, rev, bill, act, note)
}

// rolledUp reports whether a debit note that was answered is one of those whose
// rows are gone.
func (r *runner) rolledUp(ctx context.Context, act state.Activity, note golem.DebitNote) (old bool, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) (err error) {
		old, err = tx.NoteRolledUp(act.Key, string(note.DebitNoteID), note.Timestamp)
		return err
	})
	return old, err
}

// takeNote accepts a debit note that was found right, and judges its activity.
func (r *runner) takeNote(ctx context.Context, rev *revision, bill state.Bill, act state.Activity, note golem.DebitNote) error {
	increment := ledger.NoteIncrement(note.TotalAmountDue, act.Accepted)
	document := r.noteDocument(note.DebitNoteID, note.TotalAmountDue)
	err := r.accept(ctx, rev, bill, increment, document, func(tx *store.Tx) error { return r.counted(tx, act, note) })
	if errors.Is(err, errVain) {
		return r.moveBill(ctx, rev, bill, state.BillIgnored, "after its invoice")
	}
	if err != nil || !tellsNews(act, note) {
		return err
	}
	act, a, err := r.activity(ctx, act.Key)
	if err != nil {
		return err
	}
	if act.State == state.ActivityReady {
		r.judge(ctx, a, act, reconcile.Change{})
	}
	r.nudge()
	return nil
}

// tellsNews reports whether a note says more than those before it. One that came
// late or again does not; it is accepted all the same, for nothing, because its
// provider waits for that.
func tellsNews(act state.Activity, note golem.DebitNote) bool {
	return note.TotalAmountDue.GreaterThan(act.Billed)
}

// counted records what an accepted note says of its activity.
func (r *runner) counted(tx *store.Tx, act state.Activity, note golem.DebitNote) error {
	if !tellsNews(act, note) {
		return nil
	}
	if err := tx.SetBilled(act.Key, note.TotalAmountDue, note.Timestamp); err != nil || note.UsageCounterVector == nil {
		return err
	}
	return tx.SetUsage(act.Key, note.UsageCounterVector, earlier(note.Timestamp, r.Store.Now()))
}

// refuseUnwanted refuses a debit note that passed the audit and not the policy.
// Its usage bounds what the invoice may ask, as after a wrong total.
func (r *runner) refuseUnwanted(
	ctx context.Context, rev *revision, bill state.Bill, a state.Agreement, act state.Activity, note golem.DebitNote, why string,
) error {
	if why == "" {
		return nil
	}
	if err := r.seen(ctx, act, note); err != nil {
		return err
	}
	r.market.ban(a.Provider)
	return r.refuse(ctx, rev, bill, act, why)
}

// seen records the usage that a note reports.
func (r *runner) seen(ctx context.Context, act state.Activity, note golem.DebitNote) error {
	if note.UsageCounterVector == nil {
		return nil
	}
	return r.Store.Update(ctx, func(tx *store.Tx) error {
		return tx.SetUsage(act.Key, note.UsageCounterVector, earlier(note.Timestamp, r.Store.Now()))
	})
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
		Interval: a.Interval, Earlier: earlier, Now: r.Store.Now(),
		EndedAt: act.EndedAt, Final: act.State.Done() || act.State == state.ActivityStopping,
		Previous: ledger.Note{Total: highest.Total, Usage: highest.Usage, IssuedAt: highest.IssuedAt},
	}
	return ledger.AuditNote(joined.Meter(&reconcile.Activity{Activity: act}), ledger.Note{
		Total: note.TotalAmountDue, Usage: note.UsageCounterVector, IssuedAt: note.Timestamp,
	}, facts), nil
}

// refuse leaves a debit note unaccepted, the only refusal there is, and ends
// what produced it.
func (r *runner) refuse(ctx context.Context, rev *revision, bill state.Bill, act state.Activity, why string) error {
	r.Log.Warn("debit note refused", logActivity, act.ID, logReason, why)
	if err := r.moveBill(ctx, rev, bill, state.BillRefused, why); err != nil {
		return err
	}
	err := r.stopping(ctx, rev, act.Key, reconcile.ReasonBill+": "+why)
	r.nudge()
	return err
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
