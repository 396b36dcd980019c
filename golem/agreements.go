package golem

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// CreateAgreement makes an agreement of the provider's Draft proposal and our
// counter before it; the provider knows nothing of it yet. validTo limits only
// the time until approval (protocol section 2.7). A second agreement from one
// proposal is refused with 409.
func (c *Client) CreateAgreement(ctx context.Context, id ProposalID, validTo time.Time) (AgreementID, error) {
	if id == "" {
		return "", errors.New("create agreement: empty proposal identifier")
	}
	body := struct {
		ProposalID ProposalID `json:"proposalId"`
		ValidTo    time.Time  `json:"validTo"`
	}{id, validTo.UTC()}
	return fetchID[AgreementID](ctx, c, request{
		method: http.MethodPost, prefix: marketAPI, path: []string{"agreements"},
		body: body, limit: plainLimit,
	})
}

// ConfirmAgreement sends an agreement to the provider and binds it, its debit
// notes and its invoices to appSessionID; there is no other moment for that, and
// events asked for by session show nothing of an agreement without one. After a
// 500 the agreement is still a Proposal and confirm may be repeated; a second
// confirm of a pending one is IsGone.
func (c *Client) ConfirmAgreement(ctx context.Context, id AgreementID, appSessionID string) error {
	return c.do(ctx, request{
		method: http.MethodPost, prefix: marketAPI, path: []string{"agreements", string(id), "confirm"},
		query: params("appSessionId", appSessionID), limit: providerLimit,
	}, nil)
}

// WaitForApproval waits up to timeout for the provider's answer; nil means that
// the agreement is approved. An end that came instead is one of the
// ErrAgreement errors. IsTimeout means that the provider has not answered yet
// and may still approve: wait again, or cancel (protocol section 2.7).
func (c *Client) WaitForApproval(ctx context.Context, id AgreementID, timeout time.Duration) error {
	err := c.do(ctx, request{
		method: http.MethodPost, prefix: marketAPI, path: []string{"agreements", string(id), "wait"},
		query: params("timeout", seconds(timeout)), limit: patience(timeout),
	}, nil)
	if end := agreementEnd(err); end != nil {
		return fmt.Errorf("%w: %w", end, err)
	}
	return err
}

// agreementEnd reads the outcome off the message, as the statuses overlap:
// a terminated agreement is 400, like one that was never confirmed.
func agreementEnd(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Status != http.StatusGone && e.Status != http.StatusBadRequest {
		return nil
	}
	message := strings.TrimSuffix(strings.ToLower(e.Message), ".")
	switch {
	case strings.HasSuffix(message, "rejected"):
		return ErrAgreementRejected
	case strings.HasSuffix(message, "cancelled"):
		return ErrAgreementCancelled
	case strings.HasSuffix(message, "expired"):
		return ErrAgreementExpired
	case strings.HasSuffix(message, "terminated"):
		return ErrAgreementTerminated
	}
	return nil
}

// CancelAgreement withdraws an agreement that is not approved yet; reason may be
// nil. IsGone means that it is approved (terminate it) or over. A provider that
// cannot be reached gives 500 and changes nothing.
func (c *Client) CancelAgreement(ctx context.Context, id AgreementID, reason *Reason) error {
	return c.do(ctx, request{
		method: http.MethodPost, prefix: marketAPI, path: []string{"agreements", string(id), "cancel"},
		body: reasonBody(reason), limit: providerLimit,
	}, nil)
}

// TerminateAgreement ends an approved agreement; reason may be nil. The daemon
// asks the provider first: one that cannot be reached gives 500 and the
// agreement stays Approved, so try again later. IsGone means that it is over
// already, unless AgreementTransient (protocol section 2.8).
func (c *Client) TerminateAgreement(ctx context.Context, id AgreementID, reason *Reason) error {
	return c.do(ctx, request{
		method: http.MethodPost, prefix: marketAPI, path: []string{"agreements", string(id), "terminate"},
		body: reasonBody(reason), limit: providerLimit,
	}, nil)
}

// A Termination says who ended an agreement, when and why. Terminator is
// "Requestor" or "Provider".
type Termination struct {
	EventDate   Timestamp   `json:"eventDate"`
	AgreementID AgreementID `json:"agreementId"`
	Terminator  string      `json:"terminator"`
	Signature   string      `json:"signature"`
	Reason      *Reason     `json:"reason,omitempty"` // nil when none was given
}

// TerminateReason reads how an agreement ended; one that is not terminated is
// answered 400.
func (c *Client) TerminateReason(ctx context.Context, id AgreementID) (Termination, error) {
	return fetch[Termination](ctx, c, request{
		method: http.MethodGet, prefix: marketAPI, path: []string{"agreements", string(id), "terminate", "reason"},
		limit: plainLimit,
	})
}

// GetAgreement reads an agreement of ours, with the properties that were agreed.
func (c *Client) GetAgreement(ctx context.Context, id AgreementID) (Agreement, error) {
	return fetch[Agreement](ctx, c, request{
		method: http.MethodGet, prefix: marketAPI, path: []string{"agreements", string(id)}, limit: plainLimit,
	})
}

// An AgreementFilter narrows ListAgreements; zero fields narrow nothing.
type AgreementFilter struct {
	State         AgreementState // as stored: an overdue Pending counts as Pending until it is read
	Before, After time.Time      // bounds of the creation time, both exclusive
	AppSessionID  string
}

// ListAgreements lists agreements of the identity in no order, also those in
// which it is the provider.
func (c *Client) ListAgreements(ctx context.Context, f AgreementFilter) ([]AgreementEntry, error) {
	return fetch[[]AgreementEntry](ctx, c, request{
		method: http.MethodGet, prefix: marketAPI, path: []string{"agreements"},
		query: params("state", string(f.State), "beforeDate", moment(f.Before),
			"afterDate", moment(f.After), "appSessionId", f.AppSessionID),
		limit: plainLimit,
	})
}

// AgreementEvents waits up to timeout for changes of agreements strictly after
// after, oldest first; "" is from the beginning. An empty appSessionID means all
// of the identity. Events are kept by the daemon and can be read again. maxEvents
// is 1..100, 0 for MaxMarketEvents.
func (c *Client) AgreementEvents(ctx context.Context, after Timestamp, appSessionID string, timeout time.Duration, maxEvents int) ([]AgreementEvent, error) {
	return fetch[[]AgreementEvent](ctx, c, request{
		method: http.MethodGet, prefix: marketAPI, path: []string{"agreementEvents"},
		query: params("timeout", seconds(timeout), "afterTimestamp", string(after),
			"maxEvents", marketEvents(maxEvents), "appSessionId", appSessionID),
		limit: patience(timeout),
	})
}
