package ledger

import (
	"time"

	"tasks/golem"
)

// NextNote returns when the next debit note after now is due: providers write
// one every interval counted from the creation of the agreement, whenever its
// activities began (protocol section 4). While agreedAt is not known it is one
// interval ahead, which is the latest that it can be. An interval that is not
// positive gives now.
func NextNote(agreedAt time.Time, interval time.Duration, now time.Time) time.Time {
	switch {
	case interval <= 0:
		return now
	case agreedAt.IsZero():
		return now.Add(interval)
	case now.Before(agreedAt):
		return agreedAt.Add(interval)
	}
	notes := now.Sub(agreedAt) / interval
	return agreedAt.Add((notes + 1) * interval)
}

// NoteIncrement returns what accepting a debit note charges: totals are
// cumulative, so it is what the total exceeds the amount by that was accepted
// for the activity, and nothing for a note that is old or repeated (protocol
// section 6.5).
func NoteIncrement(total, acceptedForActivity golem.Amount) golem.Amount {
	return increment(total, acceptedForActivity)
}

// InvoiceIncrement returns what accepting an invoice charges beyond what was
// accepted for its agreement, debit notes included (protocol section 6.5).
func InvoiceIncrement(amount, acceptedForAgreement golem.Amount) golem.Amount {
	return increment(amount, acceptedForAgreement)
}

func increment(total, accepted golem.Amount) golem.Amount {
	if rise := total.Sub(accepted); rise.IsPositive() {
		return rise
	}
	return golem.Amount{}
}
