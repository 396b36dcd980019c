package runner

import (
	"context"
	"errors"
	"iter"

	"tasks/runner/store"
)

// watch answers the events of a stream, one after another, until ctx ends. The
// cursor moves on when an event is answered, so that none is lost; one that is
// answered again after a crash changes nothing.
func watch[E any](ctx context.Context, r *runner, what string, events iter.Seq2[E, error],
	answer func(E) error, keep func(*store.Tx, E) error) {
	for event, err := range events {
		if err != nil {
			r.Log.Debug("no events", "of", what, logError, err)
			continue
		}
		if !r.persist(ctx, what, func() error { return answer(event) }) {
			return
		}
		r.keepCursor(ctx, func(tx *store.Tx) error { return keep(tx, event) })
	}
}

// persist repeats fn until it succeeds or ctx ends: a bill is never skipped
// because a call failed, and deciding about one twice is harmless.
func (r *runner) persist(ctx context.Context, what string, fn func() error) bool {
	for failures := 0; ; failures++ {
		err := fn()
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		if !errors.Is(err, errNotesFirst) {
			r.Log.Warn(what+" not dealt with yet", logError, err)
		}
		pause(ctx, backoff(failures))
	}
}

func (r *runner) keepCursor(ctx context.Context, save func(*store.Tx) error) {
	if err := r.Store.Update(ctx, save); err != nil && ctx.Err() == nil {
		r.Log.Error("event cursor not recorded", logError, err)
	}
}
