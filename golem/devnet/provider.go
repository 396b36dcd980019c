package devnet

import (
	"cmp"
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/golem/devnet/match"
)

// A Provider is one seller of the market: a machine, its prices, and how it
// behaves. Zero fields have defaults, so that Provider{Name: "keeper"} is an
// honest machine of two threads; two providers need different names.
//
// Misbehaviour is off when its field is zero. What an agreement or an exe-unit
// has ahead of it (LeavesAfter, InvoiceEarly, DiesAfter, HangsAfter, what is done to its
// output) is settled when it begins; all else holds at the moment.
type Provider struct {
	Name string
	// NodeID is the provider's address; "" means one derived from Name.
	NodeID golem.NodeID
	// Subnet is what it announces; "" means the server's.
	Subnet string

	// CPU and Duration are GLM a second of processor time and of running
	// exe-unit; Start is charged once an activity. All three zero means
	// 0.00001, 0.00002 and 0.
	CPU, Duration, Start golem.Amount
	// DurationFirst announces the usage vector in the other order, which
	// requestors must not rely on (protocol section 3.3).
	DurationFirst bool

	Cores      int     // 0 means as many as Threads
	Threads    int     // 0 means 2
	MemoryGiB  float64 // 0 means 4
	StorageGiB float64 // 0 means 20
	Runtime    string  // "" means "vm"

	// Speed is relative to this computer, above 0 and at most 1; 0 means 1.
	Speed float64
	// StartUp is how long an exe-unit takes to come up; 0 means 100 ms.
	StartUp time.Duration
	// Slots is how many agreements it holds at a time; 0 means 1.
	Slots int

	// OfflineAfter makes it unreachable that long after the devnet's start: the
	// daemon answers "GSB error" for everything that needs it, and nothing
	// comes from it any more. Negative means from the start, its offer still
	// known.
	OfflineAfter time.Duration
	// Silent providers never answer a counter proposal.
	Silent bool
	// RefuseProposals is the reason with which it rejects every counter
	// proposal, finally.
	RefuseProposals string
	// RefuseAgreements is the reason with which it rejects every agreement.
	RefuseAgreements string
	// Undecided providers never answer an agreement, which then expires.
	Undecided bool
	// AnswersLate is how much longer than others it takes to answer a counter
	// proposal and an agreement.
	AnswersLate time.Duration
	// StartFails is the reason for which none of its exe-units comes up.
	StartFails string
	// StartHangs keeps its exe-units from ever coming up, or failing to: a create
	// times out, and the provider holds on to the agreement.
	StartHangs bool
	// DiesAfter kills each exe-unit at that age.
	DiesAfter time.Duration
	// HangsAfter freezes each exe-unit at that age: calls to it time out and
	// nothing is metered any more. It becomes Unresponsive after 5 s and is ended
	// by the provider after 10 s.
	HangsAfter time.Duration
	// LeavesAfter terminates each agreement that long after its approval, with
	// code Shutdown.
	LeavesAfter time.Duration
	// Overcharge multiplies the amounts of its bills; 0 means honest. The usage
	// that it reports stays true.
	Overcharge float64
	// NoteEvery is the distance of its debit notes, whatever was agreed.
	NoteEvery time.Duration
	// NotesLate is how long after it was written a debit note arrives, which may
	// be after the invoice.
	NotesLate time.Duration
	// RepeatsNotes is how often each debit note comes again, with a new id and the
	// same total.
	RepeatsNotes int
	// ReordersNotes delivers debit notes in pairs, the later one first.
	ReordersNotes bool
	// LowersTotals is the share of its usage, and of the price of that, which every
	// second debit note says; the last one of an activity is whole.
	LowersTotals float64
	// LosesInvoice never sends an invoice.
	LosesInvoice bool
	// InvoiceLate is how much later than others it sends its invoices.
	InvoiceLate time.Duration
	// InvoiceEarly is how long after its approval the invoice of an agreement comes,
	// while that goes on: for what was used until then, with debit notes after it
	// and no other invoice. An agreement that ends before has its invoice as others.
	InvoiceEarly time.Duration
	// CancelsInvoice is how long after it was sent an invoice is withdrawn, for ever,
	// unless it is accepted by then.
	CancelsInvoice time.Duration

	// Slower is how many times longer than Speed says its commands take, from
	// SlowerAfter of an exe-unit's age on; 0 means honest.
	Slower      float64
	SlowerAfter time.Duration
	// TruncatesOutput is how many bytes are left of what a command writes to each
	// of its outputs, without a word.
	TruncatesOutput int
	// CorruptsOutput changes a character in sixteen of what commands write.
	CorruptsOutput bool

	// Phases are changes of its behaviour, in order of time.
	Phases []Phase
}

