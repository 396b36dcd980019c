package runner

import (
	"context"
	"fmt"
	"time"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner/ledger"
	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

// records is what the store says of a run at one moment.
type records struct {
	run         state.Run
	agreements  []state.Agreement
	activities  []state.Activity
	allocations []state.Allocation
	counts      state.Counts
	reserved    golem.Amount
}

// view gathers all that a decision looks at.
func (r *runner) view(ctx context.Context) (reconcile.View, error) {
	// Before the counts: a source that ends in between has its tasks in them.
	more, later := r.queue.more()
	rec, err := r.records(ctx)
	if err == nil && rec.run.RetryAsked && !r.isEnding() {
		if err = r.retryFailed(ctx); err == nil {
			rec, err = r.records(ctx)
		}
	}
	if err != nil {
		return reconcile.View{}, err
	}
	if rec.run.StopAsked {
		r.wind(state.RunStopped, "stopped by `tasks stop`")
	}
	switch taken, err := r.takeOver(ctx, rec.run); {
	case err != nil:
		return reconcile.View{}, err
	case taken:
		return r.view(ctx) // everything anew, by the document in force
	}
	rev := r.inForce()
	now, mono := r.Store.Now(), time.Now()
	v := reconcile.View{
		Now: now, DemandOpen: r.market.open(), DemandBusy: r.market.busy(), Offers: r.market.offers(mono),
		AllocationBusy: r.effects.busy(keyAllocation),
		Tasks: reconcile.Tasks{
			Pending: rec.counts.Pending, Running: rec.counts.Running, Done: rec.counts.Done, Failed: rec.counts.Failed,
			More: more, Later: later,
		},
	}
	if v.Tasks.Running == 0 && !more {
		v.TriedOn = r.queue.triedOn()
	}
	v.Agreements = r.join(rec)
	env := r.runEnv(rec, v.Agreements)
	r.setEnv(env)
	workers, f := rev.policies.Workers(env)
	if v.Workers = workers; f != nil {
		// Nobody is hired, and nobody let go either.
		r.failure(ctx, f)
		v.Workers = reconcile.Serving(v.Agreements)
	}
	v.Windows = r.limits(ctx, rev, env)
	v.PauseWhenExhausted, v.FixedBudget = rev.spec.Budget.WhenExhausted == spec.Pause, rev.policies.LimitsFixed()
	r.mu.Lock()
	v.Pause = r.paused
	v.Ending = r.ending
	if v.Ending.Active() {
		// What is left of them is not the wall clock's to say.
		v.Ending.Deadline, v.Ending.GiveUp = now.Add(r.ending.Deadline.Sub(mono)), now.Add(r.ending.GiveUp.Sub(mono))
	}
	r.mu.Unlock()
	v.Allocation = r.allocationView(rec.allocations)
	r.judgeAll(ctx, mono, v)
	return v, nil
}

func (r *runner) records(ctx context.Context) (rec records, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) error {
		s, err := tx.Snapshot(r.Run)
		if err != nil {
			return err
		}
		rec = records{run: s.Run, agreements: s.Agreements, activities: s.Activities, allocations: s.Allocations, counts: s.Counts}
		if err := r.reserved.look(tx, r.Run); err != nil {
			return err
		}
		rec.reserved = r.reserved.sum
		r.compare(tx.Now(), rec)
		return nil
	})
	if err != nil {
		return rec, fmt.Errorf("read run %s: %w", r.Run, err)
	}
	return rec, nil
}

// compare tells what is reserved as it is kept and as it is when added up anew.
func (r *runner) compare(now time.Time, rec records) {
	if r.Reserved != nil {
		r.Reserved(rec.reserved, reconcile.Reserved(now, r.join(rec)))
	}
}

// join puts activities under their agreements and adds what only this process
// knows.
func (r *runner) join(rec records) []reconcile.Agreement {
	out := make([]reconcile.Agreement, len(rec.agreements))
	at := make(map[int64]*reconcile.Agreement, len(out))
	for i, a := range rec.agreements {
		out[i] = reconcile.Agreement{
			Agreement: a, Threads: threadsOf(a.Offer), Busy: r.effects.busy(agreementKey(a.Key)),
		}
		at[a.Key] = &out[i]
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, act := range rec.activities {
		a := at[act.Agreement]
		if a == nil {
			continue
		}
		joined := reconcile.Activity{
			Activity: act, Busy: r.effects.busy(activityKey(act.Key)), AskedAt: r.asked[act.Key],
		}
		if w := r.workers[act.Key]; w != nil {
			joined.Working, joined.Attempt, joined.Draining = w.working.Load(), w.attempting.Load(), w.draining()
		}
		a.Activities = append(a.Activities, joined)
	}
	return out
}

// runEnv is what a policy sees of the run.
func (r *runner) runEnv(rec records, agreements []reconcile.Agreement) policies.Run {
	now := r.Store.Now()
	spent := r.spent()
	env := policies.Run{
		ID: string(r.Run), Name: rec.run.Name, Age: now.Sub(rec.run.CreatedAt), Now: now,
		Pending: int(rec.counts.Pending), Running: int(rec.counts.Running),
		Done: int(rec.counts.Done), Failed: int(rec.counts.Failed), Results: int(rec.counts.Results),
		Spent: spent.InexactFloat64(), Reserved: rec.reserved.InexactFloat64(),
	}
	env.CostPerResult = policies.CostPerResult(spent, env.Results)
	for i := range agreements {
		if act := agreements[i].Current(); act != nil && act.State == state.ActivityReady {
			env.Workers++
		}
	}
	return env
}

// look evaluates the budget for the run as the last process left it, so that bills
// can be decided about before the first turn of the loop.
func (r *runner) look(ctx context.Context) error {
	rec, err := r.records(ctx)
	if err != nil {
		return err
	}
	env := r.runEnv(rec, r.join(rec))
	r.setEnv(env)
	r.measure(ctx)
	r.limits(ctx, r.inForce(), env)
	return nil
}

// limits evaluates the budget. A budget that cannot be evaluated allows nothing.
func (r *runner) limits(ctx context.Context, rev *revision, env policies.Run) []ledger.Window {
	limits, f := rev.policies.Limits(env)
	r.failure(ctx, f)
	windows := make([]ledger.Window, len(limits))
	for i, l := range limits {
		windows[i] = ledger.Window{Span: l.Window, Limit: l.Amount}
	}
	rev.windows.Store(&windows)
	return windows
}

func (r *runner) allocationView(all []state.Allocation) *reconcile.Allocation {
	for _, a := range all {
		if a.State == state.AllocationActive {
			r.bookMu.Lock()
			defer r.bookMu.Unlock()
			return &reconcile.Allocation{Allocation: a, Spent: r.drawn}
		}
	}
	return nil
}

func (r *runner) spent() golem.Amount {
	r.bookMu.Lock()
	defer r.bookMu.Unlock()
	return r.book.Total()
}

// threadsOf is how many seconds of CPU time a second of an activity can bill at
// most. An offer that does not say is taken for one thread a core.
func threadsOf(p golem.Properties) int {
	for _, key := range []string{golem.PropThreads, golem.PropCores} {
		if n, ok := p.Number(key); ok && n >= 1 {
			return int(n)
		}
	}
	return 1
}
