package runner

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tasks/golem"
	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
)

// recoverActivities follows the traces of an approved agreement's activities.
func (r *runner) recoverActivities(ctx context.Context, a state.Agreement) error {
	if err := r.recoverCreations(ctx, a); err != nil {
		return err
	}
	acts, err := r.activitiesOf(ctx, a)
	if err != nil {
		return err
	}
	for _, act := range acts {
		if act.State.Done() {
			continue
		}
		if err := r.recoverActivity(ctx, a, act); err != nil {
			return fmt.Errorf("activity %d: %w", act.Key, err)
		}
	}
	return nil
}

func (r *runner) activitiesOf(ctx context.Context, a state.Agreement) (acts []state.Activity, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) (err error) {
		acts, err = tx.ActivitiesOf(a.Key)
		return err
	})
	return acts, err
}

// recoverCreations finds the activities that were asked for without a trace of
// the answer.
func (r *runner) recoverCreations(ctx context.Context, a state.Agreement) error {
	acts, err := r.activitiesOf(ctx, a)
	if err != nil {
		return err
	}
	known := map[golem.ActivityID]bool{}
	for _, act := range acts {
		known[act.ID] = true
	}
	for _, act := range acts {
		if act.State != state.ActivityCreating {
			continue
		}
		if err := r.recoverCreation(ctx, a, act, known); err != nil {
			return fmt.Errorf("activity %d: %w", act.Key, err)
		}
	}
	return nil
}

func (r *runner) recoverActivity(ctx context.Context, a state.Agreement, act state.Activity) error {
	if act.State == state.ActivityStopping {
		return nil // the loop goes on with it
	}
	status, err := r.client.ActivityStatus(ctx, act.ID, statusTime)
	switch {
	case golem.IsUnreachable(err):
		return err
	case err != nil || !status.Alive():
		reason := reconcile.ReasonGone + ": ended while the run was not live"
		return r.gone(ctx, act.Key, reason)
	case act.State == state.ActivityPreparing:
		// Nobody knows how far the preparation came.
		return r.stopping(ctx, r.inForce(), act.Key, reconcile.ReasonUnknown+": interrupted while it was prepared")
	}
	return r.reuse(ctx, a, act)
}

// reuse asks activity.reuse whether to go on with a machine that lives.
func (r *runner) reuse(ctx context.Context, a state.Agreement, act state.Activity) error {
	rev := r.inForce()
	env := r.activityEnv(ctx, rev, a, act)
	reuse, f := rev.policies.Reuse(env)
	r.failure(ctx, f)
	if reuse {
		return nil
	}
	reason := fmt.Sprintf("%s: age %s, %d results", reconcile.ReasonNotReused, env.Activity.Age.Round(time.Second), act.Results)
	r.Log.Info("activity not used again", logProvider, a.ProviderName, logActivity, act.ID, logReason, reason)
	return r.stopping(ctx, rev, act.Key, reason)
}

// recoverCreation finds the activity that was asked for without a trace of the
// answer: the one of this agreement that is not in our records.
func (r *runner) recoverCreation(ctx context.Context, a state.Agreement, act state.Activity, known map[golem.ActivityID]bool) error {
	ids, err := r.client.Activities(ctx, a.ID)
	if err != nil && !golem.IsNotFound(err) {
		return err
	}
	for _, id := range ids {
		if !known[id] {
			known[id] = true
			return r.moveActivity(ctx, act.Key, act.State, state.ActivityCreated, store.ActivitySet{ID: id})
		}
	}
	return r.moveActivity(ctx, act.Key, act.State, state.ActivityFailed,
		store.ActivitySet{Reason: reconcile.ReasonUnknown + ": interrupted while it was created"})
}

// recoverAttempts returns the attempts whose batch is known and whose activity
// lives: they go on. Another attempt may or may not run: no call finds it again
// (protocol section 8), so its task is given back and its activity given up.
func (r *runner) recoverAttempts(ctx context.Context) (alive []state.Attempt, err error) {
	var open []state.Attempt
	err = r.Store.View(ctx, func(tx *store.Tx) (err error) {
		open, err = tx.OpenAttempts(r.Run)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, at := range open {
		act, _, err := r.activity(ctx, at.Activity)
		if err != nil {
			return nil, err
		}
		if act.State == state.ActivityReady && at.State == state.AttemptRunning {
			alive = append(alive, at)
			continue
		}
		if err := r.giveBack(ctx, at, act); err != nil {
			return nil, fmt.Errorf("attempt %d of task %d: %w", at.Number, at.Task, err)
		}
	}
	return alive, nil
}

// giveBack makes the task of an attempt pending again.
func (r *runner) giveBack(ctx context.Context, at state.Attempt, act state.Activity) error {
	if act.State == state.ActivityReady {
		reason := reconcile.ReasonUnknown + ": interrupted while a task was started"
		if err := r.stopping(ctx, r.inForce(), act.Key, reason); err != nil {
			return err
		}
	}
	r.removeParts(ctx, at)
	return r.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.FinishAttempt(store.AttemptEnd{
			Attempt: at.ID, State: state.AttemptLost, Task: state.TaskPending,
			Message: "the process that ran it died",
		})
		return err
	})
}

// resume starts the workers of attempts that go on.
func (r *runner) resume(ctx context.Context, alive []state.Attempt) error {
	together := map[int64][]state.Attempt{}
	for _, at := range alive {
		r.Log.Info("carrying on with a task that runs", logTask, at.Task)
		together[at.Activity] = append(together[at.Activity], at)
	}
	for activity, attempts := range together {
		slices.SortFunc(attempts, func(a, b state.Attempt) int { return cmp.Compare(a.First, b.First) })
		if err := r.workOn(ctx, activity, attempts); err != nil {
			return err
		}
	}
	return nil
}
