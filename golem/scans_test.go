package golem_test

import (
	"context"
	"testing"
	"time"

	"tasks/golem"
)

func TestScans(t *testing.T) {
	runExchanges(t, []exchange{
		{
			name:   "BeginScan",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.BeginScan(ctx, "(a=1)") },
			method: "POST", uri: "/market-api/v1/scan", body: `{"type":"offer","constraints":"(a=1)"}`,
			status: 201, answer: `"17"`, want: golem.ScanID("17"),
		},
		{
			name: "CollectScan",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return c.CollectScan(ctx, "17", 2*time.Second, 0)
			},
			method: "GET", uri: "/market-api/v1/scan/17/events?maxEvents=500&timeout=2",
			status: 200,
			answer: `[{"properties":{"a":1},"constraints":"()","offerId":"o-1","providerId":"0x6052","timestamp":"2026-04-01T10:00:00Z"}]`,
			want: []golem.Offer{{
				Properties: golem.Properties{"a": 1.0}, Constraints: "()", OfferID: "o-1", ProviderID: "0x6052", Timestamp: epoch,
			}},
		},
		{
			name:   "EndScan",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return none(c.EndScan(ctx, "17")) },
			method: "DELETE", uri: "/market-api/v1/scan/17", status: 204,
		},
	})
}
