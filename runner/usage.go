package runner

import (
	"context"
	"fmt"
	"time"

	"tasks/golem"
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
	r.effects.start(fmt.Sprintf("usage/%d", key), func(ctx context.Context) error {
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
			return tx.SetUsage(key, usage.CurrentUsage, earlier(time.Unix(usage.Timestamp, 0), r.Store.Now()))
		})
	})
	return nil
}

func (r *runner) authorise(ctx context.Context, key int64, total golem.Amount) error {
	return r.Store.Update(ctx, func(tx *store.Tx) error { return tx.Authorise(key, total) })
}
