package devnet

import (
	"errors"
	"net/http"
	"time"

	"tasks/golem"
)

// acceptTimeout is the default of accepting and rejecting.
const acceptTimeout = 15 * time.Second

// delivered answers a call that the provider is told of, once it is recorded. A
// timeout of 0 is over before the provider can be (protocol section 1.4).
func delivered(r *http.Request, what string) (answer, error) {
	q := queryOf(r)
	timeout := q.seconds("timeout", acceptTimeout)
	switch {
	case q.err != nil:
		return answer{}, q.err
	case timeout < 0:
		return answer{}, errAborted
	case timeout == 0:
		return answer{}, refuse(http.StatusGatewayTimeout, "Timeout %s on remote Node.", what)
	}
	return ok(null)
}

func decodeAcceptance(r *http.Request) (golem.Acceptance, error) {
	var body struct {
		Amount     *golem.Amount       `json:"totalAmountAccepted"`
		Allocation *golem.AllocationID `json:"allocationId"`
	}
	q := queryOf(r)
	timeout := q.seconds("timeout", acceptTimeout)
	if err := errors.Join(q.err, decodePlain(r, &body)); err != nil {
		return golem.Acceptance{}, err
	}
	switch {
	case timeout < 0:
		return golem.Acceptance{}, errAborted
	case body.Amount == nil:
		return golem.Acceptance{}, refusePlain(http.StatusBadRequest, "Json deserialize error: missing field `totalAmountAccepted`")
	case body.Allocation == nil:
		return golem.Acceptance{}, refusePlain(http.StatusBadRequest, "Json deserialize error: missing field `allocationId`")
	}
	return golem.Acceptance{TotalAmountAccepted: *body.Amount, AllocationID: *body.Allocation}, nil
}

// acceptDebitNote answers POST /debitNotes/{id}/accept. The checks are in the
// daemon's order (protocol section 6.5).
func (s *Server) acceptDebitNote(r *http.Request) (answer, error) {
	body, err := decodeAcceptance(r)
	if err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.disk.notes[golem.DebitNoteID(r.PathValue("id"))]
	if n == nil {
		return answer{}, refuseNull(http.StatusNotFound)
	}
	done, err := mayAccept("Debit note", n.Status, n.TotalAmountDue, body)
	if i := n.activity.agreement.invoice; err == nil && i != nil && i.Status != golem.StatusReceived {
		done = true // too late: the invoice covers it, and the note stays as it is
	}
	if err != nil {
		return answer{}, err
	}
	if done {
		return ok(null)
	}
	if err := s.chargeNoteLocked(n, body.AllocationID); err != nil {
		return answer{}, err
	}
	return delivered(r, "accepting Debit Note")
}

// mayAccept checks amount and status; done means that there is nothing to do.
func mayAccept(what string, status golem.DocumentStatus, due golem.Amount, body golem.Acceptance) (done bool, err error) {
	switch {
	case !body.TotalAmountAccepted.Equal(due):
		return false, refuse(http.StatusBadRequest, "Invalid amount accepted")
	case status == golem.StatusAccepted || status == golem.StatusSettled:
		return true, nil
	case status == golem.StatusCancelled:
		return false, refuse(http.StatusBadRequest, "%s cancelled", what)
	}
	return false, nil
}

// chargeNoteLocked moves what a note adds to the accepted total of its
// activity. An older note than the last accepted adds nothing.
func (s *Server) chargeNoteLocked(n *debitNote, id golem.AllocationID) error {
	a := n.activity
	increment := positive(n.TotalAmountDue.Sub(a.accepted))
	if err := s.chargeLocked(id, increment, a.agreement, a); err != nil {
		return err
	}
	a.accepted = a.accepted.Add(increment)
	s.setNoteLocked(n, golem.StatusAccepted)
	if n.TotalAmountDue.IsZero() {
		s.setNoteLocked(n, golem.StatusSettled)
	} else {
		s.oweLocked(a.agreement, n.PaymentDueDate)
	}
	return nil
}

func positive(amount golem.Amount) golem.Amount {
	if amount.IsNegative() {
		return golem.Amount{}
	}
	return amount
}

func (s *Server) setNoteLocked(n *debitNote, status golem.DocumentStatus) {
	n.Status = status
	if n.activity.newest == nil {
		n.activity.newest = map[golem.DocumentStatus]time.Time{}
	}
	if n.Timestamp.After(n.activity.newest[status]) {
		n.activity.newest[status] = n.Timestamp
	}
	s.disk.noteEvents.add(documentEvent{s.stampLocked(), string(status), string(n.DebitNoteID), n.activity.agreement})
}

// acceptInvoice answers POST /invoices/{id}/accept.
func (s *Server) acceptInvoice(r *http.Request) (answer, error) {
	body, err := decodeAcceptance(r)
	if err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.disk.invoices[golem.InvoiceID(r.PathValue("id"))]
	if i == nil {
		return answer{}, refuseNull(http.StatusNotFound)
	}
	done, err := mayAccept("Invoice", i.Status, i.Amount, body)
	if err != nil {
		return answer{}, err
	}
	if done {
		return ok(null)
	}
	if err := s.chargeInvoiceLocked(i, body.AllocationID); err != nil {
		return answer{}, err
	}
	return delivered(r, "accepting Invoice")
}

// chargeInvoiceLocked moves what the invoice adds to what was accepted for the
// agreement, its debit notes included.
func (s *Server) chargeInvoiceLocked(i *invoice, id golem.AllocationID) error {
	g := i.agreement
	increment := i.Amount.Sub(g.accepted())
	if increment.IsNegative() {
		return refuse(http.StatusBadRequest, "Invoice is smaller than agreement.total_amount_accepted: %s < %s", i.Amount, g.accepted())
	}
	if err := s.chargeLocked(id, increment, g, nil); err != nil {
		return err
	}
	g.billed = g.billed.Add(increment)
	s.setInvoiceLocked(i, golem.StatusAccepted)
	if i.Amount.IsZero() {
		s.setInvoiceLocked(i, golem.StatusSettled)
	} else {
		s.oweLocked(g, &i.PaymentDueDate)
	}
	return nil
}

func (s *Server) setInvoiceLocked(i *invoice, status golem.DocumentStatus) {
	i.Status = status
	s.disk.invoiceEvents.add(documentEvent{s.stampLocked(), string(status), string(i.InvoiceID), i.agreement})
}

// rejectInvoice answers POST /invoices/{id}/reject.
func (s *Server) rejectInvoice(r *http.Request) (answer, error) {
	var body golem.Rejection
	if err := decodePlain(r, &body); err != nil {
		return answer{}, err
	}
	switch body.RejectionReason {
	case golem.RejectUnsolicitedService, golem.RejectBadService, golem.RejectIncorrectAmount:
	default:
		return answer{}, refusePlain(http.StatusBadRequest, "Json deserialize error: unknown variant `%s`", body.RejectionReason)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.disk.invoices[golem.InvoiceID(r.PathValue("id"))]
	if i == nil {
		return answer{}, refuseNull(http.StatusNotFound)
	}
	switch i.Status {
	case golem.StatusAccepted:
		return answer{}, refuse(http.StatusBadRequest, "Invoice accepted")
	case golem.StatusSettled:
		return answer{}, refuse(http.StatusBadRequest, "Invoice settled")
	case golem.StatusCancelled:
		return answer{}, refuse(http.StatusBadRequest, "Invoice cancelled")
	case golem.StatusReceived:
		i.rejection = &body
		s.setInvoiceLocked(i, golem.StatusRejected)
		return delivered(r, "rejecting Invoice")
	}
	return ok(null)
}
