package report

import (
	"maps"
	"slices"

	"tasks/golem"
	"tasks/runner/state"
)

// Summary is a run in one line: its activities by state and what they came to.
type Summary struct {
	RunID         state.RunID   `json:"run_id"`
	Ready         int           `json:"ready"` // activities that take tasks
	New           int           `json:"new"`   // being created or prepared
	Other         int           `json:"other"` // stopping or ended
	Batches       int           `json:"batches"`
	Cost          golem.Amount  `json:"cost"`            // of all activities
	CostPerResult *golem.Amount `json:"cost_per_result"` // nil before the first result
	Results       int64         `json:"results"`
	Spent         golem.Amount  `json:"spent"` // money of the run, as in Status
	Reserved      golem.Amount  `json:"reserved"`
	Accepted      golem.Amount  `json:"accepted"`
	Paid          golem.Amount  `json:"paid"`
}

// Summary sums up the activities. The status must not be a brief one.
func (s Status) Summary() Summary {
	sum := Summary{
		RunID: s.RunID, Results: s.Results, Spent: s.Spent, Reserved: s.Reserved, Accepted: s.Accepted, Paid: s.Paid,
		Other: int(s.RolledUp.Activities), Batches: int(s.RolledUp.Batches), Cost: s.RolledUp.Cost,
	}
	for _, a := range s.Activities {
		switch a.State {
		case state.ActivityReady:
			sum.Ready++
		case state.ActivityCreating, state.ActivityCreated, state.ActivityPreparing:
			sum.New++
		default:
			sum.Other++
		}
		sum.Batches += a.Batches
		sum.Cost = sum.Cost.Add(a.Cost)
	}
	sum.CostPerResult = perResult(sum.Cost, s.Results)
	return sum
}

// StageNames are the names of the stages in alphabetical order.
func (s Status) StageNames() []string { return slices.Sorted(maps.Keys(s.Stages)) }
