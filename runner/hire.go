package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tasks/golem"
	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
)

const (
	// validFor limits the handshake only (protocol section 2.7).
	validFor = time.Hour
	// approvalTime is how long a provider may take to approve before we look for
	// another; stock providers answer within about 10 s (protocol section 3.4).
	approvalTime = 30 * time.Second
)

// hire makes an agreement from a provider's answer. The intent is on disk when
// it returns; the rest is an effect.
func (r *runner) hire(ctx context.Context, id golem.ProposalID) error {
	c, demand, ok := r.market.take(id)
	if !ok {
		return nil
	}
	a := state.Agreement{
		Run: r.Run, State: state.AgreementCreating, Demand: demand, Proposal: id,
		Provider: c.proposal.IssuerID, ProviderName: c.offer.Provider.Name,
		Offer: c.proposal.Properties, Pricing: c.pricing, Platform: r.platform, Interval: c.interval,
	}
	rev := r.inForce()
	chosen := r.whyChosen(ctx, rev, c)
	err := r.record(ctx, rev, func(tx *store.Tx) (err error) {
		if a.Key, err = tx.AddAgreement(a); err != nil {
			return err
		}
		return tx.AddEvent(r.Run, state.EventChosen, string(a.Provider), chosen)
	})
	if err != nil {
		return err
	}
	r.setHired(a.Provider, true)
	r.effects.start(agreementKey(a.Key), func(life context.Context) error {
		ctx, done := r.cuttable(life, agreementKey(a.Key))
		defer done()
		err := r.conclude(ctx, a)
		if ctx.Err() != nil && life.Err() == nil {
			return nil // it is not wanted any more, and ended next
		}
		if err != nil {
			r.Log.Info("no agreement", logProvider, a.ProviderName, logError, err)
			r.market.cool(a.Provider)
		}
		return nil
	})
	return nil
}

// conclude creates, confirms and waits for approval, one record move each.
func (r *runner) conclude(ctx context.Context, a state.Agreement) error {
	id, err := r.client.CreateAgreement(ctx, a.Proposal, time.Now().Add(validFor))
	if err != nil {
		return r.neverCame(ctx, a, state.AgreementCreating, fmt.Errorf("create agreement: %w", err))
	}
	a.ID = id
	err = r.moveAgreement(ctx, a.Key, state.AgreementCreating, state.AgreementCreated, store.AgreementSet{ID: id})
	if err != nil {
		return err
	}
	return r.confirm(ctx, a)
}

// confirm asks the provider. What the daemon answers late, or what we cannot
// understand, is cancelled: nobody may be left with an agreement that we forgot.
func (r *runner) confirm(ctx context.Context, a state.Agreement) error {
	err := r.client.ConfirmAgreement(ctx, a.ID, r.session)
	if err != nil && !golem.AgreementTransient(err) {
		return r.withdrawAgreement(ctx, a, state.AgreementCreated, fmt.Errorf("confirm agreement: %w", err))
	}
	err = r.moveAgreement(ctx, a.Key, state.AgreementCreated, state.AgreementConfirmed, store.AgreementSet{})
	if err != nil {
		return err
	}
	if err := r.client.WaitForApproval(ctx, a.ID, approvalTime); err != nil {
		return r.withdrawAgreement(ctx, a, state.AgreementConfirmed, fmt.Errorf("wait for approval: %w", err))
	}
	return r.approved(ctx, a, state.AgreementConfirmed)
}

// approved records an agreement that is in force, with the terms as agreed.
func (r *runner) approved(ctx context.Context, a state.Agreement, from state.AgreementState) error {
	agreed, err := r.client.GetAgreement(ctx, a.ID)
	if err != nil {
		return fmt.Errorf("read agreement %s: %w", a.ID, err)
	}
	pricing, err := golem.PricingOf(agreed.Offer.Properties)
	if err != nil {
		return r.withdrawAgreement(ctx, a, from, err)
	}
	r.Log.Info("agreement approved", logProvider, a.ProviderName, logAgreement, a.ID)
	return r.moveAgreement(ctx, a.Key, from, state.AgreementApproved, store.AgreementSet{
		Offer: agreed.Offer.Properties, Pricing: &pricing,
		Interval: intervalOf(agreed.Offer.Properties), AgreedAt: agreed.Timestamp,
	})
}

// neverCame records an agreement that did not come into force.
func (r *runner) neverCame(ctx context.Context, a state.Agreement, from state.AgreementState, why error) error {
	err := r.moveAgreement(ctx, a.Key, from, state.AgreementFailed, store.AgreementSet{Reason: why.Error()})
	r.setHired(a.Provider, false)
	return errors.Join(why, err)
}

// withdrawAgreement cancels an agreement that is not in force, or ends it when
// the provider's approval was faster.
func (r *runner) withdrawAgreement(ctx context.Context, a state.Agreement, from state.AgreementState, why error) error {
	if rejected(why) {
		return r.neverCame(ctx, a, from, why)
	}
	err := r.moveAgreement(ctx, a.Key, from, state.AgreementEnding, store.AgreementSet{Reason: why.Error()})
	if err != nil {
		return errors.Join(why, err)
	}
	a.State = state.AgreementEnding
	return errors.Join(why, r.endAtDaemon(ctx, a, why.Error()))
}

