package devnet

import (
	"context"
	"net/http"
	"slices"
	"time"

	"tasks/golem"
)

// createAgreement answers POST /agreements: a contract from the provider's
// Draft and our counter before it (protocol section 2.7).
func (s *Server) createAgreement(r *http.Request) (answer, error) {
	var body struct {
		ProposalID string    `json:"proposalId"`
		ValidTo    time.Time `json:"validTo"`
	}
	if err := decodeMarket(r, &body); err != nil {
		return answer{}, err
	}
	if why := proposalForm(body.ProposalID); why != "" {
		return answer{}, refuse(http.StatusBadRequest, "Json deserialize error: Id [%s] %s", body.ProposalID, why)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.ram.proposals[golem.ProposalID(body.ProposalID)]
	if err := checkAgreeable(p, body.ProposalID); err != nil {
		return answer{}, err
	}
	g, err := s.agreeLocked(p, body.ValidTo)
	if err != nil {
		return answer{}, err
	}
	return ok(g.AgreementID)
}

func checkAgreeable(p *proposal, id string) error {
	switch {
	case p == nil:
		return refuse(http.StatusBadRequest, "Proposal [%s] not found.", id)
	case p.own:
		return refuse(http.StatusBadRequest, "Can't create Agreement for an own Proposal [%s]. You should use an incoming one.", id)
	case p.agreed:
		return refuse(http.StatusConflict, "Can't create second Agreement for Proposal [%s].", id)
	case p.State == golem.ProposalRejected:
		return refuse(http.StatusBadRequest, "Can't create Agreement for rejected Proposal [%s].", id)
	case p.countered:
		return refuse(http.StatusBadRequest, "Can't create Agreement for already countered Proposal [%s].", id)
	case p.State == golem.ProposalInitial:
		return refuse(http.StatusBadRequest, "Proposal [%s] is in state Initial. No negotiation with Provider took place. "+
			"(You should counter Proposal at least one time)", id)
	}
	return nil
}

func (s *Server) agreeLocked(p *proposal, validTo time.Time) (*agreement, error) {
	pricing, err := golem.PricingOf(p.Properties)
	if err != nil {
		return nil, refuse(http.StatusInternalServerError, "Internal error: %v", err)
	}
	ctx, cancel := context.WithCancel(s.ctx)
	at := s.stampLocked()
	g := &agreement{
		Agreement: golem.Agreement{
			AgreementID: golem.AgreementID(randomHex(32)),
			Demand: golem.Demand{
				DemandSpec:  golem.DemandSpec{Properties: p.prev.Properties, Constraints: p.prev.Constraints},
				DemandID:    p.demand.DemandID,
				RequestorID: s.identity(),
				Timestamp:   p.prev.Timestamp,
			},
			Offer: golem.Offer{
				Properties:  p.Properties,
				Constraints: p.Constraints,
				OfferID:     p.provider.offer.OfferID,
				ProviderID:  p.provider.id,
				Timestamp:   p.Timestamp,
			},
			ValidTo:   validTo.UTC().Truncate(time.Microsecond),
			State:     golem.AgreementProposal,
			Timestamp: at,
		},
		provider: p.provider,
		demand:   p.demand,
		pricing:  pricing,
		ctx:      ctx,
		cancel:   cancel,
	}
	p.agreed, p.State = true, golem.ProposalAccepted
	s.disk.agreements[g.AgreementID] = g
	s.disk.agreementOrder = append(s.disk.agreementOrder, g)
	return g, nil
}

// agreementLocked finds an agreement and, as every reading does, notices that
// its time for approval is over.
func (s *Server) agreementLocked(r *http.Request) (*agreement, error) {
	id := r.PathValue("a")
	if err := checkAgreement(id); err != nil {
		return nil, err
	}
	g := s.disk.agreements[golem.AgreementID(id)]
	if g == nil {
		return nil, refuse(http.StatusNotFound, "Agreement [%s] not found.", id)
	}
	g.expireLocked()
	return g, nil
}

func (g *agreement) expireLocked() {
	if (g.State == golem.AgreementProposal || g.State == golem.AgreementPending) && now().After(g.ValidTo) {
		g.endLocked(golem.AgreementExpired)
	}
}

// endLocked moves to a final state. What the provider still does for the
// agreement, it does under a context of its own.
func (g *agreement) endLocked(state golem.AgreementState) {
	g.State, g.approving = state, false
	g.cancel()
	g.bell.ring()
}

// inner is the state that error texts name.
func (g *agreement) inner() string {
	if g.approving {
		return "Approving"
	}
	return string(g.State)
}

// cannotBecome refuses a transition (protocol section 2.8).
func (g *agreement) cannotBecome(state golem.AgreementState) *refusal {
	status := http.StatusGone
	if g.State == golem.AgreementProposal {
		status = http.StatusConflict
	}
	return refuse(status, "Agreement [R-%s]. Error: Can't update Agreement state from %s to %s.", g.AgreementID, g.inner(), state)
}

// getAgreement answers GET /agreements/{a}.
func (s *Server) getAgreement(r *http.Request) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.agreementLocked(r)
	if err != nil {
		return answer{}, err
	}
	return ok(g.Agreement)
}

// listAgreements answers GET /agreements. The filter looks at the stored state,
// where approving is a state of its own (protocol section 2.9).
func (s *Server) listAgreements(r *http.Request) (answer, error) {
	q := queryOf(r)
	state, session := q.text("state"), q.text("appSessionId")
	before, after := q.time("beforeDate"), q.time("afterDate")
	if q.err == nil && state != "" && !slices.Contains(agreementStates, golem.AgreementState(state)) {
		q.fail(errUnknownState(state))
	}
	if q.err != nil {
		return answer{}, q.err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []golem.AgreementEntry{}
	for _, g := range s.disk.agreementOrder {
		if state != "" && state != g.inner() ||
			session != "" && session != g.AppSessionID ||
			!before.IsZero() && !g.Timestamp.Before(before) ||
			!after.IsZero() && !g.Timestamp.After(after) {
			continue
		}
		list = append(list, golem.AgreementEntry{
			ID: g.AgreementID, Timestamp: g.Timestamp, ApprovedDate: g.ApprovedDate, Role: "Requestor",
		})
	}
	return ok(list)
}

var agreementStates = []golem.AgreementState{
	golem.AgreementProposal, golem.AgreementPending, golem.AgreementApproved, golem.AgreementRejected,
	golem.AgreementCancelled, golem.AgreementExpired, golem.AgreementTerminated,
}

type errUnknownState string

func (e errUnknownState) Error() string { return "unknown variant `" + string(e) + "`" }

// cancelAgreement answers POST /agreements/{a}/cancel.
func (s *Server) cancelAgreement(r *http.Request) (answer, error) {
	if err := checkAgreement(r.PathValue("a")); err != nil {
		return answer{}, err
	}
	reason, err := decodeReason(r)
	if err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.agreementLocked(r)
	if err != nil {
		return answer{}, err
	}
	if g.approving || g.State != golem.AgreementProposal && g.State != golem.AgreementPending {
		refused := g.cannotBecome(golem.AgreementCancelled)
		return answer{}, refused
	}
	if g.provider.offline(now()) {
		return answer{}, refuse(http.StatusInternalServerError, "Protocol error: Cancel Agreement [R-%s] %s",
			g.AgreementID, g.provider.unreachable())
	}
	g.endLocked(golem.AgreementCancelled)
	s.agreementEventLocked(g, golem.AgreementEvent{EventType: golem.EventAgreementCancelled, Reason: reason})
	return ok(nil)
}
