package runner

import (
	"context"
	"fmt"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

// A StrayKind is what a Stray is at the daemon.
type StrayKind string

// Kinds of strays, in the order in which they are listed.
const (
	StrayDemand     StrayKind = "demand"
	StrayAgreement  StrayKind = "agreement"
	StrayActivity   StrayKind = "activity" // ends with its agreement
	StrayAllocation StrayKind = "allocation"
)

// A Stray is something of a run that is alive at the daemon while no process
// works on the run.
type Stray struct {
	Run      state.RunID
	Kind     StrayKind
	ID       string       // the daemon's
	Provider string       // name of the provider, "" where there is none
	Amount   golem.Amount // GLM set aside, of an allocation
	Kept     bool         // it is for the next start of the run to take up
	Ended    bool         // Collect ended it
}

// strays asks the daemon what it holds of the run.
func (r *runner) strays(ctx context.Context, mayReturn bool) (all []Stray, err error) {
	for _, find := range []func(context.Context, bool) ([]Stray, error){
		r.strayDemands, r.strayAgreements, r.strayAllocations,
	} {
		some, err := find(ctx, mayReturn)
		if err != nil {
			return all, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// strayDemands are never kept: a start makes its own.
func (r *runner) strayDemands(ctx context.Context, _ bool) (found []Stray, err error) {
	held, err := r.client.Demands(ctx)
	for _, d := range held {
		if d.Properties.Text(golem.PropNodeName) == r.session {
			found = append(found, Stray{Run: r.Run, Kind: StrayDemand, ID: string(d.DemandID)})
		}
	}
	return found, err
}

// strayAgreements are those in our records, and those of our session that are in
// none.
func (r *runner) strayAgreements(ctx context.Context, mayReturn bool) (found []Stray, err error) {
	open, err := r.openAgreements(ctx)
	if err != nil {
		return nil, err
	}
	known := map[golem.AgreementID]bool{}
	for _, a := range open {
		known[a.ID] = true
		some, err := r.strayAgreement(ctx, a.ID, mayReturn && a.State != state.AgreementEnding)
		if err != nil {
			return found, err
		}
		found = append(found, some...)
	}
	for _, s := range []golem.AgreementState{golem.AgreementApproved, golem.AgreementPending} {
		entries, err := r.client.ListAgreements(ctx, golem.AgreementFilter{State: s, AppSessionID: r.session})
		if err != nil {
			return found, err
		}
		for _, e := range entries {
			if known[e.ID] {
				continue
			}
			some, err := r.strayAgreement(ctx, e.ID, false)
			if err != nil {
				return found, err
			}
			found = append(found, some...)
		}
	}
	return found, nil
}

// strayAgreement is an agreement that is alive, with its activities; nothing
// where it has ended.
func (r *runner) strayAgreement(ctx context.Context, id golem.AgreementID, kept bool) ([]Stray, error) {
	if id == "" {
		return nil, nil // an intent: without a confirmation it binds nobody
	}
	seen, err := r.client.GetAgreement(ctx, id)
	if golem.IsNotFound(err) || err == nil && seen.State.Done() {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read agreement %s: %w", id, err)
	}
	provider := providerName(seen)
	found := []Stray{{Run: r.Run, Kind: StrayAgreement, ID: string(id), Provider: provider, Kept: kept}}
	ids, err := r.client.Activities(ctx, id)
	if err != nil && !golem.IsNotFound(err) {
		return found, fmt.Errorf("list activities of agreement %s: %w", id, err)
	}
	for _, act := range ids {
		status, err := r.client.ActivityStatus(ctx, act, statusTime)
		if err == nil && !status.Alive() || golem.ActivityGone(err) || golem.IsNotFound(err) {
			continue
		}
		found = append(found, Stray{Run: r.Run, Kind: StrayActivity, ID: string(act), Provider: provider, Kept: kept})
	}
	return found, nil
}

func providerName(a golem.Agreement) string {
	if name := a.Offer.Properties.Text(golem.PropNodeName); name != "" {
		return name
	}
	return string(a.Offer.ProviderID)
}

// strayAllocations are those in our records that the daemon holds: it does not
// say of an allocation whose it is.
func (r *runner) strayAllocations(ctx context.Context, mayReturn bool) (found []Stray, err error) {
	var ours []state.Allocation
	err = r.Store.View(ctx, func(tx *store.Tx) (err error) {
		ours, err = tx.Allocations(r.Run, true)
		return err
	})
	if err != nil || len(ours) == 0 {
		return nil, err
	}
	held, err := r.client.Allocations(ctx)
	for _, al := range ours {
		for _, h := range held {
			if isAllocation(al, h) {
				found = append(found, Stray{
					Run: r.Run, Kind: StrayAllocation, ID: string(h.AllocationID), Amount: h.TotalAmount, Kept: mayReturn,
				})
			}
		}
	}
	return found, err
}
