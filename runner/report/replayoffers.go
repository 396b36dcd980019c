package report

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner"
	"tasks/runner/state"
)

// offers judges the recorded offers again, and chooses as many as were hired, or as
// the edited document wants.
func (r *replayer) offers() error {
	seen, err := r.tx.Offers(r.out.RunID)
	if err != nil {
		return err
	}
	hired := map[golem.NodeID]bool{}
	for _, a := range r.past.agreements {
		hired[a.Provider] = hired[a.Provider] || !a.AgreedAt.IsZero()
	}
	wanted := 0
	for _, yes := range hired {
		if yes {
			wanted++
		}
	}
	r.out.WasHired = wanted
	for _, o := range seen {
		judged, ok := r.offer(o)
		if !ok {
			continue
		}
		judged.WasHired = hired[o.Provider]
		r.out.Offers = append(r.out.Offers, judged)
	}
	r.choose(max(wanted, r.workers()))
	return nil
}

// workers is how many the edited document wants where it asks for more than the
// run did; 0 where it does not.
func (r *replayer) workers() int {
	for _, c := range r.out.Changes {
		if c.Path == "workers" {
			n, f := r.set.Workers(r.past.run(r.past.end))
			r.failed(f)
			return n
		}
	}
	return 0
}

// offer judges one; false for one whose records cannot be read.
func (r *replayer) offer(o state.SeenOffer) (ReplayedOffer, bool) {
	out := ReplayedOffer{Provider: o.Provider, ProviderName: o.ProviderName, WasRule: o.Rule, WasScore: o.Score}
	offer, pricing, err := policies.NewOffer(golem.Proposal{IssuerID: o.Provider, Properties: o.Properties})
	if err != nil {
		return out, false
	}
	out.PricePerHour = pricing.Estimate(time.Hour, max(offer.CPU.Threads, 1))
	env, err := envOf(o)
	if err != nil {
		return out, false
	}
	env.Offer = offer
	if o.Rule == runner.RulePlatform || o.Rule == runner.RuleCounters {
		out.NowRule = o.Rule // no policy can change that
		return out, true
	}
	env.MaxPrice = r.maxPrice(env.Run)
	ruling := r.set.Rule(env)
	r.failed(ruling.Failure)
	out.NowRule, out.Why = ruling.By, r.set.Why(ruling, env)
	if ruling.By == "" {
		out.NowScore = &ruling.Score
	}
	return out, true
}

// envOf is what the policies saw of an offer besides itself.
func envOf(o state.SeenOffer) (policies.OfferEnv, error) {
	var values map[string]any
	if err := json.Unmarshal(o.Env, &values); err != nil {
		return policies.OfferEnv{}, err
	}
	return policies.ReadOfferEnv(values)
}

func (r *replayer) maxPrice(run policies.Run) *float64 {
	price, ok, f := r.set.MaxPrice(run)
	r.failed(f)
	if !ok {
		return nil
	}
	v := price.InexactFloat64()
	return &v
}

// choose takes the best offers, one a provider.
func (r *replayer) choose(wanted int) {
	slices.SortStableFunc(r.out.Offers, func(a, b ReplayedOffer) int {
		switch {
		case a.NowScore != nil && b.NowScore != nil:
			return cmp.Compare(*b.NowScore, *a.NowScore)
		case a.NowScore != nil:
			return -1
		case b.NowScore != nil:
			return 1
		}
		return cmp.Or(cmp.Compare(a.NowRule, b.NowRule), a.PricePerHour.Cmp(b.PricePerHour))
	})
	taken := map[golem.NodeID]bool{}
	for i := range r.out.Offers {
		o := &r.out.Offers[i]
		if o.NowScore != nil && !taken[o.Provider] && len(taken) < wanted {
			taken[o.Provider], o.NowHired = true, true
		}
	}
	r.out.NowHired = len(taken)
}
