package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner/ledger"
	"tasks/runner/reconcile"
)

// ErrBudgetTooLow is wrapped when a budget cannot pay the first bill of any worker
// that the market has; the text shows the arithmetic.
var ErrBudgetTooLow = errors.New("the budget cannot pay a single worker's first bill")

// CheckBudget asks the market whether the budget of a run that has not begun can
// pay somebody's first bill. It leaves nothing at the daemon. The error wraps
// ErrBudgetTooLow. Where that is not certain, it is nil: a limit is computed and may
// grow, there is no offer to go by, or the daemon gives no answer.
func CheckBudget(ctx context.Context, o SurveyOptions) error {
	limit, known := o.tightest()
	if !known {
		return nil
	}
	o.Enough = func(s Surveyed) bool { return s.Rule == "" && !o.firstBill(s).GreaterThan(limit.Amount) }
	market, err := TakeSurvey(ctx, o)
	if err != nil {
		return ctx.Err() // the run will say what is wrong with the daemon
	}
	var cheapest *Surveyed
	hirable := 0
	for i := range market.Offers {
		s := &market.Offers[i]
		if s.Rule != "" {
			continue
		}
		if hirable++; cheapest == nil || o.firstBill(*s).LessThan(o.firstBill(*cheapest)) {
			cheapest = s
		}
	}
	if cheapest == nil || o.Enough(*cheapest) {
		return nil
	}
	return fmt.Errorf("%w: %s, and the cheapest of %d offers that fit (%s) wants %s",
		ErrBudgetTooLow, limitText(limit), hirable, cheapest.Offer.Provider.Name, o.arithmetic(*cheapest))
}

// tightest is the lowest limit of the budget, if none of them is computed.
func (o SurveyOptions) tightest() (least policies.Limit, known bool) {
	limits, failed := o.Policies.Limits(o.Run)
	if failed != nil || len(limits) == 0 || !o.Policies.LimitsFixed() {
		return least, false
	}
	for i, l := range limits {
		if i == 0 || l.Amount.LessThan(least.Amount) {
			least = l
		}
	}
	return least, true
}

func limitText(l policies.Limit) string {
	if l.Window == 0 {
		return "its limit is " + ledger.Show(l.Amount) + " GLM in all"
	}
	return fmt.Sprintf("its limit is %s GLM in %s", ledger.Show(l.Amount), l.Window)
}

// firstBill is what must be reserved to hire from the offer.
func (o SurveyOptions) firstBill(s Surveyed) golem.Amount {
	return o.costs(s, reconcile.FirstPeriod(o.Spec.Golem.DebitNoteInterval))
}

func (o SurveyOptions) costs(s Surveyed, d time.Duration) golem.Amount {
	return ledger.MaxCost(s.Pricing, s.Offer.CPU.Threads, d)
}

// arithmetic is how the first bill comes about. The price of a second is that of
// all threads, busy.
func (o SurveyOptions) arithmetic(s Surveyed) string {
	ahead := reconcile.FirstPeriod(o.Spec.Golem.DebitNoteInterval)
	second := o.costs(s, time.Second).Sub(s.Pricing.Start)
	return fmt.Sprintf("%s to start + %g s x %s a second with its %d threads busy = %s GLM; the %g s are %s until its first debit note and %s until that is accepted or the machine stopped",
		ledger.Show(s.Pricing.Start), ahead.Seconds(), ledger.Show(second), max(s.Offer.CPU.Threads, 1), ledger.Show(o.firstBill(s)),
		ahead.Seconds(), o.Spec.Golem.DebitNoteInterval, ahead-o.Spec.Golem.DebitNoteInterval)
}
