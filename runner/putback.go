package runner

import (
	"context"

	"tasks/runner/state"
	"tasks/runner/store"
)

// putBackChunk is how many tasks are put back in one transaction of a live run,
// so that its workers do not wait long for theirs.
const putBackChunk = 500

// PutBack makes the tasks of a run that failed for good pending again, and returns
// how many there were. A run that ended with them can be carried on with. Nobody
// may work on the run meanwhile.
func PutBack(ctx context.Context, st *store.Store, run state.RunID) (n int, err error) {
	err = st.Update(ctx, func(tx *store.Tx) error {
		n, err = putBack(tx, run)
		return err
	})
	return n, err
}

func putBack(tx *store.Tx, run state.RunID) (n int, err error) {
	for last, more := int64(0), true; more && err == nil; {
		var tasks []state.Task
		tasks, last, err = tx.PutBack(run, last, putBackChunk)
		n, more = n+len(tasks), len(tasks) == putBackChunk
	}
	if err != nil {
		return 0, err
	}
	return n, tx.RetryDone(run)
}

// retryFailed does what `tasks retry` asked this process for.
func (r *runner) retryFailed(ctx context.Context) error {
	for last, more := int64(0), true; more; {
		var tasks []state.Task
		err := r.update(ctx, func(tx *store.Tx) (err error) {
			if tasks, last, err = tx.PutBack(r.Run, last, putBackChunk); err != nil {
				return err
			}
			if more = len(tasks) == putBackChunk; more {
				return nil
			}
			return tx.RetryDone(r.Run)
		})
		if err != nil {
			return err
		}
		r.queue.add(tasks...)
		r.Log.Info("failed tasks are tried again", logTimes, len(tasks))
	}
	return nil
}

func (r *runner) isEnding() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ending.Active()
}
