package runner

import (
	"context"
	"fmt"
	"time"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
)

// resume picks up the batch that a dead process had started.
func (w *worker) resume(ctx context.Context, attempts []state.Attempt) {
	tries := make([]try, len(attempts))
	for i, at := range attempts {
		t, err := w.r.task(context.WithoutCancel(ctx), at.Task)
		if err != nil {
			w.r.giveUp(err)
			return
		}
		tries[i] = try{task: t, at: at}
	}
	at := attempts[0]
	stage := w.r.begunBy(ctx, at).policies.Stage(tries[0].task.Stage)
	b := newBatch(stage, tries, at.StartedAt)
	b.id, b.shared = at.Batch, b.shared || at.First > 0
	// A clock that was set back gives it no more than its whole time. Of several
	// tasks nobody knows when this one began.
	left := stage.Timeout()
	if !b.shared {
		left = min(at.StartedAt.Add(left).Sub(w.r.Store.Now()), left)
	}
	deadline := time.Now().Add(left)
	if !stage.Transfers() {
		w.conclude(ctx, b, deadline)
		return
	}
	// Its files went with the process that published them, so that whatever comes
	// of the batch is not whole. The activity is free again when it ends.
	_, err := w.r.await(ctx, w.act.ID, b.id, deadline, 0)
	if w.life.Err() == nil {
		w.r.removeParts(ctx, at)
	}
	if err != nil {
		w.unknown(ctx, b, err)
		return
	}
	w.record(ctx, stage, ending{task: tries[0].task, at: at, lost: true, message: "its files went with the process that copied them"})
}

// attempt runs a task once, with others that share its batch, and then those that
// are begun with the end of a batch.
func (w *worker) attempt(ctx context.Context, t state.Task) {
	s, err := w.prepareWith(t)
	if err == nil {
		err = w.r.update(ctx, func(tx *store.Tx) error { return w.r.begin(tx, s, w.act.Key) })
	}
	if err != nil {
		w.r.giveUp(err)
		return
	}
	w.next = s
	w.goOn(ctx)
}

// prepareWith makes the commands of a task and of what may share its batch.
func (w *worker) prepareWith(t state.Task) (*start, error) {
	rev := w.r.inForce()
	return w.prepare(rev, w.together(rev, t))
}

// goOn carries out what is begun, until that is nothing.
func (w *worker) goOn(ctx context.Context) {
	for w.next != nil {
		s := w.next
		w.next = nil
		tries := s.begun()
		if ctx.Err() != nil || w.draining() != "" {
			w.takeBack(tries)
			return
		}
		w.carryOut(ctx, s.stage, tries)
	}
}

// carryOut has attempts made that are begun, in one batch.
func (w *worker) carryOut(ctx context.Context, stage *policies.Stage, tries []try) {
	if tries = w.fit(ctx, stage, tries); len(tries) == 0 {
		return
	}
	b := newBatch(stage, tries, tries[0].at.StartedAt)
	commands := b.commands()
	if plan := tries[0].plan; plan != nil {
		b.load = w.r.cargo(tries[0].task.ID)
		defer w.unload(ctx, b.load)
		if err := w.load(ctx, b.load, plan, stage.Timeout()); err != nil {
			w.undone(ctx, b, err)
			return
		}
		commands = b.load.commands
	}
	w.exec(ctx, b, commands)
}

// exec gives a batch to the machine and waits for its end.
func (w *worker) exec(ctx context.Context, b *batch, commands []golem.Command) {
	id, err := w.r.client.Exec(ctx, w.act.ID, commands, execTime)
	if err != nil {
		w.lost(ctx, b, fmt.Errorf("exec: %w", err))
		return
	}
	if b.id = id; !b.shared {
		b.tries[0].at.Batch = id
		w.r.noted.add(b.tries[0].at.ID, id)
	} else if err := w.noteShared(ctx, b); err != nil {
		w.lost(ctx, b, fmt.Errorf("record batch: %w", err))
		return
	}
	w.conclude(ctx, b, time.Now().Add(b.stage.Timeout()))
}

