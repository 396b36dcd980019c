package runner

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"tasks/policies"
	"tasks/runner/ledger"
	"tasks/runner/reconcile"
	"tasks/runner/state"
)

// judgeEvery is how often activities are judged without a debit note.
const judgeEvery = time.Minute

// lastEnv is the run as policies saw it last; at most a tick old.
func (r *runner) lastEnv() policies.Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.env
}

func (r *runner) setEnv(env policies.Run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.env = env
}

// judgeAll asks activity.keep about every ready activity once a minute; debit
// notes ask in between. It also lets the book forget what no window looks at.
func (r *runner) judgeAll(ctx context.Context, now time.Time, v reconcile.View) {
	if now.Sub(r.judgedAt) < judgeEvery {
		return
	}
	r.judgedAt = now
	r.bookMu.Lock()
	r.book.Prune(now.Add(-longestWindow(r.inForce().spec)))
	r.bookMu.Unlock()
	changes := r.changes(ctx, v)
	for i := range v.Agreements {
		if act := v.Agreements[i].Current(); act != nil && act.State == state.ActivityReady && act.Draining == "" {
			r.judge(ctx, v.Agreements[i].Agreement, act.Activity, changes[act.Key])
		}
	}
}

// judgeSoon lets the next turn of the loop judge them all.
func (r *runner) judgeSoon() {
	r.judgedAt = time.Time{}
	r.nudge()
}

// judge asks activity.keep about one activity, and drains what is not kept: the
// task in it is paid for already. The change is what could be had in its place.
func (r *runner) judge(ctx context.Context, a state.Agreement, act state.Activity, change reconcile.Change) {
	rev := r.inForce()
	env := r.activityEnv(ctx, rev, a, act)
	env.Activity.Saving = change.Saving
	keep, f := rev.policies.Keep(env)
	r.failure(ctx, f)
	if keep {
		return
	}
	if change.Saving > 0 {
		env.Activity.Saving = 0
		if keep, _ := rev.policies.Keep(env); keep {
			r.change(rev, a, act, change)
			return
		}
	}
	reason := notKept(env)
	r.Log.Info("activity not kept", logProvider, a.ProviderName, logActivity, act.ID, logReason, reason)
	r.market.banDear(a.Provider)
	if w := r.worker(act.Key); w != nil && w.draining() == "" {
		r.note(ctx, state.EventNotKept, string(act.ID), rev.policies.WhyNotKept(env))
	}
	r.drain(rev, act.Key, reason)
}

// notKept says what activity.keep saw.
func notKept(env policies.ActivityEnv) string {
	a := env.Activity
	if env.MaxPrice != nil && a.CostPerResult > *env.MaxPrice {
		return fmt.Sprintf("%s: %s GLM for %d results, max_price %s",
			reconcile.ReasonTooExpensive, show(a.Cost), a.Results, show(*env.MaxPrice))
	}
	return fmt.Sprintf("%s: age %s, %s GLM, %d results",
		reconcile.ReasonNotKept, a.Age.Round(time.Second), show(a.Cost), a.Results)
}

// show is what an expression saw as a number, as an amount.
func show(glm float64) string { return ledger.Show(decimal.NewFromFloat(glm)) }
