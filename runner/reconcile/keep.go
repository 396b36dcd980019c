package reconcile

import (
	"slices"
	"time"

	"tasks/golem"
	"tasks/runner/state"
)

// A Keep is how many of the tasks that are done a run keeps; the rest is rolled
// up. The zero Keep keeps all.
type Keep struct {
	// Tasks is how many tasks that are done are kept, 0 for all.
	Tasks int64
	// Age is for how long tasks are kept, 0 for good. What is beyond either is
	// rolled up.
	Age time.Duration
}

// KeepFailed is how many tasks that failed for good are kept, however old they
// are: somebody may look into them, or try them again.
const KeepFailed = 1000

// KeepTries is how many of the last attempts of a task are kept whole.
const KeepTries = 100

// Old chooses the tasks that are rolled up: of those that are done, each list in
// the order of age, the oldest while there are more than are kept, and those that
// are too old. kept is how many there are. No list is left out of its order.
func (k Keep) Old(now time.Time, kept int64, lists ...[]state.EndedTask) (old []state.EndedTask) {
	lists = slices.Clone(lists)
	for {
		oldest := -1
		for i, list := range lists {
			if len(list) > 0 && (oldest < 0 || list[0].FinishedAt.Before(lists[oldest][0].FinishedAt)) {
				oldest = i
			}
		}
		if oldest < 0 {
			return old
		}
		next := lists[oldest][0]
		surplus := k.Tasks > 0 && kept-int64(len(old)) > k.Tasks
		if !surplus && !k.expired(now, next.FinishedAt) {
			return old
		}
		old, lists[oldest] = append(old, next), lists[oldest][1:]
	}
}

func (k Keep) expired(now, at time.Time) bool { return k.Age > 0 && at.Before(now.Add(-k.Age)) }

// Over reports whether nothing will ever be asked or told about an agreement
// again: it and its activities have ended before a moment, their attempts are
// rolled up, its invoice is accepted, and everything is paid.
func Over(h state.Hire, before time.Time) bool {
	if !h.State.Done() || !h.EndedAt.Before(before) || h.Attempts > 0 || h.OpenBills > 0 || h.Last {
		return false
	}
	for _, a := range h.Activities {
		if !a.State.Done() || !a.EndedAt.Before(before) {
			return false
		}
	}
	billed := h.InvoiceState == state.BillAccepted || h.InvoiceState == state.BillSettled
	if !billed && (h.State == state.AgreementEnded || h.InvoiceState != "" || h.Refused > 0) {
		return false
	}
	return !h.Paid.LessThan(h.Accepted)
}

// PaidNotes chooses the debit notes of an activity that are rolled up: the first
// ones, up to one that is open, unpaid, refused or not old enough. Of those the
// one with the highest total stays, since all that come later are held against
// it.
func PaidNotes(old state.OldNotes, before time.Time) []state.OldBill {
	notes := old.Notes
	if i := slices.IndexFunc(notes, func(n state.OldBill) bool { return !settled(n, old.Paid, before) }); i >= 0 {
		notes = notes[:i]
	}
	highest := 0
	for i, n := range notes {
		if n.Total.GreaterThan(notes[highest].Total) {
			highest = i
		}
	}
	if len(notes) < 2 {
		return nil
	}
	return slices.Delete(slices.Clone(notes), highest, highest+1)
}

func settled(n state.OldBill, paid golem.Amount, before time.Time) bool {
	if n.DecidedAt.IsZero() || !n.DecidedAt.Before(before) {
		return false
	}
	switch n.State {
	case state.BillSettled, state.BillIgnored:
		return true
	case state.BillAccepted:
		return !n.Total.GreaterThan(paid)
	}
	return false
}
