package runner

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"tasks/runner/state"
	"tasks/runner/store"
)

// leftBehind is why Collect ends something.
const leftBehind = "left behind: nobody works on its run"

// Collect ends what a run left at its daemon, and says what became of each piece.
// Of a run that may be carried on with, mayReturn leaves alone what its next
// start would take up: agreements in force, and money set aside. With look
// nothing is ended, nor written.
//
// What is not of the run's own session, or its own records, is never touched.
// The run must exist; the caller holds its lock. Strays that are returned beside
// an error are as they stood then.
func Collect(ctx context.Context, o Options, mayReturn, look bool) ([]Stray, error) {
	r := newRunner(o)
	run, err := r.known(ctx)
	if err != nil {
		return nil, err
	}
	if run.ID == "" {
		return nil, fmt.Errorf("collect what run %s left: %w", o.Run, store.ErrNotFound)
	}
	if err := r.connect(ctx); err != nil {
		return nil, err
	}
	if err := r.load(ctx, run); err != nil {
		return nil, err
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	r.effects = newEffects(ctx, &wg, r.nudge)
	found, err := r.strays(ctx, mayReturn)
	if err != nil || look {
		return found, err
	}
	ending := r.collect(ctx, mayReturn)
	left, err := r.strays(ctx, mayReturn)
	if err != nil {
		return found, errors.Join(ending, err)
	}
	return markEnded(found, left), ending
}

// markEnded marks what was found and is not there any more.
func markEnded(found, left []Stray) []Stray {
	there := map[string]bool{}
	for _, s := range left {
		there[s.ID] = true
	}
	for i := range found {
		found[i].Ended = !there[found[i].ID]
	}
	return found
}

// collect ends everything it can; one piece that cannot be ended holds up no
// other.
func (r *runner) collect(ctx context.Context, mayReturn bool) error {
	errs := []error{r.recoverDemands(ctx)}
	open, err := r.openAgreements(ctx)
	errs = append(errs, err)
	for _, a := range open {
		if mayReturn && a.State != state.AgreementEnding {
			continue
		}
		if err := r.collectAgreement(ctx, a); err != nil {
			errs = append(errs, fmt.Errorf("agreement with %s: %w", a.ProviderName, err))
		}
	}
	errs = append(errs, r.endOrphans(ctx))
	if !mayReturn {
		errs = append(errs, r.giveBackAll(ctx), r.recoverAllocations(ctx), r.releaseAllocations(ctx))
	}
	return errors.Join(errs...)
}

// collectAgreement ends an agreement and, with it, what runs under it: without
// an agreement no provider goes on (protocol section 5.2).
func (r *runner) collectAgreement(ctx context.Context, a state.Agreement) error {
	if a.ID == "" {
		return r.recoverIntent(ctx, a)
	}
	if a.State != state.AgreementEnding {
		err := r.moveAgreement(ctx, a.Key, a.State, state.AgreementEnding, store.AgreementSet{Reason: leftBehind})
		if err != nil {
			return err
		}
		a.State, a.Reason = state.AgreementEnding, leftBehind
	}
	if err := r.endAtDaemon(ctx, a, a.Reason); err != nil {
		return err
	}
	var acts []state.Activity
	err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
		acts, err = tx.ActivitiesOf(a.Key)
		return err
	})
	for _, act := range acts {
		err = errors.Join(err, r.gone(ctx, act.Key, a.Reason))
	}
	return err
}

// giveBackAll makes the tasks pending again that a dead process ran in
// activities which are gone.
func (r *runner) giveBackAll(ctx context.Context) error {
	alive, err := r.recoverAttempts(ctx)
	if err == nil && len(alive) > 0 {
		err = fmt.Errorf("%d tasks run on machines that could not be ended", len(alive))
	}
	return err
}

// openAgreements are those of the run that have not ended by its records.
func (r *runner) openAgreements(ctx context.Context) (open []state.Agreement, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) (err error) {
		open, err = tx.Agreements(r.Run, true)
		return err
	})
	return open, err
}
