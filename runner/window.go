package runner

import (
	"context"

	"tasks/runner/state"
	"tasks/runner/store"
)

// A span is ids above one and up to another.
type span struct{ above, upTo int64 }

func (s span) has(id int64) bool { return id > s.above && id <= s.upTo }

// load brings the next windows of emitted tasks from the store, until there is
// something to do.
func (q *queue) load(ctx context.Context) error {
	for {
		again, err := q.loadWindow(ctx)
		if err != nil || !again {
			return err
		}
	}
}

func (q *queue) loadWindow(ctx context.Context) (again bool, err error) {
	q.mu.Lock()
	after := q.last
	q.missed = false
	q.mu.Unlock()
	var tasks []state.Task
	err = q.r.Store.View(ctx, func(tx *store.Tx) (err error) {
		tasks, err = tx.PendingTasks(q.r.Run, true, after, emittedWindow)
		return err
	})
	q.mu.Lock()
	defer q.mu.Unlock()
	if err != nil {
		q.loading = false
		return false, err
	}
	for _, t := range tasks {
		q.last = t.ID
		q.placeLocked(t)
	}
	q.loaded = span{after, q.last}
	q.overflow = len(tasks) == emittedWindow || q.missed
	q.serveLocked()
	q.loading = q.overflow && q.emitted.len() == 0 && !q.closed
	return q.loading, nil
}
