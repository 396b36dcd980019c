package runner

import (
	"context"
	"errors"
	"fmt"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

// recoverTries is how often a daemon that fails is asked what it holds, over about
// two minutes: machines that a dead process left cost money until somebody is
// there again.
const recoverTries = 12

// recover adopts what a dead process left, and fills the queue. Nothing else runs
// yet. Of a daemon that goes on failing the error wraps ErrDaemon.
func (r *runner) recover(ctx context.Context) error {
	alive, err := r.takeStock(ctx)
	for tries := 1; err != nil && mayPass(err) && tries < recoverTries && ctx.Err() == nil; tries++ {
		r.Log.Warn("what the daemon holds is not known yet", logError, err)
		pause(ctx, backoff(tries))
		alive, err = r.takeStock(ctx)
	}
	if err != nil && mayPass(err) {
		return fmt.Errorf("%w: %w", ErrDaemon, err)
	}
	if err != nil {
		return err
	}
	r.banDear(ctx)
	if err := r.fillQueue(ctx); err != nil {
		return err
	}
	// Last: what these record from here on reaches the queue by itself.
	return r.resume(ctx, alive)
}

// mayPass reports whether the daemon may answer later.
func mayPass(err error) bool {
	refused, ok := errors.AsType[*golem.Error](err)
	return golem.IsUnreachable(err) || ok && refused.Temporary()
}

// takeStock compares what a dead process left in the store with what the daemon
// holds: what matches is adopted, what the daemon lost is written off, and what
// nobody owns is ended. It returns the attempts that go on. Doing it again after
// it failed somewhere is harmless.
func (r *runner) takeStock(ctx context.Context) ([]state.Attempt, error) {
	if err := r.recoverDemands(ctx); err != nil {
		return nil, err
	}
	if err := r.recoverAllocations(ctx); err != nil {
		return nil, err
	}
	rec, err := r.records(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range rec.agreements {
		if a.State.Done() {
			continue
		}
		r.setHired(a.Provider, true)
		if err := r.recoverAgreement(ctx, a); err != nil {
			return nil, fmt.Errorf("agreement %d with %s: %w", a.Key, a.ProviderName, err)
		}
	}
	alive, err := r.recoverAttempts(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.endOrphans(ctx); err != nil {
		return nil, err
	}
	if err := r.recoverBills(ctx); err != nil {
		return nil, err
	}
	return alive, nil
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

// recoverBills decides about all bills that a dead process left: those that came
// after it, and those it had begun with.
func (r *runner) recoverBills(ctx context.Context) error {
	if err := r.lateNotes(ctx); err != nil {
		return err
	}
	if err := r.repeatBills(ctx); err != nil {
		return err
	}
	return r.lateInvoices(ctx)
}

// repeatBills decides again about bills that a dead process had begun with. An
// acceptance under way is simply repeated (protocol section 6.5).
func (r *runner) repeatBills(ctx context.Context) error {
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
