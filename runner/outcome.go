package runner

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
)

const (
	// retryDelay is how long a failed task waits for its next try; it doubles
	// with every try.
	retryDelay = time.Second
	// maxRetryDelay is the most that it comes to.
	maxRetryDelay = retryDelay << 6
	// stubborn is after how many tries a task that is tried again is told of.
	stubborn = 10
	// maxStreak is how many tasks in a row may fail in an activity, each of them
	// for the first time anywhere, before the activity is given up.
	maxStreak = 3
	// quarantineAt is on how many different providers a task may fail by its own
	// fault before it is given up, whatever task.retry says: what fails everywhere
	// fails because of the task, and every further try costs money. A program that
	// fails half the time by chance comes so far once in 32 tasks.
	quarantineAt = 5
)

// quarantined is what is told of a task that is given up so.
var quarantined = fmt.Sprintf("failed by its own fault on %d different providers, and is not tried again", quarantineAt)

// An ending is how one attempt ended.
type ending struct {
	task     state.Task
	at       state.Attempt
	results  []golem.CommandResult // of a batch that ended by itself
	lost     bool                  // the outcome will never be known
	fault    state.Fault
	message  string
	hopeless bool // no retry can help

	load      *cargo                // nil without files
	downloads []policies.Downloaded // what came, of a batch that ended well
}

// record writes the ends of attempts at tasks of one stage, with everything that
// follows from each: the result, the tasks it emits, or the next try.
func (w *worker) record(ctx context.Context, stage *policies.Stage, ends ...ending) {
	if len(ends) == 0 {
		return
	}
	rev := w.r.inForce()
	all, err := w.judgeAll(ctx, rev, stage, ends)
	if err == nil {
		err = w.write(ctx, rev, all, nil)
	}
	if err != nil {
		w.r.giveUp(err)
	}
}

// recordLast is record for the ends of the last tasks of a batch. What the worker
// does next is begun in the same transaction, if it is at hand: so a small task
// costs one wait for the disk, not two.
func (w *worker) recordLast(ctx context.Context, stage *policies.Stage, ends []ending) {
	rev := w.r.inForce()
	all, err := w.judgeAll(ctx, rev, stage, ends)
	var next *start
	if err == nil {
		next, err = w.ahead(ctx, all)
	}
	if err == nil {
		err = w.write(ctx, rev, all, next)
	}
	if err != nil {
		w.r.giveUp(err)
		return
	}
	w.next = next
}

// ahead takes what is to be done after tasks that ended well: anything else may be
// a reason to stop, and what a task emits comes first.
func (w *worker) ahead(ctx context.Context, all []outcome) (*start, error) {
	open := slices.ContainsFunc(all, func(o outcome) bool { return o.end.State != state.AttemptDone || len(o.emitted) > 0 })
	if open || ctx.Err() != nil || w.draining() != "" {
		return nil, nil
	}
	t, ok := w.r.queue.takeNow(w.a.Provider)
	if !ok {
		return nil, nil
	}
	return w.prepareWith(t)
}

func (w *worker) judgeAll(ctx context.Context, rev *revision, stage *policies.Stage, ends []ending) ([]outcome, error) {
	// A cut-off attempt is judged too.
	ctx = context.WithoutCancel(ctx)
	all := make([]outcome, len(ends))
	for i, e := range ends {
		var err error
		if all[i].end, all[i].emitted, err = w.judge(ctx, rev, e.task, stage, e); err != nil {
			return nil, err
		}
		w.r.noted.ended(e.at.ID)
	}
	return all, nil
}

// write records outcomes, and the attempts that begin after them, if any.
func (w *worker) write(ctx context.Context, rev *revision, all []outcome, next *start) error {
	err := w.r.update(w.life, func(tx *store.Tx) error {
		tx.Whole() // an end that cannot be recorded ends the process
		for i := range all {
			if err := all[i].write(tx, w.r.Run, rev); err != nil {
				return fmt.Errorf("record the end of attempt %d: %w", all[i].end.Attempt, err)
			}
		}
		if next == nil {
			return nil
		}
		return w.r.begin(tx, next, w.act.Key)
	})
	if err != nil {
		return err
	}
	for _, o := range all {
		w.after(context.WithoutCancel(ctx), o.end, o.finished, o.emitted)
	}
	return nil
}

// An outcome is what an attempt's end means, and what was made of it.
type outcome struct {
	end      store.AttemptEnd
	emitted  []state.Task
	finished store.Finished
}

