package devnet

import (
	"net/http"
	"strings"
	"time"

	"tasks/golem"
	"tasks/golem/devnet/match"
)

// matchLocked delivers an Initial proposal of p's offer to d after delay.
func (s *Server) matchLocked(d *demand, p *provider, delay time.Duration) {
	s.afterLocked(s.ctx, delay, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if p.offline(now()) {
			return
		}
		s.deliverLocked(&proposal{
			Proposal: golem.Proposal{
				State:       golem.ProposalInitial,
				Properties:  p.offer.Properties,
				Constraints: p.offer.Constraints,
			},
			demand:   d,
			provider: p,
		})
	})
}

// deliverLocked gives a provider's proposal its id and puts it before the
// collector of its demand, unless nobody would ever collect it.
func (s *Server) deliverLocked(p *proposal) {
	if !p.demand.alive(now()) || s.ram.demands[p.demand.DemandID] != p.demand {
		return
	}
	p.ProposalID = newProposalID()
	p.IssuerID = p.provider.id
	p.Timestamp = s.stampLocked()
	s.ram.proposals[p.ProposalID] = p
	wire := p.Proposal
	s.eventLocked(p.demand, golem.DemandEvent{EventType: golem.EventProposal, Proposal: &wire})
}

func (s *Server) eventLocked(d *demand, e golem.DemandEvent) {
	e.EventDate = s.stampLocked()
	d.events = append(d.events, e)
	d.bell.ring()
}

// getProposal answers GET /demands/{d}/proposals/{p}.
func (s *Server) getProposal(r *http.Request) (answer, error) {
	if err := checkNegotiation(r); err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.proposalLocked(r)
	if err != nil {
		return answer{}, err
	}
	return ok(p.Proposal)
}

func checkNegotiation(r *http.Request) error {
	if err := checkSubscription(r.PathValue("d")); err != nil {
		return err
	}
	return checkProposal(r.PathValue("p"))
}

func (s *Server) proposalLocked(r *http.Request) (*proposal, error) {
	demandID, id := r.PathValue("d"), r.PathValue("p")
	p := s.ram.proposals[golem.ProposalID(id)]
	if p == nil || string(p.demand.DemandID) != demandID {
		return nil, refuse(http.StatusNotFound, "Proposal [%s] not found (subscription [%s]).", id, demandID)
	}
	return p, nil
}

// counterProposal answers POST /demands/{d}/proposals/{p}: it stores the
// counter, then sends it (protocol section 2.5).
func (s *Server) counterProposal(r *http.Request) (answer, error) {
	if err := checkNegotiation(r); err != nil {
		return answer{}, err
	}
	var body demandBody
	if err := decodeMarket(r, &body); err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.proposalLocked(r)
	if err != nil {
		return answer{}, err
	}
	spec := body.flat()
	if err := s.checkCounterLocked(p, spec); err != nil {
		return answer{}, err
	}
	own := s.storeCounterLocked(p, spec)
	if p.provider.offline(now()) {
		return answer{}, refuse(http.StatusInternalServerError,
			"Failed to send response for Proposal [%s]. Error: Countering Proposal [%s] %s",
			p.ProposalID, own.ProposalID, p.provider.unreachable())
	}
	s.afterLocked(s.ctx, s.timings.Answer.draw(s.random)+p.provider.conduct().AnswersLate, func() { s.answerCounter(own) })
	return ok(own.ProposalID)
}

// checkCounterLocked refuses a counter to p, in the daemon's order.
func (s *Server) checkCounterLocked(p *proposal, spec golem.DemandSpec) error {
	at := now()
	switch {
	case p.own:
		return refuse(http.StatusBadRequest, "Can't react to own Proposal [%s].", p.ProposalID)
	case p.countered:
		return refuse(http.StatusGone, "Proposal [%s] already has counter proposal. Can't counter for the second time.", p.ProposalID)
	case p.agreed:
		return refuse(http.StatusGone, "Proposal [%s] is already part of an Agreement. Can't counter it.", p.ProposalID)
	case p.demand.gone:
		return refuse(http.StatusBadRequest, "Subscription [%s] was already unsubscribed.", p.demand.DemandID)
	case !p.demand.alive(at):
		return refuse(http.StatusGone, "Subscription [%s] expired.", p.demand.DemandID)
	}
	return mismatch(p, spec)
}

// mismatch refuses a counter that the proposal before it does not match.
func mismatch(p *proposal, spec golem.DemandSpec) error {
	demand := match.Side{Properties: spec.Properties, Constraints: spec.Constraints}
	offer := match.Side{Properties: p.Properties, Constraints: p.Constraints}
	if match.Match(demand, offer) {
		return nil
	}
	ofOffer, ofDemand := match.Mismatches(demand, offer)
	return refuse(http.StatusBadRequest,
		"Proposal properties [%s] doesn't match previous Proposal [%s]. Mismatched constraints - Offer: [%s], Demand: [%s]",
		p.demand.DemandID, p.ProposalID, strings.Join(ofOffer, ", "), strings.Join(ofDemand, ", "))
}

func (s *Server) storeCounterLocked(p *proposal, spec golem.DemandSpec) *proposal {
	p.countered = true
	if p.State == golem.ProposalRejected { // it reopens
		p.State = golem.ProposalInitial
		if p.prev != nil {
			p.State = golem.ProposalDraft
		}
	}
	own := &proposal{
		Proposal: golem.Proposal{
			ProposalID:     newProposalID(),
			IssuerID:       s.identity(),
			State:          golem.ProposalDraft,
			Timestamp:      s.stampLocked(),
			PrevProposalID: p.ProposalID,
			Properties:     spec.Properties,
			Constraints:    spec.Constraints,
		},
		demand: p.demand, provider: p.provider, prev: p, own: true,
	}
	s.ram.proposals[own.ProposalID] = own
	return own
}

// rejectProposal answers POST …/reject. An unknown proposal is 500 here.
func (s *Server) rejectProposal(r *http.Request) (answer, error) {
	if err := checkNegotiation(r); err != nil {
		return answer{}, err
	}
	if _, err := decodeReason(r); err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.proposalLocked(r)
	switch {
	case err != nil:
		return answer{}, refuse(http.StatusInternalServerError, "Proposal [%s] not found (subscription [%s]).",
			r.PathValue("p"), r.PathValue("d"))
	case p.own:
		return answer{}, refuse(http.StatusBadRequest, "Can't react to own Proposal [%s].", p.ProposalID)
	case p.agreed:
		return answer{}, refuse(http.StatusBadRequest, "Can't reject Proposal [%s] in state %s.", p.ProposalID, p.State)
	}
	p.State = golem.ProposalRejected
	if p.provider.offline(now()) {
		return answer{}, refuse(http.StatusInternalServerError,
			"Failed to send response for Proposal [%s]. Error: Rejecting Proposal %s", p.ProposalID, p.provider.unreachable())
	}
	return noContent()
}

// decodeReason reads a body that is null or a reason with a message.
func decodeReason(r *http.Request) (*golem.Reason, error) {
	var fields map[string]any
	if err := decodeMarket(r, &fields); err != nil || fields == nil {
		return nil, err
	}
	message, given := fields["message"].(string)
	if !given {
		return nil, refuse(http.StatusBadRequest, "Json deserialize error: missing field `message`")
	}
	delete(fields, "message")
	return &golem.Reason{Message: message, Extra: fields}, nil
}
