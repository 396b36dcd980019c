package devnet

import (
	"tasks/golem"
)

// invoiceEarly sends the invoice of an agreement that goes on.
func (s *Server) invoiceEarly(g *agreement) {
	s.mu.Lock()
	a := g.live()
	s.mu.Unlock()
	if a != nil {
		s.measure(a, 0)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if g.State != golem.AgreementApproved || g.provider.offline(now()) {
		return
	}
	if a != nil && !a.ended() {
		a.due = a.priceLocked(a.usage)
	}
	s.issueLocked(g)
}

// withdraw cancels an invoice, which a requestor who has accepted it does not take
// note of.
func (s *Server) withdraw(i *invoice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := i.Status == golem.StatusReceived || i.Status == golem.StatusRejected
	if open && !i.agreement.provider.offline(now()) {
		s.setInvoiceLocked(i, golem.StatusCancelled)
	}
}

// lowered is a share of usage.
func lowered(usage []float64, share float64) []float64 {
	less := make([]float64, len(usage))
	for i := range usage {
		less[i] = usage[i] * share
	}
	return less
}

// sendLocked sends a debit note, and what was held back for it.
func (s *Server) sendLocked(n *debitNote, final bool) {
	a, c := n.activity, n.activity.agreement.provider.conduct()
	if c.ReordersNotes && a.held == nil && !final {
		a.held = n
		return
	}
	list := []*debitNote{n}
	if a.held != nil {
		list, a.held = append(list, a.held), nil
	}
	for _, n := range list {
		if c.NotesLate > 0 {
			s.afterLocked(s.ctx, c.NotesLate, func() { s.arrive(n) })
			continue
		}
		s.arriveLocked(n)
	}
}

func (s *Server) arrive(n *debitNote) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !n.activity.agreement.provider.offline(now()) {
		s.arriveLocked(n)
	}
}

// arriveLocked makes a debit note known to the requestor, as often as its
// provider sends it.
func (s *Server) arriveLocked(n *debitNote) {
	s.receiveLocked(n)
	for range n.activity.agreement.provider.conduct().RepeatsNotes {
		again := &debitNote{activity: n.activity, DebitNote: n.DebitNote}
		again.DebitNoteID = golem.DebitNoteID(newUUID())
		s.receiveLocked(again)
	}
}

func (s *Server) receiveLocked(n *debitNote) {
	n.activity.open = append(n.activity.open, n)
	s.disk.notes[n.DebitNoteID] = n
	s.disk.noteOrder = append(s.disk.noteOrder, n)
	s.disk.noteEvents.add(documentEvent{s.stampLocked(), received, string(n.DebitNoteID), n.activity.agreement})
	s.enforceLocked(n)
}
