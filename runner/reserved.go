package runner

import (
	"context"
	"slices"
	"time"

	"tasks/golem"
	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
)

// reserved is what the budget keeps for bills to come, and the sum of it. Only what
// changes is added up anew, so that a bill is not the dearer the more workers there
// are. It is used in a View alone, where nobody else is.
type reserved struct {
	shares map[int64]share // by agreement
	sum    golem.Amount
}

// A share is what is reserved for one agreement.
type share struct {
	of     reconcile.Agreement
	amount golem.Amount
}

// look brings the sum up to date.
func (s *reserved) look(tx *store.Tx, run state.RunID) error {
	m, err := tx.Moved(run)
	if err != nil {
		return err
	}
	if m.All {
		*s = reserved{shares: make(map[int64]share, len(m.Now))}
	}
	for _, key := range m.Gone {
		s.set(key, share{})
		delete(s.shares, key)
	}
	for _, e := range m.Now {
		a := engaged(e)
		s.set(a.Key, share{of: a, amount: sumOf(tx.Now(), a)})
	}
	return nil
}

func (s *reserved) set(key int64, to share) {
	s.sum = s.sum.Sub(s.shares[key].amount).Add(to.amount)
	s.shares[key] = to
}

// without is the sum without what is reserved for some activities of an agreement, and
// for an invoice of it.
func (s *reserved) without(now time.Time, agreement int64, acts []int64) golem.Amount {
	own, ok := s.shares[agreement]
	if !ok || len(acts) == 0 {
		return s.sum
	}
	rest := own.of
	rest.Activities = slices.Clone(rest.Activities)
	for i := range rest.Activities {
		if act := &rest.Activities[i]; slices.Contains(acts, act.Key) {
			act.Authorised, rest.InvoiceTotal = golem.Amount{}, golem.Amount{}
		}
	}
	return s.sum.Sub(own.amount).Add(sumOf(now, rest))
}

func sumOf(now time.Time, a reconcile.Agreement) golem.Amount {
	return reconcile.Reserved(now, []reconcile.Agreement{a})
}

// engaged is an engagement without what only this process knows of it, which no
// reservation depends on.
func engaged(e *store.Engagement) reconcile.Agreement {
	a := reconcile.Agreement{Agreement: e.Agreement, Threads: threadsOf(e.Offer), Activities: make([]reconcile.Activity, len(e.Activities))}
	for i, act := range e.Activities {
		a.Activities[i].Activity = act
	}
	return a
}

// reservedFor is what is reserved for others than some activities of an agreement.
func (r *runner) reservedFor(ctx context.Context, agreement int64, acts []int64) (sum golem.Amount, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) error {
		if err := r.reserved.look(tx, r.Run); err != nil {
			return err
		}
		sum = r.reserved.without(r.Store.Now(), agreement, acts)
		return nil
	})
	return sum, err
}
