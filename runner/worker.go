package runner

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"tasks/policies"
	"tasks/runner/state"
)

// A worker runs tasks in one activity, one after another, until it is drained,
// halted, or the queue is closed.
type worker struct {
	r        *runner
	act      state.Activity
	a        state.Agreement
	provider policies.Provider

	working    atomic.Bool
	attempting atomic.Bool
	wins       atomic.Int64    // tasks done
	streak     atomic.Int64    // new tasks that failed in a row
	paces      map[string]pace // by stage, for the worker alone
	done       chan struct{}
	life       context.Context // ends when the process leaves
	next       *start          // begun with the end of the last batch, for the worker alone

	mu     sync.Mutex
	drain  context.CancelFunc // ends the wait for a task, not the task
	cut    context.CancelFunc // ends the task too
	reason string             // why it takes no more, or ""
	by     *revision          // that said so
}

// work starts the worker of a ready activity. Whoever starts many does not wait for
// the store each time.
func (r *runner) work(key int64) {
	r.effects.start(workKey(key), func(life context.Context) error {
		w, err := r.newWorker(life, key)
		if w == nil {
			return err
		}
		w.run(life, nil)
		return nil
	})
}

// workOn starts a worker that first sees to what a dead process left running in
// its activity, in one batch.
func (r *runner) workOn(ctx context.Context, key int64, resumed []state.Attempt) error {
	w, err := r.newWorker(ctx, key)
	if w == nil {
		return err
	}
	r.effects.start(workKey(key), func(life context.Context) error {
		w.run(life, resumed)
		return nil
	})
	return nil
}

func workKey(activity int64) string { return fmt.Sprintf("work/%d", activity) }

// newWorker returns nil for an activity that has one, or is not ready.
func (r *runner) newWorker(ctx context.Context, key int64) (*worker, error) {
	act, a, err := r.activity(ctx, key)
	if err != nil || act.State != state.ActivityReady || r.worker(key) != nil {
		return nil, err
	}
	env := r.activityEnv(ctx, r.inForce(), a, act)
	w := &worker{r: r, act: act, a: a, provider: env.Provider, done: make(chan struct{})}
	w.working.Store(true)
	r.setWorker(key, w)
	return w, nil
}

func (r *runner) worker(key int64) *worker {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.workers[key]
}

func (r *runner) workerCount() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.workers)
}

func (r *runner) setWorker(key int64, w *worker) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.workers[key] = w
}

// forget drops what is kept in memory about an activity that is over.
func (r *runner) forget(key int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.workers, key)
	delete(r.asked, key)
}

// stopTaking lets the worker finish its task and take no more.
func (w *worker) stopTaking(by *revision, reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.reason == "" {
		w.reason, w.by = reason, by
	}
	if w.drain != nil {
		w.drain()
	}
}

// halt ends the worker at once; its task is given back.
func (w *worker) halt(by *revision, reason string) {
	w.stopTaking(by, reason)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut != nil {
		w.cut()
	}
}

func (w *worker) draining() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.reason
}

// drainedBy is the revision by which the worker is stopped for a reason: the one
// that had it drained, if that was the reason, else the one given.
func (w *worker) drainedBy(now *revision, reason string) *revision {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.by != nil && w.reason == reason {
		return w.by
	}
	return now
}

// wait returns when the worker has ended.
func (w *worker) wait(ctx context.Context) {
	select {
	case <-w.done:
	case <-ctx.Done():
	}
}

// run is the life of a worker.
func (w *worker) run(life context.Context, resumed []state.Attempt) {
	defer close(w.done)
	w.life = life
	defer w.working.Store(false)
	whole, cut := context.WithCancel(life)
	taking, drain := context.WithCancel(whole)
	defer cut()
	w.mu.Lock()
	w.drain, w.cut = drain, cut
	if w.reason != "" {
		drain()
	}
	w.mu.Unlock()
	if resumed != nil {
		w.attempting.Store(true)
		w.resume(whole, resumed)
		w.goOn(whole)
		w.attempting.Store(false)
	}
	for taking.Err() == nil {
		t, ok := w.r.queue.take(taking, w.a.Provider)
		if !ok {
			return
		}
		if taking.Err() != nil {
			w.r.queue.add(t)
			return
		}
		w.attempting.Store(true)
		w.attempt(whole, t)
		w.attempting.Store(false)
	}
}

// give stops the worker and asks for the end of its activity.
func (w *worker) give(ctx context.Context, reason string) {
	by := w.r.inForce()
	w.stopTaking(by, reason)
	if err := w.r.stopping(context.WithoutCancel(ctx), by, w.act.Key, reason); err != nil {
		w.r.Log.Error("activity not stopped", logActivity, w.act.ID, logError, err)
	}
	w.r.nudge()
}
