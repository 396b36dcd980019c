package state

import "tasks/golem"

// A Pace is how fast a provider does tasks of one kind, summed over its machines.
// Old ones count for less, so that none of the numbers is whole. The zero Pace is
// a provider of which nothing is known.
type Pace struct {
	Provider golem.NodeID
	Tasks    float64 // that were done well
	Busy     float64 // seconds that all attempts took, failed ones too
	CPU      float64 // seconds of processor time, all threads together
	Lived    float64 // seconds of machine for which CPU was reported, preparation left out
}

// Add is both together, of the provider of o.
func (p Pace) Add(o Pace) Pace {
	return Pace{o.Provider, p.Tasks + o.Tasks, p.Busy + o.Busy, p.CPU + o.CPU, p.Lived + o.Lived}
}

// Times is a pace that counts for so much.
func (p Pace) Times(share float64) Pace {
	return Pace{p.Provider, p.Tasks * share, p.Busy * share, p.CPU * share, p.Lived * share}
}
