package golem

import (
	"context"
	"net/http"
	"time"
)

// DebitNotes lists the debit notes of the identity after a time, "" for all, and
// at most maxItems, 0 for all. Those in which it is the provider are among them:
// compare RecipientID.
func (c *Client) DebitNotes(ctx context.Context, after Timestamp, maxItems int) ([]DebitNote, error) {
	return fetch[[]DebitNote](ctx, c, listCall("debitNotes", after, maxItems))
}

// GetDebitNote reads a debit note.
func (c *Client) GetDebitNote(ctx context.Context, id DebitNoteID) (DebitNote, error) {
	return fetch[DebitNote](ctx, c, paymentCall(http.MethodGet, "debitNotes", string(id)))
}

// DebitNoteEvents waits up to timeout for debit notes that came or were
// cancelled strictly after after, oldest first; "" is from the beginning. An
// empty appSessionID means all of the identity. Events are kept by the daemon
// and can be read again.
//
// No maximum is sent, because the daemon applies it before it hides the types
// that a requestor does not see, and a page of hidden events would hold the
// cursor for ever (protocol section 6.6).
func (c *Client) DebitNoteEvents(ctx context.Context, after Timestamp, appSessionID string, timeout time.Duration) ([]DebitNoteEvent, error) {
	return fetch[[]DebitNoteEvent](ctx, c, eventCall("debitNoteEvents", after, appSessionID, timeout))
}

// AcceptDebitNote accepts a debit note in full and charges its increment to an
// allocation; to repeat it is harmless. A 504 means that it is accepted and the
// provider does not know yet. Only one accept at a time for an allocation: the
// daemon may charge two concurrent ones twice. After an invoice of its agreement
// a note is answered 200 and stays RECEIVED (protocol section 6.5).
//
// A timeout of 0 leaves the daemon its own, 15 s.
func (c *Client) AcceptDebitNote(ctx context.Context, id DebitNoteID, a Acceptance, timeout time.Duration) error {
	return c.do(ctx, answerCall(a, timeout, "debitNotes", string(id), "accept"), nil)
}

// Invoices lists the invoices of the identity as DebitNotes does debit notes.
func (c *Client) Invoices(ctx context.Context, after Timestamp, maxItems int) ([]Invoice, error) {
	return fetch[[]Invoice](ctx, c, listCall("invoices", after, maxItems))
}

// GetInvoice reads an invoice.
func (c *Client) GetInvoice(ctx context.Context, id InvoiceID) (Invoice, error) {
	return fetch[Invoice](ctx, c, paymentCall(http.MethodGet, "invoices", string(id)))
}

// InvoiceEvents waits for invoices as DebitNoteEvents does for debit notes.
func (c *Client) InvoiceEvents(ctx context.Context, after Timestamp, appSessionID string, timeout time.Duration) ([]InvoiceEvent, error) {
	return fetch[[]InvoiceEvent](ctx, c, eventCall("invoiceEvents", after, appSessionID, timeout))
}

// AcceptInvoice accepts an invoice in full and charges to an allocation what the
// agreement's debit notes have not charged yet. The rest is as in
// AcceptDebitNote.
func (c *Client) AcceptInvoice(ctx context.Context, id InvoiceID, a Acceptance, timeout time.Duration) error {
	return c.do(ctx, answerCall(a, timeout, "invoices", string(id), "accept"), nil)
}

// RejectInvoice refuses an invoice, which may still be accepted later. Debit
// notes cannot be refused: leave them. A timeout of 0 leaves the daemon its own,
// 15 s.
func (c *Client) RejectInvoice(ctx context.Context, id InvoiceID, r Rejection, timeout time.Duration) error {
	return c.do(ctx, answerCall(r, timeout, "invoices", string(id), "reject"), nil)
}

// InvoicePayments lists the payments that have covered an invoice.
func (c *Client) InvoicePayments(ctx context.Context, id InvoiceID) ([]Payment, error) {
	return fetch[[]Payment](ctx, c, paymentCall(http.MethodGet, "invoices", string(id), "payments"))
}

// Payments lists the payments of the identity after a time, "" for all, without
// waiting for one.
func (c *Client) Payments(ctx context.Context, after Timestamp) ([]Payment, error) {
	r := paymentCall(http.MethodGet, "payments")
	r.query = params("timeout", "0", "afterTimestamp", string(after))
	return fetch[[]Payment](ctx, c, r)
}

func listCall(name string, after Timestamp, maxItems int) request {
	r := paymentCall(http.MethodGet, name)
	r.query = params("afterTimestamp", string(after), "maxItems", count(maxItems))
	return r
}

func eventCall(name string, after Timestamp, appSessionID string, timeout time.Duration) request {
	r := paymentCall(http.MethodGet, name)
	r.query = params("timeout", seconds(timeout), "afterTimestamp", string(after), "appSessionId", appSessionID)
	r.limit = patience(timeout)
	r.events = paymentEvents
	return r
}

// paymentEvents are the kinds that event polls ask for. Without being asked, the
// daemon does not tell a requestor that a document is paid (section 6.6).
const paymentEvents = "RECEIVED,CANCELLED,SETTLED"

// answerTimeout is how long the daemon tries to tell a provider of an answer
// when it is not told otherwise; a timeout of 0 in the query would end in a 504
// whose outcome is open (section 1.4).
const answerTimeout = 15 * time.Second

func answerCall(body any, timeout time.Duration, path ...string) request {
	r := paymentCall(http.MethodPost, path...)
	r.body = body
	if timeout <= 0 {
		r.limit = patience(answerTimeout)
		return r
	}
	r.query = params("timeout", seconds(timeout))
	r.limit = patience(timeout)
	return r
}
