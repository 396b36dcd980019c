package runner

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
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
	wins       atomic.Int64 // tasks done
	streak     atomic.Int64 // new tasks that failed in a row
	done       chan struct{}
	life       context.Context // ends when the process leaves

	mu     sync.Mutex
	drain  context.CancelFunc // ends the wait for a task, not the task
	cut    context.CancelFunc // ends the task too
	reason string             // why it takes no more, or ""
	by     *revision          // that said so
}

// work starts the worker of a ready activity. A resumed attempt, or nil, is what
// a dead process left running in it.
func (r *runner) work(ctx context.Context, key int64, resumed *state.Attempt) error {
	act, a, err := r.activity(ctx, key)
	if err != nil || act.State != state.ActivityReady || r.worker(key) != nil {
		return err
	}
	env := r.activityEnv(ctx, r.inForce(), a, act)
	w := &worker{r: r, act: act, a: a, provider: env.Provider, done: make(chan struct{})}
	w.working.Store(true)
	r.setWorker(key, w)
	r.effects.start(fmt.Sprintf("work/%d", key), func(life context.Context) error {
		w.run(life, resumed)
		return nil
	})
	return nil
}

func (r *runner) worker(key int64) *worker {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.workers[key]
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
func (w *worker) run(life context.Context, resumed *state.Attempt) {
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
		w.resume(whole, *resumed)
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

// resume picks up the batch that a dead process had started.
func (w *worker) resume(ctx context.Context, at state.Attempt) {
	w.attempting.Store(true)
	defer w.attempting.Store(false)
	t, err := w.r.task(ctx, at.Task)
	if err != nil {
		w.r.giveUp(err)
		return
	}
	stage := w.r.inForce().policies.Stage(t.Stage)
	now := w.r.Store.Now()
	// A clock that was set back gives it no more than its whole time.
	deadline := time.Now().Add(min(at.StartedAt.Add(stage.Timeout()).Sub(now), stage.Timeout()))
	if !stage.Transfers() {
		w.conclude(ctx, t, at, stage, deadline, nil)
		return
	}
	// Its files went with the process that published them, so that whatever comes
	// of the batch is not whole. The activity is free again when it ends.
	_, err = w.r.await(ctx, w.act.ID, at.Batch, deadline)
	if w.life.Err() == nil {
		w.r.removeParts(ctx, at)
	}
	if err != nil {
		w.unknown(ctx, t, at, stage, err)
		return
	}
	w.record(ctx, t, stage, ending{at: at, lost: true, message: "its files went with the process that copied them"})
}

// attempt runs one task once.
func (w *worker) attempt(ctx context.Context, t state.Task) {
	rev := w.r.inForce()
	stage := rev.policies.Stage(t.Stage)
	env, err := w.r.taskEnv(stage, t, t.Tries()+1)
	f := tooMuch(err)
	if err != nil && f == nil {
		w.r.giveUp(err)
		return
	}
	var commands []golem.Command
	var plan []policies.Step
	if f == nil {
		commands, plan, f = commandsOf(stage, env)
	}
	var at state.Attempt
	err = w.r.update(ctx, func(tx *store.Tx) (err error) {
		tx.By(rev.number)
		at, err = tx.BeginAttempt(t.ID, w.act.Key)
		return err
	})
	if errors.Is(err, store.ErrStale) {
		// Somebody else has it. That is never meant to be, and harms nobody.
		w.r.Log.Error("a task was handed out twice", logTask, t.ID, logError, err)
		return
	}
	if err != nil {
		w.r.giveUp(err)
		return
	}
	t.Attempts = at.Number
	if f != nil {
		w.r.failure(ctx, f)
		w.record(ctx, t, stage, ending{at: at, fault: state.FaultTask, message: f.Error(), hopeless: true})
		return
	}
	var load *cargo
	if plan != nil {
		load = w.r.cargo(t.ID)
		defer w.unload(ctx, load)
		if err := w.load(ctx, load, plan, stage.Timeout()); err != nil {
			w.undone(ctx, t, at, stage, err)
			return
		}
		commands = load.commands
	}
	batch, err := w.r.client.Exec(ctx, w.act.ID, commands, execTime)
	if err != nil {
		w.lost(ctx, t, at, stage, fmt.Errorf("exec: %w", err))
		return
	}
	err = w.r.update(ctx, func(tx *store.Tx) error { return tx.SetBatch(at.ID, batch) })
	if err != nil {
		w.lost(ctx, t, at, stage, fmt.Errorf("record batch: %w", err))
		return
	}
	at.Batch = batch
	w.conclude(ctx, t, at, stage, time.Now().Add(stage.Timeout()), load)
}

// commandsOf is the batch of a task or, where files are to be copied, the plan of
// one.
func commandsOf(stage *policies.Stage, env policies.TaskEnv) ([]golem.Command, []policies.Step, *policies.Failure) {
	if !stage.Transfers() {
		commands, f := stage.Commands(env)
		return commands, nil, f
	}
	plan, f := stage.Plan(env)
	return nil, plan, f
}

// undone records an attempt whose files could not be made ready: nothing was
// asked of the provider, and nothing is its fault.
func (w *worker) undone(ctx context.Context, t state.Task, at state.Attempt, stage *policies.Stage, err error) {
	if w.life.Err() != nil {
		return
	}
	if ctx.Err() != nil {
		w.record(ctx, t, stage, ending{at: at, lost: true, message: w.draining()})
		return
	}
	fault := state.FaultTask
	if isTimeout(err) {
		fault = state.FaultTimeout
	}
	w.record(ctx, t, stage, ending{at: at, fault: fault, message: err.Error()})
}

func (w *worker) load(ctx context.Context, load *cargo, plan []policies.Step, limit time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errTaskTimeout)
	defer cancel()
	return load.load(ctx, plan)
}

func (w *worker) unload(ctx context.Context, load *cargo) {
	if err := load.unload(ctx); err != nil {
		w.r.Log.Warn("files of an attempt not taken back", logTask, load.task, logError, err)
	}
}

// conclude waits for the batch and records what came of it; load is nil where
// there are no files.
func (w *worker) conclude(ctx context.Context, t state.Task, at state.Attempt, stage *policies.Stage, deadline time.Time, load *cargo) {
	watched := w.r.watchCopies(ctx, w.act, w.a.ProviderName, at.Batch, load)
	results, err := w.r.await(ctx, w.act.ID, at.Batch, deadline)
	watched()
	if err != nil {
		w.unknown(ctx, t, at, stage, err)
		return
	}
	end := ending{at: at, results: results, load: load}
	if load != nil && results[len(results)-1].Result == golem.ResultOk {
		if end.downloads, err = load.arrive(stage.ReadsDownloads()); err != nil {
			end.fault, end.message = state.FaultTask, err.Error()
		}
		if isLostFile(err) {
			end.fault = state.FaultProvider
		}
	}
	w.record(ctx, t, stage, end)
}

// unknown ends an attempt whose batch did not.
func (w *worker) unknown(ctx context.Context, t state.Task, at state.Attempt, stage *policies.Stage, err error) {
	switch {
	case isTimeout(err):
		w.record(ctx, t, stage, ending{at: at, fault: state.FaultTimeout, message: err.Error()})
		// Nothing but its end stops a command that hangs (protocol section 5.5).
		w.give(ctx, reconcile.ReasonTimeout)
	default:
		w.lost(ctx, t, at, stage, err)
	}
}

// lost gives a task back whose outcome nobody will know, and the activity up.
func (w *worker) lost(ctx context.Context, t state.Task, at state.Attempt, stage *policies.Stage, err error) {
	if w.life.Err() != nil {
		return // the process leaves; the next one finds the attempt as it is
	}
	reason := w.draining()
	if ctx.Err() == nil || reason == "" {
		reason = reconcile.ReasonGone + ": " + w.r.whyGone(ctx, w.act.ID, err)
	}
	fault := state.FaultProvider
	if ctx.Err() != nil {
		fault = state.FaultNone // we cut it off ourselves
	}
	w.record(ctx, t, stage, ending{at: at, lost: true, fault: fault, message: reason})
	if fault == state.FaultProvider {
		w.r.market.cool(w.a.Provider)
	}
	w.give(ctx, reason)
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

// taskEnv is what the templates of an attempt see; without a stage, nothing of the
// stages that it waited for. An error that is a policies.Failure concerns the task
// alone.
func (r *runner) taskEnv(stage *policies.Stage, t state.Task, attempt int) (policies.TaskEnv, error) {
	item, err := decodeItem(t.Item)
	if err != nil {
		return policies.TaskEnv{}, fmt.Errorf("task %d: %w", t.ID, err)
	}
	stages, err := r.stagesEnv(stage)
	return policies.TaskEnv{
		Task:   policies.Task{ID: t.ID, Stage: t.Stage, Item: item, Index: t.Index, Attempt: attempt},
		Run:    r.lastEnv(),
		Stages: stages,
	}, err
}

func (r *runner) task(ctx context.Context, id int64) (t state.Task, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) (err error) {
		t, err = tx.Task(id)
		return err
	})
	return t, err
}
