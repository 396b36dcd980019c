package runner

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

// defaultInterval is the distance of debit notes when nobody agreed on one
// (protocol section 3.5).
const defaultInterval = 2 * time.Minute

// demandSpec is what the run asks of the market: the payload's needs, the terms
// of billing, and what an allocation of ours requires.
func (r *runner) demandSpec(ctx context.Context) (golem.DemandSpec, error) {
	rev := r.inForce()
	properties, err := r.demandProperties(ctx, rev)
	if err != nil {
		return golem.DemandSpec{}, err
	}
	decorations, err := r.decorations(ctx)
	if err != nil {
		return golem.DemandSpec{}, err
	}
	demand := golem.DemandSpec{Properties: properties, Constraints: constraints(rev.spec)}
	return decorations.Decorate(demand), nil
}

func (r *runner) demandProperties(ctx context.Context, rev *revision) (golem.Properties, error) {
	g := rev.spec.Golem
	p := golem.Properties{
		// The session is the name by which a later process finds the demand.
		golem.PropNodeName:          r.session,
		golem.PropExpiration:        time.Now().Add(spec.DefaultDeadline).UnixMilli(),
		golem.PropMultiActivity:     true,
		golem.PropSubnet:            g.Subnet,
		golem.PropAcceptTimeout:     int(g.AcceptTimeout.Seconds()),
		golem.PropDebitNoteInterval: int(g.DebitNoteInterval.Seconds()),
		golem.PropPaymentTimeout:    int(g.PaymentTimeout.Seconds()),
	}
	if rev.spec.Payload.Image == "" {
		return p, nil
	}
	pack, err := r.resolve(ctx)
	if err != nil {
		return nil, err
	}
	p[golem.PropTaskPackage] = pack
	p[golem.PropPackageFormat] = "gvmkit-squash"
	return p, nil
}

// constraints is what an offer must have.
func constraints(s *spec.Spec) string {
	parts := []string{
		equals(golem.PropRuntimeName, s.Payload.Runtime),
		equals(golem.PropPricingModel, golem.PricingLinear),
		equals(golem.PropSubnet, s.Golem.Subnet),
	}
	for _, least := range []struct {
		key string
		min float64
	}{
		{golem.PropCores, float64(s.Payload.Min.Cores)},
		{golem.PropThreads, float64(s.Payload.Min.Threads)},
		{golem.PropMemory, s.Payload.Min.Memory},
		{golem.PropStorage, s.Payload.Min.Storage},
	} {
		if least.min > 0 {
			parts = append(parts, fmt.Sprintf("(%s>=%g)", least.key, least.min))
		}
	}
	for _, c := range s.Payload.Capabilities {
		parts = append(parts, equals(golem.PropRuntimeCapabilities, c))
	}
	if s.Payload.Constraints != "" {
		parts = append(parts, s.Payload.Constraints)
	}
	return "(&" + strings.Join(parts, "\n") + ")"
}

func equals(key, value string) string { return "(" + key + "=" + value + ")" }

// counterSpec is the demand with the platform that the bills are paid on.
func (r *runner) counterSpec(demand golem.DemandSpec) golem.DemandSpec {
	demand.Properties = maps.Clone(demand.Properties)
	demand.Properties[golem.PropChosenPlatform] = r.platform
	return demand
}

func (r *runner) newDemand(id golem.DemandID) state.Demand {
	return state.Demand{ID: id, Run: r.Run, CreatedAt: time.Now()}
}

// judgeOffer asks the policies whether to take an offer, and how good it is.
func (r *runner) judgeOffer(ctx context.Context, c candidate) (score float64, ok bool) {
	rev := r.inForce()
	env, err := r.offerEnv(ctx, rev, c)
	if err != nil {
		r.Log.Debug("offer not judged", logProvider, c.offer.Provider.Name, logError, err)
		return 0, false
	}
	ruling := rule(rev.policies, c, r.platform, env)
	r.failure(ctx, ruling.Failure)
	r.offers.add(seenOffer(c, env, ruling, rev.number))
	if ruling.By != "" {
		r.rejected.add(ruling.By, c, func() string { return rev.policies.Why(ruling, env) })
	}
	return ruling.Score, ruling.By == ""
}

func (r *runner) offerEnv(ctx context.Context, rev *revision, c candidate) (policies.OfferEnv, error) {
	var known state.Provider
	err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
		known, err = tx.Provider(c.proposal.IssuerID)
		return err
	})
	pace := r.paces().Of(c.proposal.IssuerID)
	env := policies.OfferEnv{Offer: c.offer, Provider: providerEnv(known, r.paces().Known(c.proposal.IssuerID), c.offer.Provider, pace), Run: r.lastEnv()}
	env.Offer.SetBusy(pace.Threads)
	env.MaxPrice = r.maxPrice(ctx, rev, env.Run)
	return env, err
}

func providerEnv(p state.Provider, h state.History, ref policies.ProviderRef, pace reconcile.Pace) policies.Provider {
	env := policies.Provider{
		ID: ref.ID, Name: ref.Name,
		Failures: p.Failures, Successes: p.Successes, Refusals: p.Refusals, Results: p.Results,
		Cost: p.Cost.InexactFloat64(), CostPerResult: policies.CostPerResult(p.Cost, p.Results),
		LastFailure: policies.Never, Speed: pace.Speed, Recent: recentEnv(h),
	}
	if !p.LastFailure.IsZero() {
		env.LastFailure = max(0, time.Since(p.LastFailure))
	}
	return env
}

// recentEnv is what a provider did lately in runs like this one.
func recentEnv(h state.History) policies.Recent {
	env := policies.NewRecent(policies.Recent{
		Attempts: h.Attempts(), Done: h.Tasks, Faults: h.Faults, TaskFaults: h.Own, Timeouts: h.Timeouts,
		Results: h.Results, Cost: h.Cost,
	})
	if !h.Seen.IsZero() {
		env.LastSeen = max(0, time.Since(h.Seen))
	}
	return env
}

// maxPrice is the policy's answer, nil for none.
func (r *runner) maxPrice(ctx context.Context, rev *revision, env policies.Run) *float64 {
	price, ok, f := rev.policies.MaxPrice(env)
	r.failure(ctx, f)
	if !ok {
		return nil
	}
	v := price.InexactFloat64()
	return &v
}

func (r *runner) countRefusal(ctx context.Context, c candidate) {
	err := r.Store.Update(ctx, func(tx *store.Tx) error {
		return tx.CountRefusal(c.proposal.IssuerID, c.offer.Provider.Name)
	})
	if err != nil {
		r.Log.Debug("refusal not counted", logError, err)
	}
}

// intervalOf is the distance of debit notes that the provider's answer agrees
// to.
func intervalOf(p golem.Properties) time.Duration {
	if d, ok := p.Duration(golem.PropDebitNoteInterval); ok && d > 0 {
		return d
	}
	return defaultInterval
}

func reasonText(r *golem.Reason) string {
	if r == nil {
		return "no reason given"
	}
	return cmp.Or(strings.TrimSpace(r.Message), r.Code(), "no reason given")
}