func (o *outcome) write(tx *store.Tx, run state.RunID, rev *revision) (err error) {
	by := rev.number
	if o.end.State == state.AttemptDone {
		by = 0 // it stays with whose commands and result they are
	}
	tx.By(by)
	if o.finished, err = tx.FinishAttempt(o.end); err != nil || !o.end.Quarantined {
		return err
	}
	return tx.AddEvent(run, "task.quarantined", fmt.Sprintf("task/%d", o.finished.Task.ID), quarantined+": "+o.end.Message)
}

// after lets the rest of the runner know.
func (w *worker) after(ctx context.Context, end store.AttemptEnd, f store.Finished, emitted []state.Task) {
	for i, id := range f.EmittedIDs {
		emitted[i].ID = id
	}
	w.r.queue.add(emitted...)
	if f.Task.State == state.TaskPending {
		w.r.queue.add(f.Task)
	}
	if f.Seq > 0 {
		w.r.results.nudge()
	}
	if end.Quarantined {
		w.r.Log.Warn("a task is quarantined: it "+quarantined, logTask, f.Task.ID, logReason, end.Message)
	}
	if end.State == state.AttemptDone {
		w.streak.Store(0)
		w.wins.Add(1)
	} else if end.Fault == state.FaultTask {
		w.failed(ctx, end.Attempt, f.Task)
	} else if end.State == state.AttemptFailed && end.Fault == state.FaultProvider {
		w.r.market.cool(w.a.Provider)
		w.give(ctx, reconcile.ReasonFailing+": "+end.Message)
	}
	if w.r.queue.dry() {
		w.r.nudge()
	}
}

// judge asks the policies what an attempt's end means.
func (w *worker) judge(ctx context.Context, rev *revision, t state.Task, stage *policies.Stage, e ending) (store.AttemptEnd, []state.Task, error) {
	end := store.AttemptEnd{Attempt: e.at.ID, Batch: e.at.Batch, Started: e.at.StartedAt, Fault: e.fault, Message: e.message}
	if e.results != nil {
		if e.fault == state.FaultNone {
			end.Fault, end.Message = faultOf(e.results)
		}
		if e.load.brokenBy(e.results) {
			end.Fault = state.FaultProvider
		}
		if why := e.load.why(e.results); why != "" {
			end.Message = why
		}
		last := e.load.last(e.results)
		end.ExitCode, _ = last.ExitCode()
		end.Stdout, end.Stderr = last.Stdout, last.Stderr
	}
	switch {
	case e.lost && end.Fault == state.FaultNone:
		// Given back by us: that says nothing of the task.
		end.State, end.Task = state.AttemptLost, state.TaskPending
		return end, nil, nil
	case e.lost:
		end.State = state.AttemptLost
	case end.Fault != state.FaultNone:
		end.State = state.AttemptFailed
	default:
		emitted, err := w.succeed(ctx, t, stage, e, &end)
		return end, emitted, err
	}
	again, err := w.again(ctx, rev, t, e, &end)
	end.Task = state.TaskFailed
	if again {
		end.Task, end.NextTryAt = state.TaskPending, w.r.Store.Now().Add(min(retryDelay<<min(t.Tries(), 6), maxRetryDelay))
	}
	return end, nil, err
}

// faultOf tells what went wrong in a batch. A program's exit code, or a command
// that the runtime could not carry out, is the task's; the provider is at fault
// only for what no task can cause.
func faultOf(results []golem.CommandResult) (state.Fault, string) {
	last := results[len(results)-1]
	if last.Result == golem.ResultOk {
		return state.FaultNone, ""
	}
	return state.FaultTask, cmp.Or(last.Message, "a command failed")
}

// succeed evaluates what to keep and what to emit. A policy that fails here
// fails the task: its result would otherwise be lost in silence.
func (w *worker) succeed(ctx context.Context, t state.Task, stage *policies.Stage, e ending, end *store.AttemptEnd) ([]state.Task, error) {
	end.State, end.Task = state.AttemptDone, state.TaskDone
	env, err := w.resultEnv(stage, t, e)
	if err != nil {
		return nil, err
	}
	value, keep, f := stage.Result(env)
	var emits []policies.Emitted
	if f == nil {
		emits, f = stage.Emit(env, value)
	}
	if f == nil && keep {
		end.Count, f = stage.Count(env, value)
	}
	if f != nil {
		w.r.failure(ctx, f)
		end.State, end.Task, end.Fault, end.Message = state.AttemptFailed, state.TaskFailed, state.FaultTask, f.Error()
		return nil, nil
	}
	if keep {
		if end.Value, err = encodeItem(value); err != nil {
			return nil, fmt.Errorf("encode result of task %d: %w", t.ID, err)
		}
	}
	tasks := make([]state.Task, len(emits))
	for i, m := range emits {
		item, err := encodeItem(m.Item)
		if err != nil {
			return nil, fmt.Errorf("encode what task %d emits: %w", t.ID, err)
		}
		tasks[i] = state.Task{Stage: m.Stage, Index: int64(i), Item: item, Parent: t.ID, State: state.TaskPending}
	}
	end.Emitted = tasks
	return tasks, nil
}

