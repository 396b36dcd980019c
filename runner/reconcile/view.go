package reconcile

import (
	"time"

	"tasks/golem"
	"tasks/runner/ledger"
	"tasks/runner/state"
)

// A View is all that a decision may look at.
type View struct {
	Now     time.Time
	Workers int // how many activities the policy wants
	Tasks   Tasks
	TriedOn []golem.NodeID // nothing is left but tasks that failed on each of these, again and again; seldom any
	Ending  Ending

	Windows []ledger.Window // the budget as it stands; empty allows nothing
	Book    *ledger.Book    // what was spent; never nil

	PauseWhenExhausted bool   // wait for the budget instead of ending
	FixedBudget        bool   // no limit is computed, so that only time can make room
	Pause              *Pause // nil: the run does not wait

	Agreements []Agreement // live ones, and ended ones whose bills are open; by key
	Offers     []Offer     // providers that are ready to make an agreement, best first; empty while gathering
	DemandOpen bool
	DemandBusy bool // it is being published or withdrawn

	Allocation     *Allocation // nil: none is active
	AllocationBusy bool        // a call about it is under way
}

// An Allocation is a record and what was accepted from it.
type Allocation struct {
	state.Allocation
	Spent golem.Amount
}

// Tasks are the numbers that decide how many workers have something to do.
type Tasks struct {
	Pending, Running, Done, Failed int64
	More                           bool // some source has not ended
	Later                          bool // some stage waits for another to end
}

// Outstanding is how many tasks wait or run; only a lower bound when More
// or Later.
func (t Tasks) Outstanding() int64 { return t.Pending + t.Running }

// Over reports whether no task is left or will come.
func (t Tasks) Over() bool { return !t.More && !t.Later && t.Outstanding() == 0 }

// Ending is how a run is being wound down. The zero Ending is a run that goes
// on.
type Ending struct {
	State    state.RunState
	Note     string
	Deadline time.Time // when tasks still running are given back
	GiveUp   time.Time // when what cannot be reached is left to the next start
}

// Active reports whether the run is being wound down.
func (e Ending) Active() bool { return e.State != "" }

// An Agreement is a record with the activities that were made under it.
type Agreement struct {
	state.Agreement
	Threads    int        // of the offer; bounds the CPU time an activity can bill
	Busy       bool       // a call about it is under way
	Activities []Activity // by key, ended ones included
}

// An Activity is a record and what the process knows of it.
type Activity struct {
	state.Activity
	Busy     bool      // a call about it is under way
	Working  bool      // its task loop runs
	Attempt  bool      // a task runs in it
	Draining string    // why it takes no more tasks, or ""
	AskedAt  time.Time // when its usage was last asked for, answered or not
}

// An Offer is a provider's answer to our counter, ready for an agreement.
type Offer struct {
	Proposal golem.ProposalID
	Provider golem.NodeID
	Pricing  golem.Pricing
	Threads  int
	Interval time.Duration
}

// Current returns the activity that is not over, or nil.
func (a *Agreement) Current() *Activity {
	for i := range a.Activities {
		if !a.Activities[i].State.Done() {
			return &a.Activities[i]
		}
	}
	return nil
}

// Meter returns what bounds the bills of one of the agreement's activities.
func (a *Agreement) Meter(act *Activity) ledger.Meter {
	return ledger.Meter{
		Pricing: a.Pricing, Threads: a.Threads, StartedAt: act.CreatedAt,
		Usage: act.Usage, UsageAt: act.UsageAt, Billed: act.Billed,
	}
}
