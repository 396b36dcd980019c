package ledger

import (
	"time"

	"tasks/golem"
)

// An InvoiceActivity is one activity of an invoice's agreement.
type InvoiceActivity struct {
	Meter
	LastNote Note      // the debit note of its end, if one is known; zero otherwise
	EndedAt  time.Time // when it was over, by our clock; the present if that is not known yet
}

// AuditInvoice checks an invoice against all the activities of its agreement. The
// amount may not be below what was accepted for the agreement so far, and one that
// adds nothing to it is honest. It must be the sum of the final debit notes if
// every activity has one, give or take Tolerance; an activity without one counts
// for whatever it can honestly have cost until ClockSlack after EndedAt, and the
// invoice may not be higher. It returns nil for an honest invoice.
//
// A final note that was refused is no measure: leave it out.
func AuditInvoice(amount golem.Amount, acts []InvoiceActivity, acceptedSoFar golem.Amount) *Finding {
	switch amount.Cmp(acceptedSoFar) {
	case -1:
		return found(CodeBelowAccepted, "is for %s GLM, and %s GLM were accepted already", amount, acceptedSoFar)
	case 0:
		return nil
	}
	most, exact, bounded := sumUp(acts)
	tolerance := Tolerance(most)
	switch above := amount.GreaterThan(most.Add(tolerance)); {
	case exact && (above || amount.LessThan(most.Sub(tolerance))):
		return found(CodeTotalMismatch, "is for %s GLM, and the final debit notes come to %s GLM", amount, most)
	case above && !bounded:
		return found(CodeUnbounded, "is for %s GLM, of which %s GLM can be checked without final debit notes", amount, most)
	case above:
		return found(CodeAboveBound, "is for %s GLM, and its %d activities can have cost at most %s GLM", amount, len(acts), most)
	}
	return nil
}

// sumUp is the most that the activities can cost together, whether that is
// exactly what they cost, and whether it is a bound at all.
func sumUp(acts []InvoiceActivity) (most golem.Amount, exact, bounded bool) {
	exact, bounded = len(acts) > 0, true
	for _, act := range acts {
		if !act.LastNote.IssuedAt.IsZero() {
			most = most.Add(act.LastNote.Total)
			continue
		}
		exact, bounded = false, bounded && act.Bounded()
		most = most.Add(act.Bound(act.StartedAt.Add(generous(act.EndedAt.Sub(act.StartedAt)))))
	}
	return most, exact, bounded
}
