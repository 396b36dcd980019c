package state

import (
	"time"

	"tasks/golem"
)

// A Work is a kind of tasks that can be compared with each other: those of the
// runs of one name on one payload.
type Work struct {
	Name    string // Run.Name
	Payload string // Run.Payload
}

// A History is what a provider did with work of one kind, summed over its
// machines. What is old counts for less, so that none of the numbers is whole. It
// is for expressions, not for the books. The zero History is a provider of which
// nothing is known.
type History struct {
	Provider golem.NodeID
	Tasks    float64 // that were done well
	Faults   float64 // attempts that failed by the provider's fault, where nothing says that the task was to blame
	Own      float64 // attempts that failed by the task's own fault
	Timeouts float64 // attempts that took too long, whoever is to blame
	Results  float64
	Cost     float64 // GLM accepted
	Busy     float64 // seconds that all attempts took, failed ones too
	CPU      float64 // seconds of processor time, all threads together
	Lived    float64 // seconds of machine for which CPU was reported, preparation left out

	Seen time.Time // when the last attempt began or ended there; zero for never
}

// Add is both together, of the provider of o.
func (h History) Add(o History) History {
	h.Provider = o.Provider
	h.Tasks += o.Tasks
	h.Faults += o.Faults
	h.Own += o.Own
	h.Timeouts += o.Timeouts
	h.Results += o.Results
	h.Cost += o.Cost
	h.Busy += o.Busy
	h.CPU += o.CPU
	h.Lived += o.Lived
	if o.Seen.After(h.Seen) {
		h.Seen = o.Seen
	}
	return h
}

// Times is a history that counts for so much.
func (h History) Times(share float64) History {
	return History{
		h.Provider, h.Tasks * share, h.Faults * share, h.Own * share, h.Timeouts * share, h.Results * share,
		h.Cost * share, h.Busy * share, h.CPU * share, h.Lived * share, h.Seen,
	}
}

// Attempts is how many attempts ended there that were not given back by us.
func (h History) Attempts() float64 { return h.Tasks + h.Faults + h.Own + h.Timeouts }