// A Phase begins After the devnet's start. From then on, until the next one, the
// fields of misbehaviour of As count instead of the provider's own; its other
// fields mean nothing. OfflineAfter counts from the devnet's start all the same.
type Phase struct {
	After time.Duration
	As    Provider
}

// withDefaults fills in what is zero.
func (p Provider) withDefaults(subnet string) Provider {
	if p.CPU.IsZero() && p.Duration.IsZero() && p.Start.IsZero() {
		p.CPU, p.Duration = decimal.New(1, -5), decimal.New(2, -5)
	}
	p.NodeID = cmp.Or(p.NodeID, nodeID("provider", p.Name))
	p.Subnet = cmp.Or(p.Subnet, subnet)
	p.Threads = cmp.Or(p.Threads, 2)
	p.Cores = cmp.Or(p.Cores, p.Threads)
	p.MemoryGiB = cmp.Or(p.MemoryGiB, 4)
	p.StorageGiB = cmp.Or(p.StorageGiB, 20)
	p.Runtime = cmp.Or(p.Runtime, "vm")
	p.Speed = cmp.Or(p.Speed, 1)
	p.StartUp = cmp.Or(p.StartUp, 100*time.Millisecond)
	p.Slots = cmp.Or(p.Slots, 1)
	return p
}

// A provider is a Provider at work. What changes is under the server's lock.
type provider struct {
	Provider
	id      golem.NodeID
	offer   golem.Offer
	opened  time.Time   // the devnet's start
	busy    int         // approved agreements
	waiting []*proposal // counters refused for want of a slot, to be answered later
}

// conduct is how the provider behaves now: a Provider of which only the
// misbehaviour counts.
func (p *provider) conduct() *Provider { return p.conductAt(now()) }

func (p *provider) conductAt(at time.Time) *Provider {
	c := &p.Provider
	for i := range p.Phases {
		if !at.Before(p.opened.Add(p.Phases[i].After)) {
			c = &p.Phases[i].As
		}
	}
	return c
}

func (p *provider) offline(at time.Time) bool {
	after := p.conductAt(at).OfflineAfter
	return after != 0 && !at.Before(p.opened.Add(after))
}

// unreachable is the service bus's complaint about a node that is away.
func (p *provider) unreachable() string {
	return "GSB error: remote service at /net/" + string(p.id) + " error: GSB failure: endpoint address not found"
}

// matches reports whether the offer and a demand want each other.
func (p *provider) matches(d golem.DemandSpec) bool {
	return match.Match(
		match.Side{Properties: d.Properties, Constraints: d.Constraints},
		match.Side{Properties: p.offer.Properties, Constraints: p.offer.Constraints})
}

func (p *provider) full() bool { return p.busy >= p.Slots }

// slowdown is how many times longer than here a command takes there.
func (p Provider) slowdown() float64 { return max(1, 1/p.Speed) }

// openMarket publishes the providers' offers.
func (s *Server) openMarket() []*provider {
	list := s.Providers
	if list == nil {
		list = DrawProviders(s.Seed, cmp.Or(s.Count, 12))
	}
	subnet := cmp.Or(s.Subnet, "public")
	var market []*provider
	for _, each := range list {
		p := &provider{Provider: each.withDefaults(subnet), opened: s.started.Truncate(time.Microsecond)}
		p.id = p.NodeID
		p.offer = p.publish(s.started)
		market = append(market, p)
	}
	return market
}