func (w *worker) resultEnv(stage *policies.Stage, t state.Task, e ending) (policies.ResultEnv, error) {
	env, err := w.r.taskEnv(stage, t, e.at.Number-t.Forgiven)
	if err != nil {
		return policies.ResultEnv{}, err
	}
	last := e.load.last(e.results)
	code, _ := last.ExitCode()
	return policies.ResultEnv{
		Task: env.Task, Run: env.Run, Provider: w.provider,
		Stdout: string(last.Stdout), Stderr: string(last.Stderr), ExitCode: code,
		Duration: max(0, w.r.Store.Now().Sub(e.at.StartedAt)), Steps: e.load.outputs(e.results),
		Downloads: e.downloads, Stages: env.Stages,
	}, nil
}

func outputs(results []golem.CommandResult) []policies.Output {
	out := make([]policies.Output, len(results))
	for i, r := range results {
		code, _ := r.ExitCode()
		out[i] = policies.Output{Stdout: string(r.Stdout), Stderr: string(r.Stderr), ExitCode: code}
	}
	return out
}

// again asks the retry policy, and gives up a task that fails wherever it runs.
func (w *worker) again(ctx context.Context, rev *revision, t state.Task, e ending, end *store.AttemptEnd) (bool, error) {
	if e.hopeless {
		return false, nil
	}
	number := e.at.Number - t.Forgiven
	env, err := w.r.taskEnv(nil, t, number)
	if err != nil {
		return false, err
	}
	var blame store.Blame
	err = w.r.Store.View(ctx, func(tx *store.Tx) (err error) {
		blame, err = tx.Blame(t.ID, w.a.Provider, end.Fault)
		return err
	})
	if err != nil {
		return false, err
	}
	seen := policies.AttemptEnv{
		Attempt: policies.Attempt{
			Number: number, Fault: string(end.Fault), ExitCode: end.ExitCode, Message: end.Message,
			Stdout: string(end.Stdout), Stderr: string(end.Stderr),
			Duration: max(0, w.r.Store.Now().Sub(e.at.StartedAt)), Providers: blame.Providers,
		},
		Task: env.Task, Provider: w.provider, Run: env.Run,
	}
	again, f := rev.policies.Retry(seen)
	w.r.failure(ctx, f)
	end.Verdict = rev.policies.WhyRetried(again, seen)
	if f != nil {
		end.Verdict = f.Error()
	}
	if again && end.Fault == state.FaultTask && blame.Own >= quarantineAt {
		end.Quarantined, end.Verdict = true, quarantined
		return false, nil
	}
	if again && number >= stubborn && tenfold(number) {
		w.r.keepsFailing(ctx, t, number, blame.Providers, end.Message)
	}
	return again, nil
}

// keepsFailing tells the user of a task that the retry policy tries without
// success, at each tenfold: it costs money at every try.
func (r *runner) keepsFailing(ctx context.Context, t state.Task, tries, providers int, message string) {
	r.Log.Warn("a task keeps failing, and task.retry goes on trying it",
		logTask, t.ID, logTimes, tries, logProviders, providers, logReason, message)
	r.note(ctx, "task.failing", fmt.Sprintf("task/%d", t.ID),
		fmt.Sprintf("failed %d times on %d providers: %s", tries, providers, message))
}

// failed tells a bad activity from bad tasks: only tasks that fail for the first
// time count against the activity, so that one bad task, tried everywhere,
// cannot close every worker.
func (w *worker) failed(ctx context.Context, attempt int64, t state.Task) {
	if t.Attempts > 1 {
		return
	}
	n := w.streak.Add(1)
	if n >= maxStreak && w.r.othersSucceed(w) {
		w.r.market.cool(w.a.Provider)
		w.give(ctx, fmt.Sprintf("%s: %d tasks in a row", reconcile.ReasonFailing, n))
	}
}

// othersSucceed reports whether tasks end well elsewhere.
func (r *runner) othersSucceed(w *worker) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, other := range r.workers {
		if other != w && other.wins.Load() > 0 && other.streak.Load() == 0 {
			return true
		}
	}
	return false
}
