package reconcile

import (
	"time"

	"tasks/golem"
	"tasks/runner/state"
)

// An Action is one thing to do; which one its type says. Carrying it out moves
// a record, so that the next view no longer asks for it.
type Action interface{ action() }

type (
	// OpenDemand publishes a demand and begins to gather offers.
	OpenDemand struct{}
	// CloseDemand withdraws it: no one listens for offers when workers are full.
	CloseDemand struct{}
	// Hire makes an agreement from a provider's proposal.
	Hire struct{ Proposal golem.ProposalID }
	// CreateActivity starts an activity under an approved agreement, and
	// reserves Authorised for it.
	CreateActivity struct {
		Agreement  int64
		Authorised golem.Amount
	}
	// Prepare runs the preparation in a new activity.
	Prepare struct{ Activity int64 }
	// Work starts the task loop of a ready activity.
	Work struct{ Activity int64 }
	// Authorise reserves more of the budget for an activity.
	Authorise struct {
		Activity int64
		Total    golem.Amount
	}
	// ReadUsage asks what an activity has used, so that its cost is known better
	// than by the clock.
	ReadUsage struct{ Activity int64 }
	// Drain lets an activity finish its task and take no more.
	Drain struct {
		Activity int64
		Reason   string
	}
	// Stop destroys an activity at once; a task in it is given back.
	Stop struct {
		Activity int64
		Reason   string
	}
	// EndAgreement terminates or cancels an agreement.
	EndAgreement struct {
		Agreement int64
		Reason    string
	}
	// CreateAllocation sets money aside at the daemon.
	CreateAllocation struct {
		Total   golem.Amount
		Timeout time.Time
	}
	// AmendAllocation makes the allocation larger or last longer.
	AmendAllocation struct {
		Total   golem.Amount
		Timeout time.Time
	}
	// ReplaceAllocation releases the allocation and sets money aside in a new one.
	ReplaceAllocation struct {
		Total   golem.Amount
		Timeout time.Time
	}
	// Wind begins to wind the run down.
	Wind struct {
		State state.RunState
		Note  string
	}
	// PauseRun makes the run wait for its budget, or for another time.
	PauseRun struct {
		Pause
		Note string
	}
	// Resume ends the wait.
	Resume struct{}
	// Finish ends the run: nothing is alive and no bill is waited for.
	Finish struct{}
)

func (OpenDemand) action()        {}
func (CloseDemand) action()       {}
func (Hire) action()              {}
func (CreateActivity) action()    {}
func (Prepare) action()           {}
func (Work) action()              {}
func (Authorise) action()         {}
func (ReadUsage) action()         {}
func (Drain) action()             {}
func (Stop) action()              {}
func (EndAgreement) action()      {}
func (CreateAllocation) action()  {}
func (AmendAllocation) action()   {}
func (ReplaceAllocation) action() {}
func (Wind) action()              {}
func (PauseRun) action()          {}
func (Resume) action()            {}
func (Finish) action()            {}