// noteShared records the batch of several attempts.
func (w *worker) noteShared(ctx context.Context, b *batch) error {
	return w.r.update(ctx, func(tx *store.Tx) error {
		for i := range b.tries {
			b.tries[i].at.Batch = b.id
			if err := tx.SetBatch(b.tries[i].at.ID, b.id, b.tries[i].at.First); err != nil {
				return err
			}
		}
		return nil
	})
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
func (w *worker) undone(ctx context.Context, b *batch, err error) {
	if w.life.Err() != nil {
		return
	}
	end := ending{task: b.tries[0].task, at: b.tries[0].at, fault: state.FaultTask, message: err.Error()}
	switch {
	case ctx.Err() != nil:
		end.lost, end.fault, end.message = true, state.FaultNone, w.draining()
	case isTimeout(err):
		end.fault = state.FaultTimeout
	}
	w.record(ctx, b.stage, end)
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

// conclude waits for a batch and records what comes of each of its tasks, as it
// is seen. deadline is that of the first.
func (w *worker) conclude(ctx context.Context, b *batch, deadline time.Time) {
	watched := w.r.watchCopies(ctx, w.act, w.a.ProviderName, b.id, b.load)
	for len(b.tries) > 0 {
		results, err := w.r.await(ctx, w.act.ID, b.id, deadline, b.enough())
		if len(b.tries) == 1 {
			watched()
		}
		if err != nil {
			w.unknown(ctx, b, err)
			return
		}
		ends := b.ended(results, w.r.Store.Now())
		if results[len(results)-1].IsBatchFinished {
			w.takeBack(b.tries)
			b.tries = nil
		}
		w.arrive(b, ends)
		w.learn(b, ends)
		if len(b.tries) == 0 {
			w.recordLast(ctx, b.stage, ends)
			return
		}
		w.record(ctx, b.stage, ends...)
		deadline = time.Now().Add(b.stage.Timeout())
	}
}

// arrive looks at the files that a task has copied from the machine.
func (w *worker) arrive(b *batch, ends []ending) {
	if b.load == nil || len(ends) == 0 {
		return
	}
	end := &ends[0]
	if n := len(end.results); n == 0 || end.results[n-1].Result != golem.ResultOk {
		return
	}
	var err error
	if end.downloads, err = b.load.arrive(b.stage.ReadsDownloads()); err != nil {
		end.fault, end.message = state.FaultTask, err.Error()
	}
	for i := range end.downloads {
		end.downloads[i].Text = w.r.Secrets.Text(end.downloads[i].Text)
	}
	if isLostFile(err) {
		end.fault = state.FaultProvider
	}
}

// unknown ends the attempts of a batch that did not end: the first of its tasks
// was at work, and those behind it had not begun.
func (w *worker) unknown(ctx context.Context, b *batch, err error) {
	if !isTimeout(err) {
		w.lost(ctx, b, err)
		return
	}
	t := b.tries[0]
	w.takeBack(b.tries[1:])
	w.record(ctx, b.stage, ending{task: t.task, at: t.at, fault: state.FaultTimeout, message: err.Error()})
	// Nothing but its end stops a command that hangs (protocol section 5.5).
	w.give(ctx, reconcile.ReasonTimeout)
}

// lost gives tasks back whose outcome nobody will know, and the activity up.
func (w *worker) lost(ctx context.Context, b *batch, err error) {
	if w.life.Err() != nil {
		return // the process leaves; the next one finds the attempts as they are
	}
	reason := w.draining()
	if ctx.Err() == nil || reason == "" {
		reason = reconcile.ReasonGone + ": " + w.r.whyGone(ctx, w.act.ID, err)
	}
	fault := state.FaultProvider
	if ctx.Err() != nil {
		fault = state.FaultNone // we cut it off ourselves
	}
	t := b.tries[0]
	w.takeBack(b.tries[1:])
	w.record(ctx, b.stage, ending{task: t.task, at: t.at, lost: true, fault: fault, message: reason})
	if fault == state.FaultProvider {
		w.r.market.cool(w.a.Provider)
	}
	w.give(ctx, reason)
}

// taskEnv is what the templates of an attempt see; without a stage, nothing of the
// stages that it waited for. An error that is a policies.Failure concerns the task
// alone.
func (r *runner) taskEnv(stage *policies.Stage, t state.Task, attempt int) (policies.TaskEnv, error) {
	item, err := DecodeItem(t.Item)
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
