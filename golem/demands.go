package golem

import (
	"context"
	"net/http"
	"time"
)

// MaxMarketEvents is the most events that one poll of the market API may ask
// for (protocol section 1.4).
const MaxMarketEvents = 100

// PublishDemand publishes a demand and returns its identifier. Nothing is
// validated: a constraint with a mistake never matches. The demand ends an hour
// later, or with the daemon's process (protocol section 2.2).
func (c *Client) PublishDemand(ctx context.Context, spec DemandSpec) (DemandID, error) {
	return fetchID[DemandID](ctx, c, request{
		method: http.MethodPost, prefix: marketAPI, path: []string{"demands"},
		body: spec, limit: plainLimit,
	})
}

// Demands lists the published demands of the identity, whoever published them.
func (c *Client) Demands(ctx context.Context) ([]Demand, error) {
	return fetch[[]Demand](ctx, c, request{
		method: http.MethodGet, prefix: marketAPI, path: []string{"demands"}, limit: plainLimit,
	})
}

// DeleteDemand withdraws a demand. One that is unknown, over or already
// withdrawn is IsNotFound.
func (c *Client) DeleteDemand(ctx context.Context, id DemandID) error {
	return c.do(ctx, request{
		method: http.MethodDelete, prefix: marketAPI, path: []string{"demands", string(id)}, limit: plainLimit,
	}, nil)
}

// CollectOffers waits up to timeout for events of a demand and takes them: each
// exists once, and is lost with an answer that breaks off. An empty list means
// that nothing came. maxEvents is 1..100, 0 for MaxMarketEvents.
//
// IsNotFound means that the demand is over: publish it anew, and do not delete
// it (protocol section 2.4).
func (c *Client) CollectOffers(ctx context.Context, id DemandID, timeout time.Duration, maxEvents int) ([]DemandEvent, error) {
	return fetch[[]DemandEvent](ctx, c, request{
		method: http.MethodGet, prefix: marketAPI, path: []string{"demands", string(id), "events"},
		query: params("timeout", seconds(timeout), "maxEvents", marketEvents(maxEvents)),
		limit: patience(timeout),
	})
}

func marketEvents(n int) string {
	if n == 0 {
		n = MaxMarketEvents
	}
	return count(n)
}

// CounterProposal answers a proposal with the whole demand, including the chosen
// platform, and returns the identifier of the counter. A proposal can be
// countered once: the slot is used even by an attempt that was answered 500,
// because the daemon stores the counter before it sends it (protocol section
// 2.5). It takes up to a minute when the provider is slow.
func (c *Client) CounterProposal(ctx context.Context, demand DemandID, id ProposalID, spec DemandSpec) (ProposalID, error) {
	return fetchID[ProposalID](ctx, c, request{
		method: http.MethodPost, prefix: marketAPI, path: proposalPath(demand, id),
		body: spec, limit: providerLimit,
	})
}

// GetProposal reads a proposal of a demand, while the demand lives.
func (c *Client) GetProposal(ctx context.Context, demand DemandID, id ProposalID) (Proposal, error) {
	return fetch[Proposal](ctx, c, request{
		method: http.MethodGet, prefix: marketAPI, path: proposalPath(demand, id), limit: plainLimit,
	})
}

// RejectProposal tells a provider that we are not interested, which is a
// courtesy; reason may be nil. An unknown proposal is answered 500, and so is a
// provider that cannot be reached, although the proposal is rejected then
// (protocol section 2.5).
func (c *Client) RejectProposal(ctx context.Context, demand DemandID, id ProposalID, reason *Reason) error {
	return c.do(ctx, request{
		method: http.MethodPost, prefix: marketAPI, path: append(proposalPath(demand, id), "reject"),
		body: reasonBody(reason), limit: providerLimit,
	}, nil)
}

func proposalPath(demand DemandID, id ProposalID) []string {
	return []string{"demands", string(demand), "proposals", string(id)}
}

func reasonBody(r *Reason) any {
	if r == nil {
		return noReason
	}
	return r
}
