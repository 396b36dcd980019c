package runner

import (
	"context"
	"errors"

	"tasks/golem"
	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
)

// recoverAgreement follows the trace of one agreement.
func (r *runner) recoverAgreement(ctx context.Context, a state.Agreement) error {
	if a.ID == "" {
		return r.recoverIntent(ctx, a)
	}
	seen, err := r.client.GetAgreement(ctx, a.ID)
	if golem.IsNotFound(err) {
		return r.loseAgreement(ctx, a)
	}
	if err != nil {
		return err
	}
	switch {
	case seen.State == golem.AgreementApproved && a.State == state.AgreementApproved:
		return r.recoverActivities(ctx, a)
	case seen.State == golem.AgreementApproved && a.State != state.AgreementEnding:
		return r.adopt(ctx, a)
	case seen.State.Done():
		return r.foundEnded(ctx, a, seen)
	}
	// Half made, or on its way out: end it. A new one costs less than a guess.
	return r.endAgreement(ctx, a.Key, "left half made by a process that died")
}

// recoverIntent looks for an agreement that was asked for without a trace of the
// answer: by the demand it was made from.
func (r *runner) recoverIntent(ctx context.Context, a state.Agreement) error {
	entries, err := r.client.ListAgreements(ctx, golem.AgreementFilter{State: golem.AgreementProposal})
	if err != nil {
		return err
	}
	for _, e := range entries {
		seen, err := r.client.GetAgreement(ctx, e.ID)
		if err != nil && !golem.IsNotFound(err) {
			return err
		}
		if err != nil || seen.Demand.DemandID != a.Demand || seen.Offer.ProviderID != a.Provider {
			continue
		}
		if err := r.client.CancelAgreement(ctx, e.ID, endReason("interrupted")); err != nil && !golem.IsGone(err) {
			return err
		}
	}
	r.setHired(a.Provider, false)
	return r.moveAgreement(ctx, a.Key, a.State, state.AgreementFailed,
		store.AgreementSet{Reason: "left half made by a process that died"})
}

// adopt takes over an agreement that was approved after we died.
func (r *runner) adopt(ctx context.Context, a state.Agreement) error {
	from := a.State
	if from == state.AgreementCreated {
		if err := r.moveAgreement(ctx, a.Key, from, state.AgreementConfirmed, store.AgreementSet{}); err != nil {
			return err
		}
		from = state.AgreementConfirmed
	}
	return r.approved(ctx, a, from)
}

// loseAgreement writes off an agreement that the daemon does not know.
func (r *runner) loseAgreement(ctx context.Context, a state.Agreement) error {
	r.setHired(a.Provider, false)
	r.Log.Info("the daemon does not know an agreement any more", logAgreement, a.ID)
	return r.Store.Update(ctx, func(tx *store.Tx) error {
		acts, err := tx.ActivitiesOf(a.Key)
		if err != nil {
			return err
		}
		for _, act := range acts {
			if act.State.Done() {
				continue
			}
			if err := tx.MoveActivity(act.Key, act.State, state.ActivityLost, store.ActivitySet{Reason: "unknown to the daemon"}); err != nil {
				return err
			}
		}
		return tx.MoveAgreement(a.Key, a.State, state.AgreementLost, store.AgreementSet{Reason: "unknown to the daemon"})
	})
}

// foundEnded records an agreement that ended while nobody watched. Its activities
// are followed first: bills of one that we have no id of could not be checked.
func (r *runner) foundEnded(ctx context.Context, a state.Agreement, seen golem.Agreement) error {
	if err := r.recoverCreations(ctx, a); err != nil {
		return err
	}
	reason := a.Reason
	if reason == "" {
		reason = "ended while the run was not live"
	}
	return r.providerEnded(ctx, a, reason, seen.State == golem.AgreementTerminated)
}

// endOrphans ends agreements of our session that no record knows.
func (r *runner) endOrphans(ctx context.Context) error {
	for _, s := range []golem.AgreementState{golem.AgreementApproved, golem.AgreementPending} {
		entries, err := r.client.ListAgreements(ctx, golem.AgreementFilter{State: s, AppSessionID: r.session})
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := r.endOrphan(ctx, e.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *runner) endOrphan(ctx context.Context, id golem.AgreementID) error {
	err := r.Store.View(ctx, func(tx *store.Tx) error {
		_, err := tx.AgreementByID(id)
		return err
	})
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	r.Log.Warn("ending an agreement of this run that is in no record", logAgreement, id)
	err = r.client.TerminateAgreement(ctx, id, endReason("left by a process that died"))
	if golem.AgreementTransient(err) {
		err = r.client.CancelAgreement(ctx, id, endReason("left by a process that died"))
	}
	if golem.IsGone(err) {
		return nil
	}
	return err
}

// banDear keeps away from providers that this run found too expensive or
// dishonest before.
func (r *runner) banDear(ctx context.Context) {
	var ends []store.RolledEnd
	err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
		if ends, err = tx.RolledEnds(r.Run); err != nil {
			return err
		}
		all, err := tx.Agreements(r.Run, false)
		for _, a := range all {
			ends = append(ends, store.RolledEnd{Provider: a.Provider, Code: reconcile.Code(a.Reason)})
		}
		return err
	})
	if err != nil {
		r.Log.Warn("agreements not read", logError, err)
	}
	for _, e := range ends {
		switch e.Code {
		case reconcile.ReasonTooExpensive, reconcile.ReasonNotKept:
			r.market.banDear(e.Provider)
		case reconcile.ReasonBill:
			r.market.ban(e.Provider)
		}
	}
}
