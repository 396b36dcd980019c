package runner

import (
	"context"
	"fmt"
	"time"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

// readUsage asks what an activity has used so far, as an effect.
func (r *runner) readUsage(ctx context.Context, key int64) error {
	act, _, err := r.activity(ctx, key)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.asked[key] = r.Store.Now()
	r.mu.Unlock()
	r.effects.start(fmt.Sprintf("usage/%d", key), func(ctx context.Context) error { return r.askUsage(ctx, act) })
	return nil
}

// askUsage asks for a usage report and records it.
func (r *runner) askUsage(ctx context.Context, act state.Activity) error {
	usage, err := r.client.ActivityUsage(ctx, act.ID, statusTime)
	if err != nil {
		// Without a report the clock bounds the cost.
		r.Log.Debug("usage not read", logActivity, act.ID, logError, err)
		return nil
	}
	if usage.CurrentUsage == nil {
		return nil
	}
	return r.Store.Update(ctx, func(tx *store.Tx) error {
		return tx.SetUsage(act.Key, usage.CurrentUsage, earlier(time.Unix(usage.Timestamp, 0), r.Store.Now()))
	})
}

// lateReport is how long before the end of an activity its last report may be.
const lateReport = 2 * time.Second

// lastUsage is an activity that is over with what it used until then. The daemon
// answers for it still (protocol section 5.3), and what it says bounds an invoice
// far closer than the clock.
func (r *runner) lastUsage(ctx context.Context, act state.Activity) (state.Activity, error) {
	if act.ID == "" || act.EndedAt.Sub(act.UsageAt) <= lateReport {
		return act, nil
	}
	if err := r.askUsage(ctx, act); err != nil {
		return act, err
	}
	act, _, err := r.activity(ctx, act.Key)
	return act, err
}

func (r *runner) authorise(ctx context.Context, key int64, total golem.Amount) error {
	return r.Store.Update(ctx, func(tx *store.Tx) error { return tx.Authorise(key, total) })
}
