package golem

import (
	"context"
	"net/http"
	"strings"
)

// Accounts lists the payment accounts of the identity that can send.
func (c *Client) Accounts(ctx context.Context) ([]Account, error) {
	return fetch[[]Account](ctx, c, paymentCall(http.MethodGet, "requestorAccounts"))
}

// CreateAllocation sets money aside. A refusal is a 400 with a Problem, such as
// "insufficient-account-funds" or "timeout-passed" (protocol section 6.3).
func (c *Client) CreateAllocation(ctx context.Context, a NewAllocation) (Allocation, error) {
	a.Timeout = a.Timeout.UTC()
	r := paymentCall(http.MethodPost, "allocations")
	r.body = a
	return fetch[Allocation](ctx, c, r)
}

// Allocations lists the allocations of the identity that are neither released
// nor past their timeout.
func (c *Client) Allocations(ctx context.Context) ([]Allocation, error) {
	return fetch[[]Allocation](ctx, c, paymentCall(http.MethodGet, "allocations"))
}

// GetAllocation reads an allocation; a released one is IsNotFound.
func (c *Client) GetAllocation(ctx context.Context, id AllocationID) (Allocation, error) {
	return fetch[Allocation](ctx, c, paymentCall(http.MethodGet, "allocations", string(id)))
}

// AmendAllocation changes the amount or the timeout of an allocation. The amount
// cannot go below what is spent, nor the timeout into the past (400).
func (c *Client) AmendAllocation(ctx context.Context, id AllocationID, change AllocationChange) (Allocation, error) {
	if change.Timeout != nil {
		utc := change.Timeout.UTC()
		change.Timeout = &utc
	}
	r := paymentCall(http.MethodPut, "allocations", string(id))
	r.body = change
	return fetch[Allocation](ctx, c, r)
}

// ReleaseAllocation gives back what an allocation has left. What was accepted
// from it is paid all the same. A second release is IsGone.
func (c *Client) ReleaseAllocation(ctx context.Context, id AllocationID) error {
	return c.do(ctx, paymentCall(http.MethodDelete, "allocations", string(id)), nil)
}

// Expenditures lists what an allocation has been charged, by agreement and
// activity. Daemons before 0.17 do not have it (404).
func (c *Client) Expenditures(ctx context.Context, id AllocationID) ([]Expenditure, error) {
	return fetch[[]Expenditure](ctx, c, paymentCall(http.MethodGet, "allocations", string(id), "expenditures"))
}

// DemandDecorations returns what a demand paid from the allocations must carry.
// An allocation that is unknown, released or named twice is IsNotFound.
func (c *Client) DemandDecorations(ctx context.Context, ids ...AllocationID) (Decorations, error) {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = string(id)
	}
	r := paymentCall(http.MethodGet, "demandDecorations")
	r.query = params("allocationIds", strings.Join(names, ","))
	return fetch[Decorations](ctx, c, r)
}

// Decorate returns the demand with the properties and constraints added; spec
// itself stays as it is.
func (d Decorations) Decorate(spec DemandSpec) DemandSpec {
	out := DemandSpec{Properties: make(Properties, len(spec.Properties)+len(d.Properties))}
	for k, v := range spec.Properties {
		out.Properties[k] = v
	}
	for _, p := range d.Properties {
		out.Properties[p.Key] = p.Value
	}
	out.Constraints = "(&" + spec.Constraints + strings.Join(d.Constraints, "") + ")"
	return out
}

func paymentCall(method string, path ...string) request {
	return request{method: method, prefix: paymentAPI, path: path, limit: plainLimit}
}
