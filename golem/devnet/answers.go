package devnet

import (
	"slices"

	"tasks/golem"
)

// answerCounter is the provider's answer to our counter: a Draft, a rejection,
// or silence.
func (s *Server) answerCounter(own *proposal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := own.provider
	c := p.conduct()
	if p.offline(now()) || c.Silent {
		return
	}
	if c.RefuseProposals != "" {
		s.rejectCounterLocked(own, rejection(true, "%s", c.RefuseProposals))
		return
	}
	v := negotiate(now(), s.timings, own.Properties, own.prev.Properties)
	switch {
	case v.reject != nil:
		s.rejectCounterLocked(own, v.reject)
	case v.offer == nil:
	case p.full():
		s.rejectCounterLocked(own, noCapacity(p))
		p.remember(own)
	default:
		s.draftLocked(own, v.offer)
	}
}

func noCapacity(p *provider) *golem.Reason {
	return rejection(false, "No capacity available. Reached Agreements limit: %d", p.Slots)
}

func (s *Server) rejectCounterLocked(own *proposal, why *golem.Reason) {
	own.State = golem.ProposalRejected
	if !own.demand.alive(now()) {
		return
	}
	s.eventLocked(own.demand, golem.DemandEvent{
		EventType:  golem.EventProposalRejected,
		ProposalID: own.ProposalID,
		Reason:     why,
	})
}

func (s *Server) draftLocked(own *proposal, offer golem.Properties) {
	own.countered = true
	own.State = golem.ProposalDraft
	s.deliverLocked(&proposal{
		Proposal: golem.Proposal{
			State:          golem.ProposalDraft,
			PrevProposalID: own.ProposalID,
			Properties:     offer,
			Constraints:    own.provider.offer.Constraints,
		},
		demand:   own.demand,
		provider: own.provider,
		prev:     own,
	})
}

// slotFreedLocked lets the provider answer the counters that it had refused for
// want of a slot (protocol section 3.5).
func (s *Server) slotFreedLocked(p *provider) {
	p.busy--
	waiting := p.waiting
	p.waiting = nil
	for _, own := range waiting {
		if !own.demand.alive(now()) {
			continue
		}
		s.afterLocked(s.ctx, s.timings.Answer.draw(s.random), func() { s.answerLate(own) })
	}
}

// answerLate counters a proposal that was rejected before, if there is room
// now; a provider that is full again keeps it for the next time, silently.
func (s *Server) answerLate(own *proposal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := own.provider
	v := negotiate(now(), s.timings, own.Properties, own.prev.Properties)
	switch {
	case p.offline(now()) || v.offer == nil:
	case p.full():
		p.remember(own)
	default:
		s.draftLocked(own, v.offer)
	}
}

// remember keeps a counter for later, and forgets those whose demand is gone.
func (p *provider) remember(own *proposal) {
	p.waiting = slices.DeleteFunc(p.waiting, func(w *proposal) bool { return !w.demand.alive(now()) })
	p.waiting = append(p.waiting, own)
}
