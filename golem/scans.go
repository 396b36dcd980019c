package golem

import (
	"context"
	"net/http"
	"time"
)

// MaxScanOffers is the most offers that one poll of a scan asks for (protocol
// section 2.10).
const MaxScanOffers = 500

// BeginScan opens a look at the offers that meet constraints, without a demand
// and without a word to their providers. A mistake in the constraints is
// answered 400. The scan lives in the daemon's memory until EndScan, or until
// nobody has read it for some minutes. IsNotFound means that the daemon is too
// old to have scans.
func (c *Client) BeginScan(ctx context.Context, constraints string) (ScanID, error) {
	return fetchID[ScanID](ctx, c, request{
		method: http.MethodPost, prefix: marketAPI, path: []string{"scan"}, limit: plainLimit,
		body: map[string]string{"type": "offer", "constraints": constraints},
	})
}

// CollectScan waits up to timeout for offers that the scan has not given yet,
// and takes them, at most maxOffers, or MaxScanOffers for 0. An empty list means
// that nothing came.
func (c *Client) CollectScan(ctx context.Context, id ScanID, timeout time.Duration, maxOffers int) ([]Offer, error) {
	if maxOffers == 0 {
		maxOffers = MaxScanOffers
	}
	return fetch[[]Offer](ctx, c, request{
		method: http.MethodGet, prefix: marketAPI, path: []string{"scan", string(id), "events"},
		query: params("timeout", seconds(timeout), "maxEvents", count(maxOffers)),
		limit: patience(timeout),
	})
}

// EndScan closes a scan. One that is over already is IsNotFound or IsGone.
func (c *Client) EndScan(ctx context.Context, id ScanID) error {
	return c.do(ctx, request{
		method: http.MethodDelete, prefix: marketAPI, path: []string{"scan", string(id)}, limit: plainLimit,
	}, nil)
}
