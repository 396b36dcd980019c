package runner

import (
	"context"
	"fmt"
	"time"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

const (
	createTime  = 60 * time.Second // for an activity to come up
	execTime    = 30 * time.Second // for a script to be taken
	destroyTime = 20 * time.Second
	statusTime  = 5 * time.Second
)

// createActivity starts an activity. The intent, with what the budget reserves
// for it, is on disk when it returns.
func (r *runner) createActivity(ctx context.Context, agreement int64, authorised golem.Amount) error {
	var a state.Agreement
	act := state.Activity{Run: r.Run, Agreement: agreement, State: state.ActivityCreating, Authorised: authorised}
	err := r.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if a, err = tx.Agreement(agreement); err != nil {
			return err
		}
		act.Key, err = tx.AddActivity(act)
		return err
	})
	if err != nil {
		return err
	}
	r.effects.start(activityKey(act.Key), func(life context.Context) error {
		ctx, done := r.cuttable(life, activityKey(act.Key))
		defer done()
		id, err := r.client.CreateActivity(ctx, a.ID, createTime)
		if ctx.Err() != nil && life.Err() == nil {
			return nil // cut off: what may have come of it ends with the agreement
		}
		if err != nil {
			return r.notCreated(ctx, a, act, err)
		}
		r.Log.Info("activity created", logProvider, a.ProviderName, logActivity, id)
		return r.moveActivity(ctx, act.Key, state.ActivityCreating, state.ActivityCreated, store.ActivitySet{ID: id})
	})
	return nil
}

// notCreated records an activity that did not come up. A half-made one may exist
// at the provider, unknown to the daemon, so the agreement goes too (protocol
// section 5.2); reconcile sees to that.
func (r *runner) notCreated(ctx context.Context, a state.Agreement, act state.Activity, why error) error {
	r.Log.Info("activity not created", logProvider, a.ProviderName, logError, why)
	r.market.cool(a.Provider)
	return r.moveActivity(ctx, act.Key, state.ActivityCreating, state.ActivityFailed,
		store.ActivitySet{Reason: "not created: " + why.Error()})
}

// stop destroys an activity at once, as an effect. A task in it is given back by
// its worker.
func (r *runner) stop(ctx context.Context, key int64, reason string) error {
	by := r.inForce()
	if w := r.worker(key); w != nil {
		by = w.drainedBy(by, reason)
	}
	if err := r.stopping(ctx, by, key, reason); err != nil {
		return err
	}
	r.effects.start(activityKey(key), func(ctx context.Context) error { return r.destroy(ctx, key) })
	return nil
}

// stopping records the intent to destroy an activity and ends its worker.
func (r *runner) stopping(ctx context.Context, by *revision, key int64, reason string) error {
	err := r.record(ctx, by, func(tx *store.Tx) error {
		act, err := tx.Activity(key)
		if err != nil || act.State == state.ActivityStopping || act.State.Done() {
			return err
		}
		return tx.MoveActivity(key, act.State, state.ActivityStopping, store.ActivitySet{Reason: reason})
	})
	if err != nil {
		return fmt.Errorf("stop activity %d: %w", key, err)
	}
	r.cut(activityKey(key))
	if w := r.worker(key); w != nil {
		w.halt(by, reason)
	}
	return nil
}

// destroy ends an activity at the daemon. When the provider cannot be reached,
// ending the agreement is what stops the billing (protocol section 5.2).
func (r *runner) destroy(ctx context.Context, key int64) error {
	act, a, err := r.activity(ctx, key)
	if err != nil || act.State != state.ActivityStopping {
		return err
	}
	if w := r.worker(key); w != nil {
		w.wait(ctx)
	}
	to := state.ActivityEnded
	if act.ID != "" {
		err := r.client.DestroyActivity(ctx, act.ID, destroyTime)
		switch {
		case err == nil, golem.ActivityGone(err):
		case golem.IsUnreachable(err) || ctx.Err() != nil:
			return err
		default:
			r.Log.Warn("activity not destroyed; its agreement is ended instead", logActivity, act.ID, logError, err)
			if err := r.endAgreement(ctx, a.Key, act.Reason); err != nil {
				return err
			}
		}
	}
	r.Log.Info("activity ended", logProvider, a.ProviderName, logActivity, act.ID, logReason, act.Reason)
	r.forget(key)
	return r.moveActivity(ctx, key, state.ActivityStopping, to, store.ActivitySet{})
}

// gone records that an activity ended by itself.
func (r *runner) gone(ctx context.Context, key int64, reason string) error {
	return r.Store.Update(ctx, func(tx *store.Tx) error {
		act, err := tx.Activity(key)
		if err != nil || act.State.Done() {
			return err
		}
		return tx.MoveActivity(key, act.State, state.ActivityEnded, store.ActivitySet{Reason: reason})
	})
}

// activity reads an activity and its agreement.
func (r *runner) activity(ctx context.Context, key int64) (act state.Activity, a state.Agreement, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) (err error) {
		if act, err = tx.Activity(key); err != nil {
			return err
		}
		a, err = tx.Agreement(act.Agreement)
		return err
	})
	return act, a, err
}

func (r *runner) moveActivity(ctx context.Context, key int64, from, to state.ActivityState, set store.ActivitySet) error {
	err := r.Store.Update(ctx, func(tx *store.Tx) error {
		return tx.MoveActivity(key, from, to, set)
	})
	if err != nil {
		return fmt.Errorf("move activity %d to %s: %w", key, to, err)
	}
	return nil
}

func activityKey(key int64) string { return fmt.Sprintf("activity/%d", key) }
