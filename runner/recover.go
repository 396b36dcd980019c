package runner

import (
	"context"
	"errors"
	"fmt"

	"tasks/golem"
	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
)

// recover compares what a dead process left in the store with what the daemon
// holds: what matches is adopted, what the daemon lost is written off, and what
// nobody owns is ended. It also fills the queue. Nothing else runs yet.
func (r *runner) recover(ctx context.Context) error {
	if err := r.recoverDemands(ctx); err != nil {
		return err
	}
	if err := r.recoverAllocations(ctx); err != nil {
		return err
	}
	rec, err := r.records(ctx)
	if err != nil {
		return err
	}
	for _, a := range rec.agreements {
		if a.State.Done() {
			continue
		}
		r.setHired(a.Provider, true)
		if err := r.recoverAgreement(ctx, a); err != nil {
			return fmt.Errorf("agreement %d with %s: %w", a.Key, a.ProviderName, err)
		}
	}
	if err := r.recoverAttempts(ctx); err != nil {
		return err
	}
	if err := r.endOrphans(ctx); err != nil {
		return err
	}
	if err := r.recoverBills(ctx); err != nil {
		return err
	}
	r.banDear(ctx)
	return r.fillQueue(ctx)
}

// recoverDemands withdraws demands of dead processes, which would go on matching
// until their hour is over: those recorded, and those that carry our name.
func (r *runner) recoverDemands(ctx context.Context) error {
	var recorded []state.Demand
	err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
		recorded, err = tx.OpenDemands(r.Run)
		return err
	})
	if err != nil {
		return err
	}
	held, err := r.client.Demands(ctx)
	if err != nil {
		return err
	}
	for _, d := range held {
		if d.Properties.Text(golem.PropNodeName) != r.session {
			continue
		}
		if err := r.client.DeleteDemand(ctx, d.DemandID); err != nil && !golem.IsNotFound(err) {
			return err
		}
	}
	return r.Store.Update(ctx, func(tx *store.Tx) error {
		for _, d := range recorded {
			if err := tx.EndDemand(d.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// recoverAllocations finds out which allocations the daemon still holds. One that
// was asked for without a trace of the answer is found by its amount and
// timeout, which no two of ours share.
func (r *runner) recoverAllocations(ctx context.Context) error {
	var ours []state.Allocation
	err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
		ours, err = tx.Allocations(r.Run, true)
		return err
	})
	if err != nil || len(ours) == 0 {
		return err
	}
	held, err := r.client.Allocations(ctx)
	if err != nil {
		return err
	}
	for _, al := range ours {
		if err := r.recoverAllocation(ctx, al, held); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) recoverAllocation(ctx context.Context, al state.Allocation, held []golem.Allocation) error {
	for _, h := range held {
		if !isAllocation(al, h) {
			continue
		}
		r.setDrawn(h.SpentAmount)
		if al.State == state.AllocationActive {
			return nil
		}
		return r.Store.Update(ctx, func(tx *store.Tx) error {
			return tx.MoveAllocation(al.Key, al.State, state.AllocationActive, store.AllocationSet{ID: h.AllocationID})
		})
	}
	return r.Store.Update(ctx, func(tx *store.Tx) error {
		return tx.MoveAllocation(al.Key, al.State, state.AllocationLost, store.AllocationSet{})
	})
}

func isAllocation(al state.Allocation, held golem.Allocation) bool {
	if al.ID != "" {
		return al.ID == held.AllocationID
	}
	return held.Timeout != nil && held.TotalAmount.Equal(al.Total) &&
		held.Timeout.UnixMilli() == al.Timeout.UnixMilli()
}

// recoverAgreement follows the trace of one agreement.
func (r *runner) recoverAgreement(ctx context.Context, a state.Agreement) error {
	if a.ID == "" {
		return r.recoverIntent(ctx, a)
	}
	seen, err := r.client.GetAgreement(ctx, a.ID)
	if golem.IsNotFound(err) {
		return r.loseAgreement(ctx, a)
	}
	if err != nil {
		return err
	}
	switch {
	case seen.State == golem.AgreementApproved && a.State == state.AgreementApproved:
		return r.recoverActivities(ctx, a)
	case seen.State == golem.AgreementApproved && a.State != state.AgreementEnding:
		return r.adopt(ctx, a)
	case seen.State.Done():
		return r.foundEnded(ctx, a, seen)
	}
	// Half made, or on its way out: end it. A new one costs less than a guess.
	return r.endAgreement(ctx, a.Key, "left half made by a process that died")
}

// recoverIntent looks for an agreement that was asked for without a trace of the
// answer: by the demand it was made from.
func (r *runner) recoverIntent(ctx context.Context, a state.Agreement) error {
	entries, err := r.client.ListAgreements(ctx, golem.AgreementFilter{State: golem.AgreementProposal})
	if err != nil {
		return err
	}
	for _, e := range entries {
		seen, err := r.client.GetAgreement(ctx, e.ID)
		if err != nil || seen.Demand.DemandID != a.Demand || seen.Offer.ProviderID != a.Provider {
			continue
		}
		if err := r.client.CancelAgreement(ctx, e.ID, endReason("interrupted")); err != nil && !golem.IsGone(err) {
			return err
		}
	}
	r.setHired(a.Provider, false)
	return r.moveAgreement(ctx, a.Key, a.State, state.AgreementFailed,
		store.AgreementSet{Reason: "left half made by a process that died"})
}

// adopt takes over an agreement that was approved after we died.
func (r *runner) adopt(ctx context.Context, a state.Agreement) error {
	from := a.State
	if from == state.AgreementCreated {
		if err := r.moveAgreement(ctx, a.Key, from, state.AgreementConfirmed, store.AgreementSet{}); err != nil {
			return err
		}
		from = state.AgreementConfirmed
	}
	return r.approved(ctx, a, from)
}

// loseAgreement writes off an agreement that the daemon does not know.
func (r *runner) loseAgreement(ctx context.Context, a state.Agreement) error {
	r.setHired(a.Provider, false)
	r.Log.Info("the daemon does not know an agreement any more", logAgreement, a.ID)
	return r.Store.Update(ctx, func(tx *store.Tx) error {
		acts, err := tx.ActivitiesOf(a.Key)
		if err != nil {
			return err
		}
		for _, act := range acts {
			if act.State.Done() {
				continue
			}
			if err := tx.MoveActivity(act.Key, act.State, state.ActivityLost, store.ActivitySet{Reason: "unknown to the daemon"}); err != nil {
				return err
			}
		}
		return tx.MoveAgreement(a.Key, a.State, state.AgreementLost, store.AgreementSet{Reason: "unknown to the daemon"})
	})
}

// foundEnded records an agreement that ended while nobody watched.
func (r *runner) foundEnded(ctx context.Context, a state.Agreement, seen golem.Agreement) error {
	reason := a.Reason
	if reason == "" {
		reason = "ended while the run was not live"
	}
	return r.providerEnded(ctx, a, reason, seen.State == golem.AgreementTerminated)
}

// recoverActivities follows the traces of an approved agreement's activities.
func (r *runner) recoverActivities(ctx context.Context, a state.Agreement) error {
	var acts []state.Activity
	err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
		acts, err = tx.ActivitiesOf(a.Key)
		return err
	})
	if err != nil {
		return err
	}
	known := map[golem.ActivityID]bool{}
	for _, act := range acts {
		known[act.ID] = true
	}
	for _, act := range acts {
		if act.State.Done() {
			continue
		}
		if err := r.recoverActivity(ctx, a, act, known); err != nil {
			return fmt.Errorf("activity %d: %w", act.Key, err)
		}
	}
	return nil
}

func (r *runner) recoverActivity(ctx context.Context, a state.Agreement, act state.Activity, known map[golem.ActivityID]bool) error {
	switch act.State {
	case state.ActivityCreating:
		return r.recoverCreation(ctx, a, act, known)
	case state.ActivityStopping:
		return nil // the loop goes on with it
	}
	status, err := r.client.ActivityStatus(ctx, act.ID, statusTime)
	switch {
	case golem.IsUnreachable(err):
		return err
	case err != nil || !status.Alive():
		reason := reconcile.ReasonGone + ": ended while the run was not live"
		return r.gone(ctx, act.Key, reason)
	case act.State == state.ActivityPreparing:
		// Nobody knows how far the preparation came.
		return r.stopping(ctx, act.Key, reconcile.ReasonUnknown+": interrupted while it was prepared")
	}
	return nil
}

// recoverCreation finds the activity that was asked for without a trace of the
// answer: the one of this agreement that is not in our records.
func (r *runner) recoverCreation(ctx context.Context, a state.Agreement, act state.Activity, known map[golem.ActivityID]bool) error {
	ids, err := r.client.Activities(ctx, a.ID)
	if err != nil && !golem.IsNotFound(err) {
		return err
	}
	for _, id := range ids {
		if !known[id] {
			known[id] = true
			return r.moveActivity(ctx, act.Key, act.State, state.ActivityCreated, store.ActivitySet{ID: id})
		}
	}
	return r.moveActivity(ctx, act.Key, act.State, state.ActivityFailed,
		store.ActivitySet{Reason: reconcile.ReasonUnknown + ": interrupted while it was created"})
}

// recoverAttempts carries on with batches that are known and whose activity
// lives. An attempt without a batch may or may not run: no call finds it again
// (protocol section 8), so its activity is given up.
func (r *runner) recoverAttempts(ctx context.Context) error {
	var open []state.Attempt
	err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
		open, err = tx.OpenAttempts(r.Run)
		return err
	})
	if err != nil {
		return err
	}
	for _, at := range open {
		if err := r.recoverAttempt(ctx, at); err != nil {
			return fmt.Errorf("attempt %d of task %d: %w", at.Number, at.Task, err)
		}
	}
	return nil
}

