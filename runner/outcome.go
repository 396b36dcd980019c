package runner

import (
	"cmp"
	"context"
	"fmt"
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
