package runner

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

// changeAllocation calls the daemon about an allocation while no bill is accepted:
// an acceptance draws on the allocation that there is, and on what it knows of it.
func (r *runner) changeAllocation(call func(context.Context) error) {
	r.effects.start(keyAllocation, func(ctx context.Context) error {
		return r.accepting.with(ctx, func() error { return call(ctx) })
	})
}

// createAllocation sets money aside, unless an answer about that is still missing:
// then the daemon is asked what came of it. The intent is on disk when it returns.
func (r *runner) createAllocation(ctx context.Context, total golem.Amount, timeout time.Time) error {
	al, missing, err := r.intendUnlessOpen(ctx, total, timeout)
	if err != nil || missing {
		return err
	}
	r.changeAllocation(func(ctx context.Context) error {
		_, err := r.makeAllocation(ctx, al)
		return err
	})
	return nil
}

// replaceAllocation lets go of the active allocation and sets money aside in a new
// one. What was accepted from the old one is paid all the same (protocol section
// 6.3). It goes first, because the account need not bear both at once. Where
// something fails in between, none is active, and one is made as at the start.
func (r *runner) replaceAllocation(ctx context.Context, total golem.Amount, timeout time.Time) error {
	old, err := r.allocationIn(ctx, state.AllocationActive)
	if err != nil {
		return err
	}
	al, missing, err := r.intendUnlessOpen(ctx, total, timeout)
	if err != nil || missing {
		return err
	}
	r.Log.Info("allocation replaced, because it is old", logAllocated, old.ID)
	r.changeAllocation(func(ctx context.Context) error {
		if err := r.releaseAllocation(ctx, old); err != nil {
			return err
		}
		_, err := r.makeAllocation(ctx, al)
		return err
	})
	return nil
}

// intendUnlessOpen records the intent of a new allocation, unless the answer about
// an earlier one is missing: then it begins to ask for that.
func (r *runner) intendUnlessOpen(ctx context.Context, total golem.Amount, timeout time.Time) (al state.Allocation, missing bool, err error) {
	_, err = r.allocationIn(ctx, state.AllocationCreating)
	if err == nil {
		r.changeAllocation(r.recoverAllocations)
		return al, true, nil
	}
	if !errors.Is(err, errNoAllocation) {
		return al, false, err
	}
	al, err = r.intendAllocation(ctx, total, timeout)
	return al, false, err
}

func (r *runner) intendAllocation(ctx context.Context, total golem.Amount, timeout time.Time) (state.Allocation, error) {
	al := state.Allocation{Run: r.Run, State: state.AllocationCreating, Platform: r.platform, Total: total, Timeout: timeout}
	err := r.Store.Update(ctx, func(tx *store.Tx) (err error) {
		al.Key, err = tx.AddAllocation(al)
		return err
	})
	return al, err
}

func (r *runner) makeAllocation(ctx context.Context, al state.Allocation) (state.Allocation, error) {
	made, err := r.client.CreateAllocation(ctx, golem.NewAllocation{
		TotalAmount: al.Total, PaymentPlatform: al.Platform, Timeout: al.Timeout,
	})
	if err != nil {
		return al, r.noAllocation(ctx, al, err)
	}
	r.setDrawn(made.SpentAmount)
	al.ID, al.State = made.AllocationID, state.AllocationActive
	return al, r.Store.Update(ctx, func(tx *store.Tx) error {
		return tx.MoveAllocation(al.Key, state.AllocationCreating, state.AllocationActive, store.AllocationSet{ID: al.ID})
	})
}

// noAllocation ends the run when the daemon refuses for good: without money set
// aside no bill can be accepted. Where it does not say no, there may be one: the
// intent stays, and what came of it is asked for later.
func (r *runner) noAllocation(ctx context.Context, al state.Allocation, err error) error {
	if status := golem.StatusOf(err); status < 400 || status >= 500 || status == http.StatusRequestTimeout {
		return err
	}
	moveErr := r.Store.Update(ctx, func(tx *store.Tx) error {
		return tx.MoveAllocation(al.Key, state.AllocationCreating, state.AllocationLost, store.AllocationSet{})
	})
	if golem.StatusOf(err) == 400 {
		r.giveUp(fmt.Errorf("%w: set aside %s GLM on %s: %w", ErrDaemon, al.Total, al.Platform, err))
	}
	return errors.Join(err, moveErr)
}

