package devnet

import (
	"net/http"
	"time"

	"tasks/golem"
)

// terminateAgreement answers POST /agreements/{a}/terminate. The provider is
// told first: when it cannot be reached, nothing changes (protocol section 2.8).
func (s *Server) terminateAgreement(r *http.Request) (answer, error) {
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
	if g.State != golem.AgreementApproved {
		return answer{}, g.cannotBecome(golem.AgreementTerminated)
	}
	if g.provider.offline(now()) {
		return answer{}, refuse(http.StatusInternalServerError,
			"Protocol error while terminating: Terminate Agreement [R-%s] %s", g.AgreementID, g.provider.unreachable())
	}
	s.terminateLocked(g, "Requestor", reason)
	return ok(nil)
}

// terminateReason answers GET /agreements/{a}/terminate/reason.
func (s *Server) terminateReason(r *http.Request) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.agreementLocked(r)
	if err != nil {
		return answer{}, err
	}
	if g.ended == nil {
		return answer{}, refuse(http.StatusBadRequest, "Agreement [%s] not terminated yet.", g.AgreementID)
	}
	return ok(struct {
		EventDate   golem.Timestamp   `json:"eventDate"`
		AgreementID golem.AgreementID `json:"agreementId"`
		Terminator  string            `json:"terminator"`
		Signature   string            `json:"signature"`
		Reason      *golem.Reason     `json:"reason"`
	}{g.ended.EventDate, g.AgreementID, g.ended.Terminator, "", g.ended.Reason})
}

// terminateLocked ends an approved agreement: the slot is free, the market may
// match the pair again, and the provider winds up.
func (s *Server) terminateLocked(g *agreement, by string, reason *golem.Reason) {
	g.endLocked(golem.AgreementTerminated)
	event := s.agreementEventLocked(g, golem.AgreementEvent{
		EventType: golem.EventAgreementTerminated, Terminator: by, Reason: reason,
	})
	g.ended = &event
	s.slotFreedLocked(g.provider)
	if g.demand.alive(now()) {
		s.matchLocked(g.demand, g.provider, s.timings.Match.draw(s.random))
	}
	for _, a := range g.activities {
		if a.state != golem.ActivityTerminated {
			s.runLocked(func() { s.end(a, "Agreement terminated", "") })
		}
	}
	s.invoiceLocked(g)
}

// leave is the provider's termination, with the code of its reason. One that is
// offline cannot deliver it.
func (s *Server) leave(g *agreement, code, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g.State != golem.AgreementApproved || g.provider.offline(now()) {
		return
	}
	s.terminateLocked(g, "Provider", &golem.Reason{
		Message: message,
		Extra:   map[string]any{golem.ReasonProviderCode: code},
	})
}

// watchLocked starts what can end an approved agreement from the provider's
// side (protocol section 3.6).
func (s *Server) watchLocked(g *agreement) {
	s.idleLocked(g)
	if expires, given := g.Demand.Properties.Time(golem.PropExpiration); given {
		s.afterLocked(g.ctx, time.Until(expires), func() {
			s.leave(g, "Expired", "Agreement expired")
		})
	}
	if after := g.provider.conduct().LeavesAfter; after > 0 {
		s.afterLocked(g.ctx, after, func() {
			s.leave(g, "Shutdown", "Provider is shutting down")
		})
	}
	if after := g.provider.conduct().InvoiceEarly; after > 0 {
		s.afterLocked(g.ctx, after, func() { s.invoiceEarly(g) })
	}
}

// idleLocked starts the time that an agreement may be without activity anew.
func (s *Server) idleLocked(g *agreement) {
	g.idle++
	armed, limit := g.idle, s.timings.NoActivity
	s.afterLocked(g.ctx, limit, func() {
		s.mu.Lock()
		idle := g.idle == armed
		s.mu.Unlock()
		if idle {
			s.leave(g, "NoActivity", "No activity created within "+limit.String())
		}
	})
}