func (r *runner) recoverAttempt(ctx context.Context, at state.Attempt) error {
	act, _, err := r.activity(ctx, at.Activity)
	if err != nil {
		return err
	}
	if act.State == state.ActivityReady && at.State == state.AttemptRunning {
		r.Log.Info("carrying on with a task that runs", logTask, at.Task, logActivity, act.ID)
		return r.work(ctx, act.Key, &at)
	}
	if act.State == state.ActivityReady {
		reason := reconcile.ReasonUnknown + ": interrupted while a task was started"
		if err := r.stopping(ctx, act.Key, reason); err != nil {
			return err
		}
	}
	return r.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.FinishAttempt(store.AttemptEnd{
			Attempt: at.ID, State: state.AttemptLost, Task: state.TaskPending,
			Message: "the process that ran it died",
		})
		return err
	})
}

// endOrphans ends agreements of our session that no record knows.
func (r *runner) endOrphans(ctx context.Context) error {
	for _, s := range []golem.AgreementState{golem.AgreementApproved, golem.AgreementPending} {
		entries, err := r.client.ListAgreements(ctx, golem.AgreementFilter{State: s, AppSessionID: r.session})
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := r.endOrphan(ctx, e.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *runner) endOrphan(ctx context.Context, id golem.AgreementID) error {
	err := r.Store.View(ctx, func(tx *store.Tx) error {
		_, err := tx.AgreementByID(id)
		return err
	})
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	r.Log.Warn("ending an agreement of this run that is in no record", logAgreement, id)
	err = r.client.TerminateAgreement(ctx, id, endReason("left by a process that died"))
	if golem.AgreementTransient(err) {
		err = r.client.CancelAgreement(ctx, id, endReason("left by a process that died"))
	}
	if golem.IsGone(err) {
		return nil
	}
	return err
}

// recoverBills decides again about bills that a dead process had begun with. An
// acceptance under way is simply repeated (protocol section 6.5).
func (r *runner) recoverBills(ctx context.Context) error {
	var open []state.Bill
	err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
		open, err = tx.OpenBills(r.Run)
		return err
	})
	if err != nil {
		return err
	}
	for _, b := range open {
		if b.State == state.BillRefused {
			continue
		}
		if b.Kind == state.BillInvoice {
			err = r.invoice(ctx, golem.InvoiceID(b.ID))
		} else {
			err = r.debitNote(ctx, golem.DebitNoteID(b.ID))
		}
		if err != nil && !golem.IsNotFound(err) {
			r.Log.Warn("bill of the last process not dealt with yet", logError, err)
		}
	}
	return nil
}

// banDear keeps away from providers that this run found too expensive or
// dishonest before.
func (r *runner) banDear(ctx context.Context) {
	var all []state.Agreement
	err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.Agreements(r.Run, false)
		return err
	})
	if err != nil {
		r.Log.Warn("agreements not read", logError, err)
	}
	for _, a := range all {
		if code := reconcile.Code(a.Reason); code == reconcile.ReasonTooExpensive || code == reconcile.ReasonNotKept || code == reconcile.ReasonBill {
			r.market.ban(a.Provider)
		}
	}
}

// fillQueue loads the tasks that wait.
func (r *runner) fillQueue(ctx context.Context) error {
	var fresh, emitted []state.Task
	err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
		// Those of the sources are few: no more were ever read than the workers needed.
		if fresh, err = tx.PendingTasks(r.Run, false, 0, maxPending); err != nil {
			return err
		}
		emitted, err = tx.PendingTasks(r.Run, true, 0, emittedWindow+1)
		return err
	})
	if err != nil {
		return err
	}
	r.queue.add(fresh...)
	r.queue.add(emitted...)
	return nil
}

// maxPending bounds the tasks of sources that are loaded at the start.
const maxPending = 1 << 20