// amendAllocation makes the allocation larger or last longer.
func (r *runner) amendAllocation(ctx context.Context, total golem.Amount, timeout time.Time) error {
	al, err := r.allocationIn(ctx, state.AllocationActive)
	if err != nil {
		return err
	}
	_, err = r.client.AmendAllocation(ctx, al.ID, golem.AllocationChange{TotalAmount: &total, Timeout: &timeout})
	if golem.IsNotFound(err) {
		return r.lostAllocation(ctx, al)
	}
	if err != nil {
		return fmt.Errorf("amend allocation %s: %w", al.ID, err)
	}
	return r.Store.Update(ctx, func(tx *store.Tx) error { return tx.SetAllocation(al.Key, total, timeout) })
}

// lostAllocation records that the daemon released an allocation by itself.
func (r *runner) lostAllocation(ctx context.Context, al state.Allocation) error {
	return r.Store.Update(ctx, func(tx *store.Tx) error {
		return tx.MoveAllocation(al.Key, state.AllocationActive, state.AllocationLost, store.AllocationSet{})
	})
}

// lateTime is how long an allocation lasts that is made for a late bill.
const lateTime = time.Hour

// allocationFor returns the active allocation with room for an increment, and
// makes that room where the budget has it but the allocation has not yet. A bill
// that comes late, when none is active any more, gets one of its own.
func (r *runner) allocationFor(ctx context.Context, increment golem.Amount) (golem.AllocationID, error) {
	al, err := r.allocationIn(ctx, state.AllocationActive)
	if errors.Is(err, errNoAllocation) && !r.effects.busy(keyAllocation) {
		al, err = r.lateAllocation(ctx, increment)
	}
	if err != nil {
		return "", err
	}
	r.bookMu.Lock()
	need := r.drawn.Add(increment)
	r.bookMu.Unlock()
	if need.GreaterThan(al.Total) {
		if err := r.amendAllocation(ctx, need, al.Timeout); err != nil {
			return "", err
		}
	}
	return al.ID, nil
}

func (r *runner) lateAllocation(ctx context.Context, increment golem.Amount) (al state.Allocation, err error) {
	if err := r.recoverAllocations(ctx); err != nil {
		return al, err
	}
	if al, err = r.allocationIn(ctx, state.AllocationActive); !errors.Is(err, errNoAllocation) {
		return al, err
	}
	if al, err = r.intendAllocation(ctx, increment, time.Now().Add(lateTime)); err != nil {
		return al, err
	}
	return r.makeAllocation(ctx, al)
}

var errNoAllocation = errors.New("no allocation is active")

// allocationIn returns the run's first allocation in a state; without one the
// error is errNoAllocation.
func (r *runner) allocationIn(ctx context.Context, s state.AllocationState) (state.Allocation, error) {
	var all []state.Allocation
	err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.Allocations(r.Run, true)
		return err
	})
	if err != nil {
		return state.Allocation{}, err
	}
	for _, al := range all {
		if al.State == s {
			return al, nil
		}
	}
	return state.Allocation{}, errNoAllocation
}

func (r *runner) setDrawn(amount golem.Amount) {
	r.bookMu.Lock()
	defer r.bookMu.Unlock()
	r.drawn = amount
}

// releaseAllocations gives back what is set aside, once no bill is waited for.
func (r *runner) releaseAllocations(ctx context.Context) error {
	if _, err := r.allocationIn(ctx, state.AllocationCreating); err == nil {
		if err := r.recoverAllocations(ctx); err != nil {
			return err
		}
	}
	for {
		al, err := r.allocationIn(ctx, state.AllocationActive)
		if errors.Is(err, errNoAllocation) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := r.releaseAllocation(ctx, al); err != nil {
			return err
		}
	}
}

func (r *runner) releaseAllocation(ctx context.Context, al state.Allocation) error {
	err := r.client.ReleaseAllocation(ctx, al.ID)
	if err != nil && !golem.IsNotFound(err) && !golem.IsGone(err) {
		return fmt.Errorf("release allocation %s: %w", al.ID, err)
	}
	return r.Store.Update(ctx, func(tx *store.Tx) error {
		return tx.MoveAllocation(al.Key, state.AllocationActive, state.AllocationReleased, store.AllocationSet{})
	})
}

// decorations are what the allocation requires of a demand.
func (r *runner) decorations(ctx context.Context) (golem.Decorations, error) {
	al, err := r.allocationIn(ctx, state.AllocationActive)
	if err != nil {
		return golem.Decorations{}, err
	}
	d, err := r.client.DemandDecorations(ctx, al.ID)
	if golem.IsNotFound(err) {
		return d, errors.Join(err, r.lostAllocation(ctx, al))
	}
	return d, err
}
