package devnet

import (
	"net/http"
	"time"

	"tasks/golem"
)

// confirmAgreement answers POST /agreements/{a}/confirm, which sends the
// agreement to the provider.
func (s *Server) confirmAgreement(r *http.Request) (answer, error) {
	session := queryOf(r).text("appSessionId")
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.agreementLocked(r)
	if err != nil {
		return answer{}, err
	}
	if g.State != golem.AgreementProposal {
		return answer{}, g.cannotBecome(golem.AgreementPending)
	}
	if g.provider.offline(now()) {
		return answer{}, refuse(http.StatusInternalServerError, "Protocol error: Propose Agreement [R-%s] %s",
			g.AgreementID, g.provider.unreachable())
	}
	g.State, g.AppSessionID = golem.AgreementPending, session
	g.ProposedSignature = noSignature
	if c := g.provider.conduct(); !c.Undecided {
		s.afterLocked(g.ctx, s.timings.Approve.draw(s.random)+c.AnswersLate, func() { s.decide(g) })
	}
	return noContent()
}

const noSignature = "NoSignature"

// decide is the provider's answer to an agreement: all checks of the
// negotiation once more, then the slot.
func (s *Server) decide(g *agreement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g.expireLocked()
	if g.State != golem.AgreementPending || g.provider.offline(now()) {
		return
	}
	if why := s.objectionLocked(g); why != nil {
		g.endLocked(golem.AgreementRejected)
		s.agreementEventLocked(g, golem.AgreementEvent{EventType: golem.EventAgreementRejected, Reason: why})
		return
	}
	g.provider.busy++
	g.approving = true
	s.afterLocked(s.ctx, s.timings.Commit.draw(s.random), func() { s.commit(g) })
}

func (s *Server) objectionLocked(g *agreement) *golem.Reason {
	p := g.provider
	if why := p.conduct().RefuseAgreements; why != "" {
		return &golem.Reason{Message: why}
	}
	if p.full() {
		return noCapacity(p)
	}
	// Nothing but the expiration can have changed: the daemon makes agreements
	// from proposals as they are.
	return negotiate(now(), s.timings, g.Demand.Properties, g.Offer.Properties).reject
}

// commit ends the second phase of an approval.
func (s *Server) commit(g *agreement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.stampLocked()
	g.State, g.approving, g.ApprovedDate = golem.AgreementApproved, false, &at
	g.ApprovedSignature, g.CommittedSignature = noSignature, noSignature
	g.lastPayable = at
	g.bell.ring()
	s.agreementEventLocked(g, golem.AgreementEvent{EventType: golem.EventAgreementApproved})
	s.watchLocked(g)
}

// waitForApproval answers POST /agreements/{a}/wait; 204 means approved.
func (s *Server) waitForApproval(r *http.Request) (answer, error) {
	q := queryOf(r)
	timeout := q.seconds("timeout", 5*time.Second)
	if q.err != nil {
		return answer{}, q.err
	}
	var outcome error
	decided, err := s.poll(r.Context(), timeout, func() <-chan struct{} {
		var g *agreement
		if g, outcome = s.agreementLocked(r); outcome != nil {
			return nil
		}
		if outcome = approvalOf(g); outcome != nil || g.State == golem.AgreementApproved {
			return nil
		}
		return g.bell.wait()
	})
	switch {
	case err != nil:
		return answer{}, err
	case !decided:
		return answer{}, refuse(http.StatusRequestTimeout, "Timeout while waiting for Agreement [R-%s] approval.", r.PathValue("a"))
	case outcome != nil:
		return answer{}, outcome
	}
	return noContent()
}

// approvalOf is the refusal of an agreement that cannot be approved any more,
// or not yet.
func approvalOf(g *agreement) error {
	switch g.State {
	case golem.AgreementRejected:
		return refuse(http.StatusGone, "Rejected")
	case golem.AgreementCancelled:
		return refuse(http.StatusGone, "Cancelled")
	case golem.AgreementExpired:
		return refuse(http.StatusGone, "Agreement [R-%s] expired.", g.AgreementID)
	case golem.AgreementTerminated:
		return refuse(http.StatusBadRequest, "Agreement [R-%s] terminated.", g.AgreementID)
	case golem.AgreementProposal:
		return refuse(http.StatusBadRequest, "Agreement [R-%s] should be confirmed, before waiting for approval.", g.AgreementID)
	}
	return nil
}
