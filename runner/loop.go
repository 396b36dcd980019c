package runner

import (
	"cmp"
	"context"
	"time"

	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
)

// tickEvery is how often the loop looks by itself: for the clock's part in
// decisions, and for `tasks stop`.
const tickEvery = time.Second

// restShare times as long as its turns look, the loop rests, in the long run. A run
// with thousands of workers has news all the time, and looking at it must not become
// most of the work. What is done about it does not count: it is done once.
const restShare = 49

// A breath is what the loop may do without a rest: what it has rested for, up to
// fullBreath. So news after a quiet time is acted on at once, and a run begins
// without delay.
type breath struct {
	left time.Duration
	at   time.Time
}

const fullBreath = 500 * time.Millisecond

// after is how long to rest after a turn that ended now.
func (b *breath) after(took time.Duration, now time.Time) time.Duration {
	if b.at.IsZero() {
		b.left = fullBreath
	} else {
		b.left = min(b.left+now.Sub(b.at)/(restShare+1), fullBreath)
	}
	b.left, b.at = b.left-took, now
	return min(max(0, -b.left*(restShare+1)), tickEvery)
}

// loop decides and acts until the run has ended (nil), is left, or fails.
// asked ends when the user asks for a polite end.
func (r *runner) loop(asked, life context.Context) error {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	interrupt := asked.Done()
	var breath breath
	for {
		began := time.Now()
		over, err := r.stepWithRoom(life)
		if life.Err() != nil {
			return r.markLeft()
		}
		if err != nil {
			r.abandon(life, err)
			return err
		}
		if over {
			return nil
		}
		now := time.Now()
		pause(life, breath.after(now.Sub(began)-r.acted, now))
		select {
		case <-r.wake:
		case <-tick.C:
		case <-interrupt:
			interrupt = nil
			r.wind(state.RunInterrupted, "interrupted")
		case <-life.Done():
			return r.markLeft()
		}
	}
}

// stepWithRoom is a step that a full disk holds up, and does not end at once.
func (r *runner) stepWithRoom(ctx context.Context) (over bool, err error) {
	err = r.roomy(ctx, func() error {
		over, err = r.step(ctx)
		return err
	})
	return over, err
}

// step is one turn: view, decide, act.
func (r *runner) step(ctx context.Context) (over bool, err error) {
	if err := r.queue.begin(ctx); err != nil {
		return false, err
	}
	err = r.purse.with(ctx, func() error {
		over, err = r.turn(ctx)
		return err
	})
	if err != nil || !over {
		return false, err
	}
	return true, r.finish(ctx)
}

// turn is a step without the end of the run, which waits for the daemon.
func (r *runner) turn(ctx context.Context) (over bool, err error) {
	view, err := r.view(ctx)
	if err != nil {
		return false, err
	}
	r.viewed = view.Agreements
	r.acted = 0
	if err := r.recordRejections(ctx); err != nil {
		return false, err
	}
	r.market.want(reconcile.Missing(view))
	for _, action := range r.decide(view) {
		if _, ok := action.(reconcile.Finish); ok {
			return true, nil
		}
		began := time.Now()
		if err := r.act(ctx, view, action); err != nil {
			return false, err
		}
		r.acted += time.Since(began)
	}
	return false, nil
}

// decide holds the book still while reconcile reads it.
func (r *runner) decide(v reconcile.View) []reconcile.Action {
	r.bookMu.Lock()
	defer r.bookMu.Unlock()
	v.Book = r.book
	return reconcile.Decide(v)
}

// wind begins to wind the run down; the first reason stands.
func (r *runner) wind(to state.RunState, note string) {
	r.mu.Lock()
	if r.ending.Active() {
		r.mu.Unlock()
		return
	}
	deadline := time.Now()
	if !to.Final() {
		deadline = deadline.Add(r.DrainTimeout)
	}
	r.ending = reconcile.Ending{State: to, Note: note, Deadline: deadline, GiveUp: deadline.Add(r.InvoiceWait)}
	r.mu.Unlock()
	r.Log.Info("winding down", logReason, note)
	r.queue.close()
	r.nudge()
}

// finish records the end: everything is ended at the daemon, the allocation is
// released and the results file is complete.
func (r *runner) finish(ctx context.Context) error {
	r.atLast(ctx, "demand not withdrawn", r.market.clear)
	r.atLast(ctx, "allocation not released", r.releaseAllocations)
	unwritten := r.results.flush(ctx)
	r.mu.Lock()
	ending := r.ending
	if unwritten != nil {
		// Not over: the next start writes what is missing.
		ending.State, ending.Note = state.RunInterrupted, unwritten.Error()
		r.cause = cmp.Or(r.cause, unwritten)
	}
	r.mu.Unlock()
	return r.Store.Update(ctx, func(tx *store.Tx) error {
		return tx.MoveRun(r.Run, ending.State, ending.Note)
	})
}

// lastTries is how often a daemon that fails is asked for what comes last, over
// about two minutes.
const lastTries = 12

// atLast does what nobody comes after to try again; what is left of it ends by
// itself at the daemon, or with the next start.
func (r *runner) atLast(ctx context.Context, complaint string, do func(context.Context) error) {
	for try := range lastTries {
		if try > 0 {
			pause(ctx, backoff(try))
		}
		err := do(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		r.Log.Warn(complaint, logError, err)
	}
}

// markLeft records that the process left with everything as it was.
func (r *runner) markLeft() error {
	return r.Store.Update(context.Background(), func(tx *store.Tx) error {
		return tx.MoveRun(r.Run, state.RunInterrupted, "left at once; apply again to carry on, or to settle")
	})
}
