package devnet

import (
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"tasks/golem"
)

// oweLocked notes that something accepted waits for the payout of the next
// cycle, or of an earlier time if it is due before.
func (s *Server) oweLocked(g *agreement, due *time.Time) {
	if !g.owed {
		g.owed = true
		s.disk.owed = append(s.disk.owed, g)
	}
	s.armPayoutLocked()
	if due == nil {
		return
	}
	// The daemon keeps some extra time, four minutes on test networks, but it
	// cannot keep more than there is.
	left := time.Until(*due)
	s.afterLocked(s.ctx, max(left-4*time.Minute, left/2), s.payout)
}

// armPayoutLocked schedules the end of the running cycle.
func (s *Server) armPayoutLocked() {
	if s.disk.payoutArmed {
		return
	}
	s.disk.payoutArmed = true
	s.afterLocked(s.ctx, time.Until(s.nextCycle()), func() {
		s.mu.Lock()
		s.disk.payoutArmed = false
		s.mu.Unlock()
		s.payout()
	})
}

// nextCycle is the end of the running payout cycle; cycles are counted from
// the devnet's start.
func (s *Server) nextCycle() time.Time {
	cycle := s.timings.PayoutCycle
	return s.started.Add((time.Since(s.started)/cycle + 1) * cycle)
}

// payout pays everything that is accepted and not paid.
func (s *Server) payout() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.payoutLocked("")
}

// payoutLocked pays what is owed on one platform, or on all for "". What the
// account cannot bear waits for the next cycle.
func (s *Server) payoutLocked(only string) {
	var rest []*agreement
	for _, g := range s.disk.owed {
		if only != "" && g.platform() != only {
			rest = append(rest, g)
			continue
		}
		short := !s.payLocked(g)
		s.disk.insufficient[g.platform()] = short
		if g.owed = short; short {
			rest = append(rest, g)
			s.armPayoutLocked()
		}
	}
	s.disk.owed = rest
}

// payWindow is how old an allocation may be at a payout. What was accepted from an
// older one stays accepted and is never paid (protocol section 6.7).
const payWindow = 30 * 24 * time.Hour

// payableLocked returns what a payout of the agreement pays now: all of it, and by
// activity, with the rest of the invoice under nil.
func (s *Server) payableLocked(g *agreement) (sum golem.Amount, by map[*activity]golem.Amount) {
	by = map[*activity]golem.Amount{}
	for _, c := range g.charges {
		if time.Since(c.allocation.Timestamp) > payWindow {
			continue
		}
		sum = sum.Add(c.amount)
		by[c.activity] = by[c.activity].Add(c.amount)
	}
	return sum, by
}

// payLocked pays one agreement in one payment and settles what that covers. It
// reports false when the account is too empty.
func (s *Server) payLocked(g *agreement) bool {
	amount, by := s.payableLocked(g)
	balance, known := s.disk.balances[g.platform()]
	if amount.GreaterThan(balance) || !known {
		return false
	}
	if amount.IsPositive() {
		s.disk.balances[g.platform()] = balance.Sub(amount)
		s.disk.payments = append(s.disk.payments, s.paymentLocked(g, amount, by))
		s.disk.paid.ring()
	}
	for _, a := range g.activities {
		a.paid = a.paid.Add(by[a])
		s.settleNotesLocked(a)
	}
	g.charges, g.paid = nil, g.paid.Add(by[nil])
	if g.invoice != nil && g.invoice.Status == golem.StatusAccepted && g.settled().Equal(g.accepted()) {
		s.setInvoiceLocked(g.invoice, golem.StatusSettled)
	}
	return true
}

