package runner

import (
	"context"
	"sync/atomic"

	"tasks/policies"
	"tasks/runner/ledger"
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
