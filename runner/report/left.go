package report

import (
	"fmt"

	"tasks/runner/state"
	"tasks/runner/store"
)

// Left is what a run has open at its daemon by its records. When no process works
// on the run, that is what its next start takes up or ends.
type Left struct {
	Agreements int // being made, in force, or being ended
	Activities int // that have not ended
	Attempts   int // that were running when they were recorded last
	Invoices   int // that have not come for agreements which ended
}

// LeftOf reads what a run has open.
func LeftOf(tx *store.Tx, id state.RunID) (Left, error) {
	l, err := left(tx, id)
	if err != nil {
		return l, fmt.Errorf("read what run %s left: %w", id, err)
	}
	return l, nil
}

func left(tx *store.Tx, id state.RunID) (l Left, err error) {
	agreements, err := tx.Agreements(id, true)
	if err != nil {
		return l, err
	}
	l.Agreements = len(agreements)
	activities, err := tx.Activities(id, true)
	if err != nil {
		return l, err
	}
	l.Activities = len(activities)
	attempts, err := tx.OpenAttempts(id)
	if err != nil {
		return l, err
	}
	l.Attempts = len(attempts)
	unsettled, err := tx.UnsettledAgreements(id)
	for _, a := range unsettled {
		if a.InvoiceState == "" || a.InvoiceState.Undecided() {
			l.Invoices++
		}
	}
	return l, err
}