// paymentLocked is the record of a payment, with the parts for activities and
// for the rest of the invoice.
func (s *Server) paymentLocked(g *agreement, amount golem.Amount, by map[*activity]golem.Amount) golem.Payment {
	p := golem.Payment{
		PaymentID:       golem.PaymentID(newUUID()),
		PayerID:         s.identity(),
		PayeeID:         g.provider.id,
		PayerAddr:       g.payer(s.identity()),
		PayeeAddr:       string(g.provider.id),
		PaymentPlatform: g.platform(),
		Amount:          amount,
		Timestamp:       s.stampLocked(),
		Details:         base64.StdEncoding.EncodeToString([]byte("0x" + randomHex(32))),
	}
	if part := by[nil]; part.IsPositive() {
		p.AgreementPayments = append(p.AgreementPayments, struct {
			AgreementID golem.AgreementID `json:"agreementId"`
			Amount      golem.Amount      `json:"amount"`
		}{g.AgreementID, part})
	}
	for _, a := range g.activities {
		if part := by[a]; part.IsPositive() {
			p.ActivityPayments = append(p.ActivityPayments, struct {
				ActivityID golem.ActivityID `json:"activityId"`
				Amount     golem.Amount     `json:"amount"`
			}{a.id, part})
		}
	}
	return p
}

// settleNotesLocked settles the notes that the activity's payments cover,
// superseded ones that nobody accepted included.
func (s *Server) settleNotesLocked(a *activity) {
	var open []*debitNote
	for _, n := range a.open {
		switch {
		case n.Status == golem.StatusSettled:
		case n.TotalAmountDue.GreaterThan(a.paid):
			open = append(open, n)
		default:
			s.setNoteLocked(n, golem.StatusSettled)
		}
	}
	a.open = open
}

// listPayments answers GET /payments, which waits when there is none.
func (s *Server) listPayments(r *http.Request) (answer, error) {
	q := queryOf(r)
	timeout := q.seconds("timeout", 5*time.Second)
	p, err := pageOf(r)
	if err := errors.Join(q.err, err); err != nil {
		return answer{}, err
	}
	if timeout < 0 {
		return answer{}, errAborted
	}
	list := []golem.Payment{}
	_, err = s.poll(r.Context(), timeout, func() <-chan struct{} {
		for _, each := range s.disk.payments {
			if p.admits(each.Timestamp, len(list)) {
				list = append(list, each)
			}
		}
		if len(list) == 0 {
			return s.disk.paid.wait()
		}
		return nil
	})
	if err != nil {
		return answer{}, err
	}
	return ok(list)
}

// getPayment answers GET /payments/{id}.
func (s *Server) getPayment(r *http.Request) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.disk.payments {
		if string(p.PaymentID) == r.PathValue("id") {
			return ok(p)
		}
	}
	return answer{}, refuseNull(http.StatusNotFound)
}

// invoicePayments answers GET /invoices/{id}/payments.
func (s *Server) invoicePayments(r *http.Request) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.disk.invoices[golem.InvoiceID(r.PathValue("id"))]
	if i == nil {
		return answer{}, refuseNull(http.StatusNotFound)
	}
	list := []golem.Payment{}
	for _, p := range s.disk.payments {
		for _, part := range p.AgreementPayments {
			if part.AgreementID == i.AgreementID {
				list = append(list, p)
			}
		}
	}
	return ok(list)
}

// paymentStatus answers GET /payments/status with what keeps the driver from
// paying.
func (s *Server) paymentStatus(*http.Request) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []map[string]any{}
	for _, p := range platforms {
		if s.disk.insufficient[p.name()] {
			list = append(list, map[string]any{
				"kind": "InsufficientToken", "driver": "erc20", "network": p.network,
				"address": s.identity(), "neededTokenEst": s.owedLocked(p.name()).String(),
			})
		}
	}
	return ok(list)
}

func (s *Server) owedLocked(platform string) golem.Amount {
	sum := golem.Amount{}
	for _, g := range s.disk.owed {
		if g.platform() == platform {
			due, _ := s.payableLocked(g)
			sum = sum.Add(due)
		}
	}
	return sum
}
