package runner

import (
	"context"
	"time"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
)

// activityEnv is what a policy sees of an activity.
func (r *runner) activityEnv(ctx context.Context, rev *revision, a state.Agreement, act state.Activity) policies.ActivityEnv {
	now := r.Store.Now()
	cost := cost(a, act, now)
	env := r.hiredEnv(ctx, rev, a)
	env.Activity = policies.Activity{
		ID: string(act.ID), State: string(act.State), Age: now.Sub(act.CreatedAt),
		Idle:    now.Sub(later(act.LastTask, act.ReadyAt)),
		Batches: act.Batches, Results: act.Results, Failures: act.Failures,
		Cost: cost.InexactFloat64(), CostPerResult: policies.CostPerResult(cost, act.Results),
	}
	return env
}

// hiredEnv is what a policy sees of whom an agreement is with.
func (r *runner) hiredEnv(ctx context.Context, rev *revision, a state.Agreement) policies.ActivityEnv {
	var known state.Provider
	err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
		known, err = tx.Provider(a.Provider)
		return err
	})
	if err != nil {
		r.Log.Debug("provider not read", logError, err)
	}
	offer, _, err := policies.NewOffer(golem.Proposal{ProposalID: a.Proposal, IssuerID: a.Provider, Properties: a.Offer})
	if err != nil {
		r.Log.Debug("offer not read", logError, err)
	}
	pace := r.paces().Of(a.Provider)
	offer.SetBusy(pace.Threads)
	env := policies.ActivityEnv{Offer: offer, Provider: providerEnv(known, r.paces().Known(a.Provider), offer.Provider, pace), Run: r.lastEnv()}
	env.MaxPrice = r.maxPrice(ctx, rev, env.Run)
	return env
}

// cost is what an activity has cost so far: what was billed, or what its usage
// comes to by now, whichever is more.
func cost(a state.Agreement, act state.Activity, now time.Time) golem.Amount {
	joined := reconcile.Agreement{Agreement: a, Threads: threadsOf(a.Offer)}
	if act.State.Done() {
		return act.Billed
	}
	estimate := joined.Meter(&reconcile.Activity{Activity: act}).Estimate(now)
	if estimate.LessThan(act.Billed) {
		return act.Billed
	}
	return estimate
}

// earlier is when a report was true by our clock, if the provider's runs ahead.
func earlier(reported, now time.Time) time.Time {
	if reported.After(now) {
		return now
	}
	return reported
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
