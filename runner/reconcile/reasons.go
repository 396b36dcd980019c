package reconcile

import "strings"

// Reasons for an end, as tables show them. A reason may go on after a colon
// with details.
const (
	ReasonTooExpensive = "too expensive"
	ReasonNotKept      = "not kept"
	ReasonNotReused    = "not used again"
	ReasonBudget       = "budget"
	ReasonNoTasks      = "no more tasks"
	ReasonSurplus      = "fewer workers wanted"
	ReasonBetter       = "better offer"
	ReasonTimeout      = "task timed out"
	ReasonGone         = "activity gone"
	ReasonFailing      = "failing"
	ReasonBill         = "bill refused"
	ReasonPrepare      = "preparation failed"
	ReasonUnbounded    = "price cannot be bounded"
	ReasonUnknown      = "outcome unknown"
)

// Code returns the reason without its details.
func Code(reason string) string {
	code, _, _ := strings.Cut(reason, ":")
	return code
}

// spoils reports whether an activity that ended for this reason spoils its
// agreement: another activity of the same provider would end the same way.
func spoils(reason string) bool {
	switch Code(reason) {
	case ReasonTooExpensive, ReasonNotKept, ReasonFailing, ReasonBill, ReasonPrepare, ReasonUnbounded, ReasonBudget:
		return true
	}
	return false
}
