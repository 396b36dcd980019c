package devnet

import (
	"maps"
	"slices"

	"tasks/golem"
)

// A Snapshot is what the devnet knows at one moment, for tests to compare with
// what a requestor believes. It shares nothing with the server.
type Snapshot struct {
	Restarts    int // of the daemon, since the server began
	Demands     int // subscriptions that are alive
	Agreements  []AgreementView
	Allocations []golem.Allocation // active ones
	// Live are the activities that are not over, of all agreements.
	Live []golem.ActivityID
	// Files are the gftp URLs that are published or wait to be written to.
	Files []string
	// Accepted and Paid are sums over all agreements.
	Accepted, Paid golem.Amount
	Balances       map[string]golem.Amount // by platform
}

// An AgreementView is one agreement and the money of it.
type AgreementView struct {
	ID           golem.AgreementID
	Provider     golem.NodeID
	ProviderName string
	AppSessionID string
	State        golem.AgreementState // as stored: an overdue Pending is not Expired before it is read
	Reason       *golem.Reason        // of the termination
	Activities   []ActivityView
	// Invoice is "" until there is one.
	Invoice golem.DocumentStatus
	// Earned is what the usage so far costs at the agreed prices, Due what the
	// provider has billed, Accepted what the requestor agreed to pay of it, and Paid
	// what it has paid.
	Earned, Due, Accepted, Paid golem.Amount
}

// An ActivityView is one activity and the money of it.
type ActivityView struct {
	ID                  golem.ActivityID
	State               golem.ActivityState
	Usage               []float64 // the last report
	DebitNotes          int       // not settled yet
	Due, Accepted, Paid golem.Amount
}

// Inspect returns what the devnet knows now.
func (s *Server) Inspect() Snapshot {
	s.start()
	s.mu.Lock()
	defer s.mu.Unlock()
	snap := Snapshot{Restarts: s.restarts, Balances: maps.Clone(s.disk.balances), Files: slices.Sorted(maps.Keys(s.ram.files))}
	for _, d := range s.ram.demands {
		if d.alive(now()) {
			snap.Demands++
		}
	}
	for _, a := range s.disk.allocationOrder {
		if a.active(now()) {
			snap.Allocations = append(snap.Allocations, a.Allocation)
		}
	}
	for _, a := range s.disk.liveLocked() {
		snap.Live = append(snap.Live, a.id)
	}
	for _, g := range s.disk.agreementOrder {
		view := g.viewLocked()
		snap.Agreements = append(snap.Agreements, view)
		snap.Accepted, snap.Paid = snap.Accepted.Add(view.Accepted), snap.Paid.Add(view.Paid)
	}
	return snap
}

func (g *agreement) viewLocked() AgreementView {
	view := AgreementView{
		ID: g.AgreementID, Provider: g.provider.id, ProviderName: g.provider.Name,
		AppSessionID: g.AppSessionID, State: g.State,
		Accepted: g.accepted(), Paid: g.settled(),
	}
	if g.ended != nil {
		view.Reason = g.ended.Reason
	}
	if g.invoice != nil {
		view.Invoice = g.invoice.Status
	}
	for _, a := range g.activities {
		if cost, err := g.pricing.Cost(a.usage); err == nil {
			view.Earned = view.Earned.Add(cost)
		}
		view.Due = view.Due.Add(a.due)
		view.Activities = append(view.Activities, ActivityView{
			ID: a.id, State: a.state, Usage: a.usage, DebitNotes: len(a.open),
			Due: a.due, Accepted: a.accepted, Paid: a.paid,
		})
	}
	return view
}
