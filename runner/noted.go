package runner

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"tasks/golem"
	"tasks/runner/store"
)

// noted are the batches that the daemon has begun and that are not on disk yet. A
// worker does not wait for that: it asks for the results meanwhile, and where they
// are there first, the batch is recorded with the end of its attempt. So a small
// task costs one write less, and a process that dies in between knows as much as
// one that dies before the daemon's answer: it stops the machine, and the task is
// tried again.
type noted struct {
	r    *runner
	wake chan struct{} // capacity 1

	mu   sync.Mutex
	soon map[int64]golem.BatchID // by attempt
}

func newNoted(r *runner) *noted {
	return &noted{r: r, wake: make(chan struct{}, 1), soon: map[int64]golem.BatchID{}}
}

// add has the batch of an attempt recorded soon.
func (n *noted) add(attempt int64, batch golem.BatchID) {
	n.mu.Lock()
	n.soon[attempt] = batch
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// ended leaves out the batch of an attempt whose end is recorded, and the batch
// with it.
func (n *noted) ended(attempt int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.soon, attempt)
}

// loop records batches until ctx ends, and then what is left.
func (n *noted) loop(ctx context.Context) {
	for {
		select {
		case <-n.wake:
		case <-ctx.Done():
			if err := n.record(ctx); err != nil {
				n.r.Log.Error("batches not recorded", logError, err)
			}
			return
		}
		if err := n.record(ctx); err != nil {
			n.r.giveUp(fmt.Errorf("record batches: %w", err))
		}
	}
}

func (n *noted) record(ctx context.Context) error {
	n.mu.Lock()
	now := n.soon
	n.soon = map[int64]golem.BatchID{}
	n.mu.Unlock()
	if len(now) == 0 {
		return nil
	}
	return n.r.update(ctx, func(tx *store.Tx) error {
		for attempt, batch := range now {
			// One that has ended meanwhile needs no batch any more.
			if err := tx.SetBatch(attempt, batch, 0); err != nil && !errors.Is(err, store.ErrStale) {
				return err
			}
		}
		return nil
	})
}
