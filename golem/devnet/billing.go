package devnet

import (
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem"
)

// billWhileRunning writes the debit notes of an activity, on a grid that starts
// with its agreement, not with itself (protocol section 4).
func (s *Server) billWhileRunning(a *activity) {
	g := a.agreement
	interval := g.interval(s.timings.DebitNote)
	for {
		since := time.Since(g.Timestamp)
		next := g.Timestamp.Add((since/interval + 1) * interval)
		if sleep(a.ctx, time.Until(next)) != nil {
			return
		}
		s.measure(a, s.timings.UsageReport)
		s.mu.Lock()
		if !a.ended() {
			s.noteLocked(a, false)
		}
		s.mu.Unlock()
	}
}

// interval is the negotiated distance of debit notes, or the stock one, unless
// the provider goes its own way.
func (g *agreement) interval(missing time.Duration) time.Duration {
	if every := g.provider.conduct().NoteEvery; every > 0 {
		return every
	}
	if d, agreed := g.Offer.Properties.Duration(golem.PropDebitNoteInterval); agreed && d > 0 {
		return d
	}
	return missing
}

// priceLocked is what the provider bills for usage: the agreement's price of
// it, unless it overcharges.
func (a *activity) priceLocked(usage []float64) golem.Amount {
	cost, err := a.agreement.pricing.Cost(usage)
	if err != nil {
		panic("devnet: usage does not fit its own vector: " + err.Error())
	}
	if factor := a.agreement.provider.conduct().Overcharge; factor > 0 {
		cost = cost.Mul(decimal.NewFromFloat(factor)).Round(golem.Places)
	}
	return cost
}

func (s *Server) finalNoteLocked(a *activity) { s.noteLocked(a, true) }

// noteLocked writes a debit note for what the activity has cost so far. A
// provider that is away delivers none.
func (s *Server) noteLocked(a *activity, final bool) {
	a.due = a.priceLocked(a.usage)
	if a.agreement.provider.offline(now()) {
		return
	}
	a.notes++
	usage := a.usage
	if share := a.agreement.provider.conduct().LowersTotals; share > 0 && a.notes%2 == 0 && !final {
		usage = lowered(usage, share)
	}
	s.sendLocked(s.writeLocked(a, usage, final), final)
}

func (s *Server) writeLocked(a *activity, usage []float64, final bool) *debitNote {
	g := a.agreement
	n := &debitNote{activity: a, DebitNote: golem.DebitNote{
		DebitNoteID:         golem.DebitNoteID(newUUID()),
		IssuerID:            g.provider.id,
		RecipientID:         s.identity(),
		PayeeAddr:           string(g.provider.id),
		PayerAddr:           g.payer(s.identity()),
		PaymentPlatform:     g.platform(),
		PreviousDebitNoteID: a.lastNote,
		Timestamp:           s.stampLocked(),
		AgreementID:         g.AgreementID,
		ActivityID:          a.id,
		TotalAmountDue:      a.priceLocked(usage),
		UsageCounterVector:  usage,
		PaymentDueDate:      g.noteDueLocked(final),
		Status:              golem.StatusReceived,
	}}
	a.lastNote = n.DebitNoteID
	return n
}

func (g *agreement) platform() string { return g.Demand.Properties.Text(golem.PropChosenPlatform) }

// payer is the address that the demand pays from.
func (g *agreement) payer(identity golem.NodeID) string {
	if address := g.Demand.Properties.Text(golem.PropPlatformAddress(g.platform())); address != "" {
		return address
	}
	return string(identity)
}

// noteDueLocked is the due date of a debit note written now: there is one only
// when a payment timeout was negotiated, and not more often than that.
func (g *agreement) noteDueLocked(final bool) *time.Time {
	timeout, agreed := g.Offer.Properties.Duration(golem.PropPaymentTimeout)
	if !agreed || !final && time.Since(g.lastPayable) < timeout {
		return nil
	}
	g.lastPayable = now()
	due := g.lastPayable.Add(timeout)
	return &due
}

// enforceLocked lets the provider leave when a note is not accepted, or not
// paid, in the time that was negotiated (protocol section 3.6).
func (s *Server) enforceLocked(n *debitNote) {
	g := n.activity.agreement
	if limit, agreed := g.Offer.Properties.Duration(golem.PropAcceptTimeout); agreed {
		s.afterLocked(g.ctx, limit, func() {
			if !s.honoured(n, golem.StatusAccepted, golem.StatusSettled) {
				s.leave(g, "DebitNotesDeadline", "DebitNote "+string(n.DebitNoteID)+" was not accepted in time")
			}
		})
	}
	if n.PaymentDueDate != nil {
		s.afterLocked(g.ctx, time.Until(*n.PaymentDueDate), func() {
			if !s.honoured(n, golem.StatusSettled) {
				s.leave(g, "DebitNoteNotPaid", "DebitNote "+string(n.DebitNoteID)+" was not paid in time")
			}
		})
	}
}

// honoured reports whether a note, or a later one of its activity, which
// includes it, has one of the states.
func (s *Server) honoured(n *debitNote, states ...golem.DocumentStatus) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, state := range states {
		if n.Status == state {
			return true
		}
		if later := n.activity.newest[state]; later.After(n.Timestamp) {
			return true
		}
	}
	return false
}

// invoiceLocked sends the invoice of an agreement that is terminated and has
// no activity left, for zero activities too. It is called at the termination and
// at the end of whatever was alive then, so that it finds this once.
func (s *Server) invoiceLocked(g *agreement) {
	if g.State != golem.AgreementTerminated || g.creating || g.live() != nil || g.invoice != nil {
		return
	}
	c := g.provider.conduct()
	if c.LosesInvoice {
		return
	}
	s.afterLocked(s.ctx, s.timings.Invoice.draw(s.random)+c.InvoiceLate, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !g.provider.offline(now()) {
			s.issueLocked(g)
		}
	})
}

// oneDay is when an invoice is due without a negotiated payment timeout.
const oneDay = 24 * time.Hour

func (s *Server) issueLocked(g *agreement) {
	timeout, agreed := g.Offer.Properties.Duration(golem.PropPaymentTimeout)
	if !agreed {
		timeout = oneDay
	}
	total, ids := golem.Amount{}, []golem.ActivityID{}
	for _, a := range g.activities {
		total, ids = total.Add(a.due), append(ids, a.id)
	}
	at := s.stampLocked()
	i := &invoice{agreement: g, Invoice: golem.Invoice{
		InvoiceID:       golem.InvoiceID(newUUID()),
		IssuerID:        g.provider.id,
		RecipientID:     s.identity(),
		PayeeAddr:       string(g.provider.id),
		PayerAddr:       g.payer(s.identity()),
		PaymentPlatform: g.platform(),
		Timestamp:       at,
		AgreementID:     g.AgreementID,
		ActivityIDs:     ids,
		Amount:          total,
		PaymentDueDate:  at.Add(timeout),
		Status:          golem.StatusReceived,
	}}
	g.invoice = i
	s.disk.invoices[i.InvoiceID] = i
	s.disk.invoiceOrder = append(s.disk.invoiceOrder, i)
	s.disk.invoiceEvents.add(documentEvent{s.stampLocked(), received, string(i.InvoiceID), g})
	if after := g.provider.conduct().CancelsInvoice; after > 0 {
		s.afterLocked(s.ctx, after, func() { s.withdraw(i) })
	}
}
