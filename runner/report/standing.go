package report

import (
	"fmt"
	"time"

	"tasks/runner/state"
	"tasks/runner/store"
)

// addStanding says how the one task stands that was asked for. The error wraps
// store.ErrNotFound where the run has no such task.
func (e *Explanation) addStanding(tx *store.Tx, id int64, live bool) error {
	of, err := tx.TaskRun(id)
	if err != nil {
		return err
	}
	if of != e.RunID {
		return fmt.Errorf("task %d of run %s: %w", id, e.RunID, store.ErrNotFound)
	}
	task, err := tx.Task(id)
	if err != nil {
		return err
	}
	e.Standing = fmt.Sprintf("task %d of stage %s ", id, task.Stage)
	switch task.State {
	case state.TaskDone:
		e.Standing += fmt.Sprintf("is done, at try %d", task.Attempts)
	case state.TaskFailed:
		e.Standing += fmt.Sprintf("was given up after %d tries", task.Attempts)
	case state.TaskRunning:
		e.Standing += fmt.Sprintf("is being tried, try %d", task.Attempts)
	default:
		e.Standing += e.waits(task, tx.Now(), live)
	}
	return nil
}

// waits is what a pending task waits for.
func (e *Explanation) waits(task state.Task, now time.Time, live bool) string {
	switch {
	case e.State == state.RunPaused:
		return "waits for the budget, like the whole run"
	case !live && e.State.Final():
		return "was not begun before the run ended"
	case !live:
		return "waits for somebody to carry the run on: tasks apply with the same --run-id"
	case task.NextTryAt.After(now):
		return fmt.Sprintf("failed %d times, and waits until %s for its next try", task.Attempts, task.NextTryAt.UTC().Format(time.TimeOnly))
	case e.Workers.Ready == 0:
		return "waits for a worker: none is ready"
	case task.Attempts > 0:
		return "waits for its next try: for a worker that is free, rather one of a provider that it has not failed on"
	}
	return fmt.Sprintf("waits for a worker that is free: %d are ready", e.Workers.Ready)
}