// rejected reports whether an agreement ended by itself before it came into
// force.
func rejected(err error) bool {
	return errors.Is(err, golem.ErrAgreementRejected) || errors.Is(err, golem.ErrAgreementCancelled) ||
		errors.Is(err, golem.ErrAgreementExpired)
}

// endAgreement ends an agreement for the given reason, as an effect.
func (r *runner) endAgreement(ctx context.Context, key int64, reason string) error {
	var a state.Agreement
	err := r.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if a, err = tx.Agreement(key); err != nil || a.State == state.AgreementEnding || a.State.Done() {
			return err
		}
		return tx.MoveAgreement(key, a.State, state.AgreementEnding, store.AgreementSet{Reason: reason})
	})
	if err != nil || a.State.Done() {
		return err
	}
	if a.State.Making() {
		r.cut(agreementKey(key))
	}
	r.effects.start(agreementKey(key), func(ctx context.Context) error {
		return r.endAtDaemon(ctx, a, reason)
	})
	return nil
}

// endAtDaemon terminates or cancels, whichever the agreement's state at the
// daemon asks for, and records the end.
func (r *runner) endAtDaemon(ctx context.Context, a state.Agreement, reason string) error {
	if a.ID == "" {
		return r.ended(ctx, a, state.AgreementFailed)
	}
	seen, err := r.client.GetAgreement(ctx, a.ID)
	switch {
	case golem.IsNotFound(err):
		return r.ended(ctx, a, state.AgreementLost)
	case err != nil:
		return fmt.Errorf("read agreement %s: %w", a.ID, err)
	}
	switch seen.State {
	case golem.AgreementApproved:
		err = r.client.TerminateAgreement(ctx, a.ID, endReason(reason))
	case golem.AgreementProposal, golem.AgreementPending:
		err = r.client.CancelAgreement(ctx, a.ID, endReason(reason))
	case golem.AgreementTerminated:
		return r.ended(ctx, a, state.AgreementEnded)
	default:
		return r.ended(ctx, a, state.AgreementFailed)
	}
	if err != nil && !(golem.IsGone(err) && !golem.AgreementTransient(err)) {
		return fmt.Errorf("end agreement %s: %w", a.ID, err)
	}
	if seen.State != golem.AgreementApproved {
		// Cancelling loses to an approval that was under way: look again.
		if seen, err = r.client.GetAgreement(ctx, a.ID); err != nil || !seen.State.Done() {
			return errors.Join(err, fmt.Errorf("agreement %s is %s after it was cancelled", a.ID, seen.State))
		}
		return r.ended(ctx, a, state.AgreementFailed)
	}
	return r.ended(ctx, a, state.AgreementEnded)
}

// endReason tells the provider the truth in the conventional code.
func endReason(reason string) *golem.Reason {
	code := "Cancelled"
	switch reconcile.Code(reason) {
	case reconcile.ReasonNoTasks, reconcile.ReasonSurplus, "all tasks done":
		code = "Success"
	case reconcile.ReasonTooExpensive, reconcile.ReasonBudget:
		code = "TooExpensive"
	case reconcile.ReasonBill:
		code = "BillRefused"
	}
	return &golem.Reason{Message: reason, Extra: map[string]any{golem.ReasonRequestorCode: code}}
}

// ended records the end of an agreement, and that its invoice is waited for if
// it was in force.
func (r *runner) ended(ctx context.Context, a state.Agreement, to state.AgreementState) error {
	set := store.AgreementSet{}
	if to == state.AgreementEnded {
		set.WaitUntil = r.Store.Now().Add(r.InvoiceWait)
	}
	err := r.moveAgreement(ctx, a.Key, state.AgreementEnding, to, set)
	if err == nil {
		r.setHired(a.Provider, false)
	}
	return err
}

func (r *runner) moveAgreement(ctx context.Context, key int64, from, to state.AgreementState, set store.AgreementSet) error {
	err := r.Store.Update(ctx, func(tx *store.Tx) error {
		return tx.MoveAgreement(key, from, to, set)
	})
	if err != nil {
		return fmt.Errorf("move agreement %d to %s: %w", key, to, err)
	}
	return nil
}

func agreementKey(key int64) string { return fmt.Sprintf("agreement/%d", key) }

// setHired notes which providers have an agreement with this run: one at a time.
func (r *runner) setHired(id golem.NodeID, hired bool) {
	r.mu.Lock()
	if hired {
		r.hires[id] = true
	} else {
		delete(r.hires, id)
	}
	r.mu.Unlock()
	if !hired && r.queue != nil {
		r.queue.due() // there may be nobody left that a task waits for
	}
}

// hiredBeside reports whether another provider than these has an agreement with
// this run, or is about to.
func (r *runner) hiredBeside(these []golem.NodeID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.hires) > len(these) {
		return true
	}
	for id := range r.hires {
		if !slices.Contains(these, id) {
			return true
		}
	}
	return false
}

// hired reports whether a provider has an agreement with this run.
func (r *runner) hired(id golem.NodeID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hires[id]
}
