package runner

import (
	"context"
	"fmt"

	"tasks/runner/reconcile"
	"tasks/runner/state"
)

// act begins to carry out one decision about a view. Intents are on disk when it returns;
// calls go on as effects.
func (r *runner) act(ctx context.Context, v reconcile.View, action reconcile.Action) error {
	switch a := action.(type) {
	case reconcile.OpenDemand:
		r.effects.start(keyDemand, r.market.publish)
	case reconcile.CloseDemand:
		r.market.withdraw()
	case reconcile.Hire:
		return r.hire(ctx, a.Proposal)
	case reconcile.CreateActivity:
		return r.createActivity(ctx, a.Agreement, a.Authorised)
	case reconcile.Prepare:
		r.prepare(a.Activity)
	case reconcile.Work:
		r.work(a.Activity)
	case reconcile.Authorise:
		return r.authorise(ctx, a.Activity, a.Total)
	case reconcile.ReadUsage:
		return r.readUsage(ctx, a.Activity)
	case reconcile.Drain:
		r.drain(r.inForce(), a.Activity, a.Reason)
	case reconcile.Stop:
		return r.stop(ctx, a.Activity, a.Reason)
	case reconcile.EndAgreement:
		return r.endAgreement(ctx, a.Agreement, a.Reason)
	case reconcile.CreateAllocation:
		return r.createAllocation(ctx, a.Total, a.Timeout)
	case reconcile.AmendAllocation:
		r.changeAllocation(func(ctx context.Context) error { return r.amendAllocation(ctx, a.Total, a.Timeout) })
	case reconcile.ReplaceAllocation:
		return r.replaceAllocation(ctx, a.Total, a.Timeout)
	case reconcile.Wind:
		if a.State == state.RunExhausted {
			r.noteBudget(ctx, v)
		}
		r.wind(a.State, a.Note)
	case reconcile.PauseRun:
		r.noteBudget(ctx, v)
		return r.pauseRun(ctx, a)
	case reconcile.Resume:
		return r.endPause(ctx)
	default:
		return fmt.Errorf("no way to carry out %T", action)
	}
	return nil
}

// drain lets an activity finish its task and take no more.
func (r *runner) drain(by *revision, key int64, reason string) {
	if w := r.worker(key); w != nil {
		w.stopTaking(by, reason)
		r.nudge()
	}
}

// Keys of effects that are about no single record.
const (
	keyDemand     = "demand"
	keyAllocation = "allocation"
)
