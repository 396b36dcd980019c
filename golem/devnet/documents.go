package devnet

import (
	"encoding/json"
	"net/http"
	"time"

	"tasks/golem"
)

// A debitNote is a debit note as the requestor's daemon has it.
type debitNote struct {
	golem.DebitNote
	activity *activity
}

// MarshalJSON writes the amount with all its places, trailing zeros included,
// as the daemon does.
func (n *debitNote) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		golem.DebitNote
		TotalAmountDue string `json:"totalAmountDue"`
	}{n.DebitNote, n.TotalAmountDue.StringFixed(golem.Places)})
}

// An invoice is an invoice as the requestor's daemon has it.
type invoice struct {
	golem.Invoice
	agreement *agreement
	rejection *golem.Rejection
}

// MarshalJSON writes the amount with all its places.
func (i *invoice) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		golem.Invoice
		Amount string `json:"amount"`
	}{i.Invoice, i.Amount.StringFixed(golem.Places)})
}

// A page is what the payment lists can be asked for.
type page struct {
	after time.Time
	limit int // 0 means all
}

func pageOf(r *http.Request) (page, error) {
	q := queryOf(r)
	p := page{after: q.time("afterTimestamp"), limit: q.integer("maxItems", 0)}
	return p, q.err
}

// admits reports whether an item of that time is the next of n taken so far.
func (p page) admits(at time.Time, n int) bool {
	return at.After(p.after) && (p.limit == 0 || n < p.limit)
}

// listDebitNotes answers GET /debitNotes.
func (s *Server) listDebitNotes(r *http.Request) (answer, error) {
	p, err := pageOf(r)
	if err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []debitNote{}
	for _, n := range s.disk.noteOrder {
		if p.admits(n.Timestamp, len(list)) {
			list = append(list, *n)
		}
	}
	return ok(pointers(list))
}

// listInvoices answers GET /invoices.
func (s *Server) listInvoices(r *http.Request) (answer, error) {
	p, err := pageOf(r)
	if err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []invoice{}
	for _, i := range s.disk.invoiceOrder {
		if p.admits(i.Timestamp, len(list)) {
			list = append(list, *i)
		}
	}
	return ok(pointers(list))
}

// pointers points at copies, which may be marshalled without the lock.
func pointers[T any](list []T) []*T {
	out := make([]*T, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}

// getDebitNote answers GET /debitNotes/{id}.
func (s *Server) getDebitNote(r *http.Request) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.disk.notes[golem.DebitNoteID(r.PathValue("id"))]
	if n == nil {
		return answer{}, refuseNull(http.StatusNotFound)
	}
	return ok(&debitNote{DebitNote: n.DebitNote})
}

// getInvoice answers GET /invoices/{id}.
func (s *Server) getInvoice(r *http.Request) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.disk.invoices[golem.InvoiceID(r.PathValue("id"))]
	if i == nil {
		return answer{}, refuseNull(http.StatusNotFound)
	}
	return ok(&invoice{Invoice: i.Invoice})
}

// unimplemented answers the calls that the daemon does not have for debit
// notes.
func unimplemented(*http.Request) (answer, error) {
	return answer{}, refuseNull(http.StatusNotImplemented)
}
