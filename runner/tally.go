package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tasks/runner/state"
	"tasks/runner/store"
)

// A tally counts the offers that rules reject until the loop records them: one
// write a rule, not one an offer. It is safe for use by several goroutines.
type tally struct {
	mu    sync.Mutex
	rules map[string]*state.Rejection
}

// add counts one; why is asked only about an offer that becomes the example.
func (t *tally) add(rule string, c candidate, why func() string) {
	perHour := c.pricing.Estimate(time.Hour, max(c.offer.CPU.Threads, 1))
	t.mu.Lock()
	defer t.mu.Unlock()
	known := t.rules[rule]
	if known == nil || perHour.LessThan(known.PerHour) {
		example := state.Rejection{
			Rule: rule, Provider: c.proposal.IssuerID, ProviderName: c.offer.Provider.Name, PerHour: perHour, Why: why(),
		}
		t.putLocked(example)
		known = t.rules[rule]
	}
	known.Count++
}

// putLocked makes a rejection the example of its rule.
func (t *tally) putLocked(r state.Rejection) {
	if t.rules == nil {
		t.rules = map[string]*state.Rejection{}
	}
	if known := t.rules[r.Rule]; known != nil {
		r.Count += known.Count
	}
	t.rules[r.Rule] = &r
}

// take empties the tally.
func (t *tally) take() []state.Rejection {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []state.Rejection
	for _, r := range t.rules {
		list = append(list, *r)
	}
	t.rules = nil
	slices.SortFunc(list, func(a, b state.Rejection) int { return strings.Compare(a.Rule, b.Rule) })
	return list
}

// putBack counts again what could not be recorded.
func (t *tally) putBack(list []state.Rejection) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range list {
		t.putLocked(r)
	}
}

// recordRejections writes what offers came, and what the rules rejected, since it
// was called last.
func (r *runner) recordRejections(ctx context.Context) error {
	list, seen := r.rejected.take(), r.offers.take()
	if len(list)+len(seen) == 0 {
		return nil
	}
	err := r.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.AddOffers(r.Run, seen); err != nil {
			return err
		}
		if len(list) == 0 {
			return nil
		}
		return tx.AddRejections(r.Run, list)
	})
	if err != nil {
		r.rejected.putBack(list)
	}
	return err
}

// whyChosen says how an offer that is hired came by its score.
func (r *runner) whyChosen(ctx context.Context, rev *revision, c candidate) string {
	env, err := r.offerEnv(ctx, rev, c)
	if err != nil {
		return fmt.Sprintf("offer.score gave %.6g", c.score)
	}
	return rev.policies.Scored(c.score, env)
}
