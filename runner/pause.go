package runner

import (
	"context"

	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
)

// pauseRun makes the run wait for its budget, and says until when. A process that
// takes the run up later finds the budget as exhausted as it was, and waits too.
func (r *runner) pauseRun(ctx context.Context, a reconcile.PauseRun) error {
	note := a.Note + "; goes on when the budget allows"
	if !a.Until.IsZero() {
		note = a.Note + "; goes on at " + a.Until.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	r.Log.Info("paused", logReason, note)
	r.setPaused(&a.Pause)
	return r.Store.Update(ctx, func(tx *store.Tx) error { return tx.MoveRun(r.Run, state.RunPaused, note) })
}

// endPause ends the wait.
func (r *runner) endPause(ctx context.Context) error {
	r.Log.Info("the budget has room again")
	r.setPaused(nil)
	r.nudge()
	return r.Store.Update(ctx, func(tx *store.Tx) error { return tx.MoveRun(r.Run, state.RunRunning, "") })
}

func (r *runner) setPaused(p *reconcile.Pause) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paused = p
}
