package runner

import (
	"context"
	"fmt"
	"sync/atomic"

	"tasks/policies"
	"tasks/runner/ledger"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

// A revision is a document that the run goes by, compiled. An edit that is taken
// over is another one, so that whoever decides asks for the one in force once, and
// uses it from the beginning of the decision until it is recorded.
type revision struct {
	number   int // 0 until the run is admitted
	spec     *spec.Spec
	policies *policies.Set

	windows atomic.Pointer[[]ledger.Window] // the budget as it was evaluated last
}

// hidden keeps the document that the process was started with from being used
// where the one in force is meant.
type hidden struct{}

// inForce is the revision to decide by.
func (r *runner) inForce() *revision { return r.document.Load() }

// begunBy is the revision that an attempt has its commands from, which may be an
// older one that a dead process went by. One that cannot be read any more is taken
// for the one in force.
func (r *runner) begunBy(ctx context.Context, at state.Attempt) *revision {
	now := r.inForce()
	if at.Revision == 0 || at.Revision == now.number {
		return now
	}
	begun, err := r.recorded(ctx, at.Revision)
	if err != nil {
		r.Log.Warn("the document of a task that runs cannot be read", logTask, at.Task, logError, err)
		return now
	}
	return begun
}

// recorded reads and compiles a revision. The error wraps ErrChanged where that
// cannot be compiled.
func (r *runner) recorded(ctx context.Context, number int) (*revision, error) {
	var rev state.Revision
	err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
		rev, err = tx.Revision(r.Run, number)
		return err
	})
	if err != nil {
		return nil, err
	}
	s, set, err := Compile(rev, r.Overrides.Env)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrChanged, err)
	}
	r.Secrets.Learn(s)
	return &revision{number: rev.Number, spec: s, policies: set}, nil
}

// budget is the limits as they were evaluated last; none allows nothing.
func (v *revision) budget() []ledger.Window {
	if w := v.windows.Load(); w != nil {
		return *w
	}
	return nil
}

// record writes what was decided by a revision, even if another one is in force by
// now.
func (r *runner) record(ctx context.Context, by *revision, fn func(*store.Tx) error) error {
	return r.Store.Update(ctx, func(tx *store.Tx) error {
		tx.By(by.number)
		return fn(tx)
	})
}
