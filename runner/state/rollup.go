package state

import (
	"time"

	"tasks/golem"
)

// An EndedTask is a task that may be rolled up: deleted, once its figures are kept
// elsewhere.
type EndedTask struct {
	ID         int64
	Result     int64 // Seq of its result, or 0
	Failed     bool  // for good
	FinishedAt time.Time
}

// A Hire is an agreement that has ended and may be rolled up, with its activities.
type Hire struct {
	Agreement
	Paid       golem.Amount
	Activities []Activity
	Attempts   int  // ended ones of those activities that are not rolled up
	OpenBills  int  // not decided about
	Refused    int  // bills
	Last       bool // it, or an activity or a bill of it, has the last number given: that must stay
}

// An OldBill is a bill that may be rolled up.
type OldBill struct {
	Key       int64
	State     BillState
	Total     golem.Amount
	Increment golem.Amount
	IssuedAt  time.Time
	DecidedAt time.Time
}

// OldNotes are the first debit notes of an activity, in the order in which they
// came, and what of the activity is paid.
type OldNotes struct {
	Activity int64
	Paid     golem.Amount
	Notes    []OldBill
}
