package devnet

import (
	"context"
	"time"

	"tasks/golem"
)

// volatile is what the daemon keeps in memory: a restart of the daemon forgets
// it (protocol section 8).
type volatile struct {
	demands   map[golem.DemandID]*demand
	proposals map[golem.ProposalID]*proposal
	scans     map[golem.ScanID]*scan
	nextScan  int
	files     map[string]*gftpFile // by URL; the bus's, and gone with it
	services  map[string]*service  // by id; the bus's too
}

func newVolatile() volatile {
	return volatile{
		demands:   map[golem.DemandID]*demand{},
		proposals: map[golem.ProposalID]*proposal{},
		scans:     map[golem.ScanID]*scan{},
		files:     map[string]*gftpFile{},
		services:  map[string]*service{},
	}
}

// durable is what the daemon keeps in its database. Slices are in order of
// creation; the bells wake the polls of their events.
type durable struct {
	agreements  map[golem.AgreementID]*agreement
	activities  map[golem.ActivityID]*activity
	allocations map[golem.AllocationID]*allocation
	notes       map[golem.DebitNoteID]*debitNote
	invoices    map[golem.InvoiceID]*invoice
	balances    map[string]golem.Amount // by platform

	agreementOrder  []*agreement
	allocationOrder []*allocation
	noteOrder       []*debitNote
	invoiceOrder    []*invoice
	payments        []golem.Payment
	paid            bell

	agreementEvents []agreementEvent
	agreementBell   bell
	noteEvents      documentLog
	invoiceEvents   documentLog

	payoutArmed  bool
	owed         []*agreement
	insufficient map[string]bool // platforms whose last payout lacked funds
}

func newDurable(funds golem.Amount) durable {
	balances := map[string]golem.Amount{}
	for _, p := range platforms {
		balances[p.name()] = funds
	}
	return durable{
		agreements:   map[golem.AgreementID]*agreement{},
		activities:   map[golem.ActivityID]*activity{},
		allocations:  map[golem.AllocationID]*allocation{},
		notes:        map[golem.DebitNoteID]*debitNote{},
		invoices:     map[golem.InvoiceID]*invoice{},
		balances:     balances,
		insufficient: map[string]bool{},
	}
}

// liveLocked returns the activities whose exe-unit is not gone yet.
func (d *durable) liveLocked() []*activity {
	var live []*activity
	for _, g := range d.agreementOrder {
		for _, a := range g.activities {
			if a.state != golem.ActivityTerminated {
				live = append(live, a)
			}
		}
	}
	return live
}

// A demand is a subscription of ours. It stays known until its time is up, so
// that late answers can say what became of it.
type demand struct {
	golem.Demand
	expires time.Time
	gone    bool // unsubscribed
	events  []golem.DemandEvent
	bell    bell
}

func (d *demand) alive(now time.Time) bool { return !d.gone && now.Before(d.expires) }

// A proposal is one message of a negotiation; ours have own set.
type proposal struct {
	golem.Proposal
	demand    *demand
	provider  *provider
	prev      *proposal
	own       bool
	countered bool
	agreed    bool // an agreement was made from it
}

// An agreement as the daemon's database has it, with what the provider knows
// of it. State holds the stored state; approving is the inner state between
// Pending and Approved. ctx ends when the agreement is over.
type agreement struct {
	golem.Agreement
	provider  *provider
	demand    *demand // whose proposals it was made from
	pricing   golem.Pricing
	approving bool
	ctx       context.Context
	cancel    context.CancelFunc
	bell      bell
	ended     *golem.AgreementEvent // the termination
	idle      int                   // counts changes of activity, so that an idle timer knows it is stale

	activities  []*activity
	creating    bool
	lastPayable time.Time // the last debit note with a due date, or the approval
	invoice     *invoice
	billed      golem.Amount // the invoice's increment that was accepted
	paid        golem.Amount // of billed
	charges     []charge     // what was accepted since the last payout
	owed        bool         // something accepted waits for a payout
}

// A charge is what one acceptance cost.
type charge struct {
	amount     golem.Amount
	allocation *allocation
	activity   *activity // nil: the rest of the invoice
}

// accepted is what was accepted so far for the agreement, debit notes included.
func (g *agreement) accepted() golem.Amount {
	sum := g.billed
	for _, a := range g.activities {
		sum = sum.Add(a.accepted)
	}
	return sum
}

func (g *agreement) settled() golem.Amount {
	sum := g.paid
	for _, a := range g.activities {
		sum = sum.Add(a.paid)
	}
	return sum
}
