package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
)

// prepareTime is for a whole preparation: images, and files, can be large.
const prepareTime = 15 * time.Minute

// prepare runs the preparation of a new activity as an effect.
func (r *runner) prepare(key int64) {
	r.effects.start(activityKey(key), func(life context.Context) error {
		ctx, done := r.cuttable(life, activityKey(key))
		defer done()
		act, a, err := r.activity(ctx, key)
		if err != nil || act.State != state.ActivityCreated {
			return err
		}
		err = r.runPreparation(ctx, a, act)
		if err == nil || ctx.Err() != nil {
			return err
		}
		r.Log.Info("preparation failed", logProvider, a.ProviderName, logError, err)
		if isUnreadable(err) {
			// It would be the same with every provider, each at a price.
			r.giveUp(fmt.Errorf("activity.prepare: %w", err))
		} else {
			r.market.cool(a.Provider)
		}
		return r.stopping(ctx, r.inForce(), key, reconcile.ReasonPrepare+": "+err.Error())
	})
}

func (r *runner) runPreparation(ctx context.Context, a state.Agreement, act state.Activity) error {
	rev := r.inForce()
	plan, f := rev.policies.Prepare(r.activityEnv(ctx, rev, a, act))
	if f != nil {
		r.failure(ctx, f)
		return f
	}
	err := r.moveActivity(ctx, act.Key, state.ActivityCreated, state.ActivityPreparing, store.ActivitySet{})
	if err != nil {
		return err
	}
	if err := r.carryOut(ctx, act, a.ProviderName, plan); err != nil {
		return err
	}
	return r.moveActivity(ctx, act.Key, state.ActivityPreparing, state.ActivityReady, store.ActivitySet{})
}

// carryOut runs the batch of a preparation. Its files are reachable until it has
// ended.
func (r *runner) carryOut(ctx context.Context, act state.Activity, provider string, plan []policies.Step) error {
	deadline := time.Now().Add(prepareTime)
	load := r.cargo(0)
	defer func() {
		if err := load.unload(ctx); err != nil {
			r.Log.Warn("files of a preparation not taken back", logActivity, act.ID, logError, err)
		}
	}()
	if err := load.load(ctx, plan); err != nil {
		return err
	}
	batch, err := r.client.Exec(ctx, act.ID, load.commands, execTime)
	if err != nil {
		return fmt.Errorf("exec: %w", err)
	}
	watched := r.watchCopies(ctx, act, provider, batch, load)
	results, err := r.await(ctx, act.ID, batch, deadline, 0)
	watched()
	if err != nil {
		return err
	}
	if last := results[len(results)-1]; last.Result != golem.ResultOk {
		return errors.New(cmp.Or(load.why(results), last.Message, "a command failed"))
	}
	return nil
}
