package policies

import "time"

// Recent is what a provider did in runs of the same name with the same payload.
// Its numbers fade, so that they are not whole.
type Recent struct {
	Attempts      float64       `expr:"attempts" doc:"attempts that ended, done or failed"`
	Done          float64       `expr:"done" doc:"attempts that ended well"`
	Faults        float64       `expr:"faults" doc:"attempts that failed by its fault; those of a task that broke several providers and was given up are task_faults"`
	TaskFaults    float64       `expr:"task_faults" doc:"attempts that failed by the task's own fault: they say little of the provider"`
	Timeouts      float64       `expr:"timeouts" doc:"attempts that took longer than the stage's timeout"`
	Results       float64       `expr:"results" doc:"results it gave us"`
	Cost          float64       `expr:"cost" doc:"GLM accepted for it"`
	CostPerResult float64       `expr:"cost_per_result" doc:"GLM for one result; infinite when there is cost and no result"`
	Reliability   float64       `expr:"reliability" doc:"share of its attempts that did not fail by its fault, one more taken to be without fault: from 0 to 1, and 1 for one of which nothing is known"`
	LastSeen      time.Duration `expr:"last_seen" doc:"time since an attempt last began or ended on it; longer than anything when there was none"`
}

// NewRecent fills in what follows from the rest: CostPerResult, Reliability, and a
// LastSeen that is Never.
func NewRecent(r Recent) Recent {
	r.LastSeen = Never
	r.CostPerResult = perResult(r.Cost, r.Results)
	r.settle()
	return r
}

// settle fills in what cannot be 0.
func (r *Recent) settle() {
	if r.Reliability == 0 {
		r.Reliability = (r.Attempts - r.Faults + 1) / (r.Attempts + 1)
	}
	if r.Attempts == 0 && r.LastSeen == 0 {
		r.LastSeen = Never
	}
}
