package reconcile

import (
	"time"

	"tasks/golem"
	"tasks/runner/ledger"
)

const (
	// stopTime is how long a decision to stop an activity may take to take
	// effect at the provider, who bills meanwhile.
	stopTime = 15 * time.Second
	// billTime is how long after its hour on the grid a debit note may take to
	// arrive and be accepted.
	billTime = 20 * time.Second
	// usageAge is how old a usage report must be to be worth asking again.
	usageAge = 5 * time.Second
)

// money is what a decision may still give away; it shrinks as decisions are
// made, so that two of them never count on the same GLM.
type money struct {
	v        View
	reserved golem.Amount
}

// reckon adds up what is reserved now.
func reckon(v View) money {
	return money{v: v, reserved: Reserved(v.Now, v.Agreements)}
}

// Reserved is what the budget must keep for bills that are still to come: for
// an activity what it is authorised to bill beyond what was accepted, and for
// an agreement that has no activity yet the cost of its first period. An invoice
// that is being accepted says itself what it adds.
func Reserved(now time.Time, agreements []Agreement) golem.Amount {
	var sum golem.Amount
	for i := range agreements {
		a := &agreements[i]
		if a.InvoiceState.Undecided() {
			sum = sum.Add(positive(a.InvoiceTotal.Sub(a.Accepted)))
			continue
		}
		if billingOver(a, now) {
			continue
		}
		if !a.State.Done() && len(a.Activities) == 0 {
			sum = sum.Add(firstPeriod(a.Pricing, a.Threads, a.Interval))
		}
		for j := range a.Activities {
			sum = sum.Add(owed(a, &a.Activities[j]))
		}
	}
	return sum
}

// billingOver reports whether no bill of the agreement is expected any more, and
// none is being decided about, or not in time.
func billingOver(a *Agreement, now time.Time) bool {
	if a.InvoiceState != "" && !a.InvoiceState.Undecided() {
		return true
	}
	return a.State.Done() && !a.WaitUntil.After(now)
}

// owed is what an activity may still bill. Once it is over, its own bound says
// so more closely than what it was authorised to.
func owed(a *Agreement, act *Activity) golem.Amount {
	top := act.Authorised
	if act.State.Done() && !act.EndedAt.IsZero() {
		top = least(top, a.Meter(act).Bound(act.EndedAt.Add(stopTime)))
	}
	return positive(top.Sub(act.Accepted))
}

func positive(a golem.Amount) golem.Amount {
	if a.IsPositive() {
		return a
	}
	return golem.Amount{}
}

// FirstPeriod is how long an activity is paid for ahead when somebody is hired:
// until its first debit note is accepted, or until it is stopped.
func FirstPeriod(interval time.Duration) time.Duration { return interval + billTime + stopTime }

// firstPeriod is the most that an activity can bill until then.
func firstPeriod(p golem.Pricing, threads int, interval time.Duration) golem.Amount {
	return ledger.MaxCost(p, threads, FirstPeriod(interval))
}

// take reserves an amount if every window has room for it.
func (m *money) take(amount golem.Amount) bool {
	if m.v.Book.Room(m.v.Now, m.v.Windows, m.reserved).LessThan(amount) {
		return false
	}
	m.reserved = m.reserved.Add(amount)
	return true
}

// renew keeps an activity within what the budget has reserved for it: it
// authorises the cost until the next bill ahead of time, asks for the usage
// first when the clock alone would refuse, and gives up what cannot be covered.
func (m *money) renew(a *Agreement, act *Activity) Action {
	meter := a.Meter(act)
	if !meter.Bound(m.v.Now.Add(stopTime)).GreaterThan(act.Authorised) {
		return nil
	}
	known := latest(latest(act.UsageAt, act.CreatedAt), act.AskedAt)
	if act.ID != "" && m.v.Now.Sub(known) > usageAge {
		return ReadUsage{Activity: act.Key}
	}
	until := ledger.NextNote(a.AgreedAt, a.Interval, m.v.Now).Add(billTime + stopTime)
	total := meter.Bound(until)
	if m.take(total.Sub(act.Authorised)) {
		return Authorise{Activity: act.Key, Total: total}
	}
	return Stop{Activity: act.Key, Reason: ReasonBudget + ": no room until its next bill"}
}

func least(a, b golem.Amount) golem.Amount {
	if b.LessThan(a) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
