package report

import (
	"slices"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner/state"
	"tasks/runner/store"
)

// addRelaxed finds what would let recorded offers in that offer.accept rejects.
func (e *Explanation) addRelaxed(tx *store.Tx, plan *Plan) error {
	if plan == nil || !slices.ContainsFunc(e.Rejected, func(r Rejection) bool { return r.Rule == policies.PolicyAccept }) {
		return nil
	}
	seen, err := tx.Offers(e.RunID)
	if err != nil {
		return err
	}
	var rejected []policies.OfferEnv
	for _, o := range seen {
		offer, _, err := policies.NewOffer(golem.Proposal{IssuerID: o.Provider, Properties: o.Properties})
		if err != nil || o.Rule != policies.PolicyAccept {
			continue
		}
		env, err := envOf(o)
		if err != nil {
			continue // of another version of the program
		}
		env.Offer = offer
		rejected = append(rejected, env)
	}
	enough := e.Workers.Wanted - e.Workers.Ready - e.Workers.Starting
	for _, r := range policies.Relax(plan.spec, rejected, enough) {
		e.Relaxed = append(e.Relaxed, Relaxed{Part: r.Part, Instead: r.Instead, Lets: r.Lets, Without: r.Without})
	}
	return nil
}

// addKeeps says by which values activities were not kept.
func (e *Explanation) addKeeps(tx *store.Tx) error {
	for i := range e.Ended {
		why, err := tx.Noted(e.RunID, state.EventNotKept, string(e.Ended[i].Activity))
		if err != nil {
			return err
		}
		e.Ended[i].Policy = why
	}
	return nil
}
