package runner

import (
	"context"
	"errors"
	"fmt"

	"tasks/golem"
	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
)

// watchAgreements learns of agreements that providers end.
func (r *runner) watchAgreements(ctx context.Context) {
	events := r.client.AgreementStream(ctx, r.agreementCursor, r.session)
	watch(ctx, r, "end of an agreement", events, func(e golem.AgreementEvent) error {
		if e.EventType != golem.EventAgreementTerminated || e.Terminator != "Provider" {
			return nil
		}
		return r.terminated(ctx, e)
	}, func(tx *store.Tx, e golem.AgreementEvent) error {
		return tx.SetEventCursors(r.Run, &e.EventDate, nil, nil)
	})
}

// terminated records that a provider ended an agreement.
func (r *runner) terminated(ctx context.Context, event golem.AgreementEvent) error {
	var a state.Agreement
	err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
		a, err = tx.AgreementByID(event.AgreementID)
		return err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && (a.State.Done() || a.State == state.AgreementEnding) {
		return nil
	}
	if err != nil {
		return err
	}
	reason := fmt.Sprintf("ended by the provider: %s", reasonText(event.Reason))
	r.Log.Info("agreement ended by its provider", logProvider, a.ProviderName, logReason, reasonText(event.Reason))
	r.market.cool(a.Provider)
	return r.providerEnded(ctx, a, reason, true)
}

// providerEnded records the end of an agreement that we did not end, and of the
// activities under it.
func (r *runner) providerEnded(ctx context.Context, a state.Agreement, reason string, wasInForce bool) error {
	to, set := state.AgreementFailed, store.AgreementSet{Reason: reason}
	if wasInForce {
		to, set.WaitUntil = state.AgreementEnded, r.Store.Now().Add(r.InvoiceWait)
	}
	var live []int64
	err := r.Store.Update(ctx, func(tx *store.Tx) error {
		acts, err := tx.ActivitiesOf(a.Key)
		if err != nil {
			return err
		}
		live = live[:0]
		for _, act := range acts {
			if act.State.Done() {
				continue
			}
			live = append(live, act.Key)
			err := tx.MoveActivity(act.Key, act.State, state.ActivityEnded, store.ActivitySet{Reason: reconcile.ReasonGone + ": " + reason})
			if err != nil {
				return err
			}
		}
		return tx.MoveAgreement(a.Key, a.State, to, set)
	})
	if err != nil {
		return err
	}
	for _, key := range live {
		r.cut(activityKey(key))
		if w := r.worker(key); w != nil {
			w.halt(r.inForce(), reason)
		}
		r.forget(key)
	}
	r.setHired(a.Provider, false)
	r.nudge()
	return nil
}
