package golem_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"tasks/golem"
)

var epoch = time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC)

// at is a time on the day of the fixtures.
func at(clock string) time.Time {
	d, err := time.Parse("15:04:05.999999", clock)
	if err != nil {
		panic(err)
	}
	return time.Date(2026, 4, 1, d.Hour(), d.Minute(), d.Second(), d.Nanosecond(), time.UTC)
}

func TestDemands(t *testing.T) {
	spec := golem.DemandSpec{
		Properties:  golem.Properties{golem.PropExpiration: 1790000000000.0, golem.PropSubnet: "public"},
		Constraints: "(&(golem.runtime.name=vm)(golem.inf.mem.gib>=0.5))",
	}
	specJSON := `{"properties":{"golem.srv.comp.expiration":1790000000000,"golem.node.debug.subnet":"public"},
	              "constraints":"(&(golem.runtime.name=vm)(golem.inf.mem.gib>=0.5))"}`
	runExchanges(t, []exchange{
		{
			name:   "PublishDemand",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.PublishDemand(ctx, spec) },
			method: "POST", uri: "/market-api/v1/demands", body: specJSON,
			status: 201, answer: `"4ce8-a7e5"`, want: golem.DemandID("4ce8-a7e5"),
		},
		{
			name:   "Demands",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.Demands(ctx) },
			method: "GET", uri: "/market-api/v1/demands",
			status: 200,
			answer: `[{"properties":{"golem.srv.comp.expiration":1790000000000,"golem.node.debug.subnet":"public"},
			           "constraints":"(&(golem.runtime.name=vm)(golem.inf.mem.gib>=0.5))",
			           "demandId":"4ce8-a7e5","requestorId":"0x06d7","timestamp":"2026-04-01T10:00:00Z","new":1}]`,
			want: []golem.Demand{{DemandSpec: spec, DemandID: "4ce8-a7e5", RequestorID: "0x06d7", Timestamp: epoch}},
		},
		{
			name:   "DeleteDemand",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return none(c.DeleteDemand(ctx, "4ce8-a7e5")) },
			method: "DELETE", uri: "/market-api/v1/demands/4ce8-a7e5", status: 204,
		},
		{
			name: "CounterProposal",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return c.CounterProposal(ctx, "d", "R-0", spec)
			},
			method: "POST", uri: "/market-api/v1/demands/d/proposals/R-0", body: specJSON,
			status: 200, answer: `"R-1"`, want: golem.ProposalID("R-1"),
		},
		{
			name:   "GetProposal",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.GetProposal(ctx, "d", "R-2") },
			method: "GET", uri: "/market-api/v1/demands/d/proposals/R-2", status: 200,
			answer: `{"proposalId":"R-2","issuerId":"0x6052","state":"Draft","timestamp":"2026-04-01T10:00:00Z",
			          "prevProposalId":"R-1","properties":{},"constraints":"(&)"}`,
			want: golem.Proposal{ProposalID: "R-2", IssuerID: "0x6052", State: golem.ProposalDraft, Timestamp: epoch,
				PrevProposalID: "R-1", Properties: golem.Properties{}, Constraints: "(&)"},
		},
		{
			name: "RejectProposal without a reason",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return none(c.RejectProposal(ctx, "d", "R-2", nil))
			},
			method: "POST", uri: "/market-api/v1/demands/d/proposals/R-2/reject", body: `null`, status: 204,
		},
		{
			name: "RejectProposal",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return none(c.RejectProposal(ctx, "d", "R-2", &golem.Reason{
					Message: "too dear", Extra: map[string]any{golem.ReasonRequestorCode: "Price"}}))
			},
			method: "POST", uri: "/market-api/v1/demands/d/proposals/R-2/reject",
			body: `{"message":"too dear","golem.requestor.code":"Price"}`, status: 204,
		},
	})
}

func TestCollectOffers(t *testing.T) {
	collect := func(timeout time.Duration, maxEvents int) func(context.Context, *golem.Client) (any, error) {
		return func(ctx context.Context, c *golem.Client) (any, error) {
			return c.CollectOffers(ctx, "d", timeout, maxEvents)
		}
	}
	runExchanges(t, []exchange{
		{
			name: "nothing", call: collect(2500*time.Millisecond, 0),
			method: "GET", uri: "/market-api/v1/demands/d/events?maxEvents=100&timeout=2.5",
			status: 200, answer: `[]`, want: []golem.DemandEvent{},
		},
		{
			name: "negative timeout", call: collect(-time.Second, 7),
			method: "GET", uri: "/market-api/v1/demands/d/events?maxEvents=7&timeout=0",
			status: 200, answer: `[]`, want: []golem.DemandEvent{},
		},
		{
			name: "all types", call: collect(5*time.Second, 20),
			method: "GET", uri: "/market-api/v1/demands/d/events?maxEvents=20&timeout=5",
			status: 200,
			answer: `[{"eventType":"ProposalEvent","eventDate":"2026-04-01T10:00:02.123456Z","color":"blue",
			           "proposal":{"proposalId":"R-0","issuerId":"0x6052","state":"Initial","timestamp":"2026-04-01T10:00:00Z",
			             "properties":{"golem.runtime.name":"vm"},"constraints":"(&)","shape":{"round":true}}},
			          {"eventType":"ProposalRejectedEvent","eventDate":"2026-04-01T10:00:05Z","proposalId":"R-1",
			           "reason":{"message":"No capacity available.","golem.proposal.rejection.is-final":false}},
			          {"eventtype":"ProposalRejectedEvent","eventDate":"2026-04-01T10:00:05Z","proposalId":"R-3","reason":null},
			          {"eventType":"ProposalRejectedEvent","eventDate":"2026-04-01T10:00:05Z","proposalId":"R-4","reason":"busy"},
			          {"eventType":"PropertyQueryEvent","eventDate":"2026-04-01T10:00:05Z","queryId":"q","proposal":"R-5"}]`,
			want: []golem.DemandEvent{
				{EventType: golem.EventProposal, EventDate: at("10:00:02.123456"), Proposal: &golem.Proposal{
					ProposalID: "R-0", IssuerID: "0x6052", State: golem.ProposalInitial, Timestamp: epoch,
					Properties: golem.Properties{"golem.runtime.name": "vm"}, Constraints: "(&)"}},
				{EventType: golem.EventProposalRejected, EventDate: at("10:00:05"), ProposalID: "R-1",
					Reason: &golem.Reason{Message: "No capacity available.", Extra: map[string]any{golem.ReasonIsFinal: false}}},
				{EventType: golem.EventProposalRejected, EventDate: at("10:00:05"), ProposalID: "R-3"},
				{EventType: golem.EventProposalRejected, EventDate: at("10:00:05"), ProposalID: "R-4", Reason: &golem.Reason{Message: "busy"}},
				{EventType: "PropertyQueryEvent", EventDate: at("10:00:05")},
			},
		},
	})
}

func TestAgreements(t *testing.T) {
	approved := at("10:00:06.5")
	finished := &golem.Reason{Message: "Finished", Extra: map[string]any{golem.ReasonRequestorCode: "Success"}}
	runExchanges(t, []exchange{
		{
			name: "CreateAgreement",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return c.CreateAgreement(ctx, "R-2", at("11:00:05").In(time.FixedZone("CEST", 7200)))
			},
			method: "POST", uri: "/market-api/v1/agreements",
			body: `{"proposalId":"R-2","validTo":"2026-04-01T11:00:05Z"}`, status: 200, answer: `"0e91"`, want: golem.AgreementID("0e91"),
		},
		{
			name: "ConfirmAgreement",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return none(c.ConfirmAgreement(ctx, "0e91", "tasks 7f3a"))
			},
			method: "POST", uri: "/market-api/v1/agreements/0e91/confirm?appSessionId=tasks+7f3a", status: 204,
		},
		{
			name: "WaitForApproval",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return none(c.WaitForApproval(ctx, "0e91", 30*time.Second))
			},
			method: "POST", uri: "/market-api/v1/agreements/0e91/wait?timeout=30", status: 204,
		},
		{
			name: "CancelAgreement",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return none(c.CancelAgreement(ctx, "0e91", nil))
			},
			method: "POST", uri: "/market-api/v1/agreements/0e91/cancel", body: `null`, status: 200,
		},
		{
			name: "TerminateAgreement",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return none(c.TerminateAgreement(ctx, "0e91", finished))
			},
			method: "POST", uri: "/market-api/v1/agreements/0e91/terminate",
			body: `{"message":"Finished","golem.requestor.code":"Success"}`, status: 200,
		},
		{
			name:   "TerminateReason",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.TerminateReason(ctx, "0e91") },
			method: "GET", uri: "/market-api/v1/agreements/0e91/terminate/reason", status: 200,
			answer: `{"eventDate":"2026-04-01T10:03:00Z","agreementId":"0e91","terminator":"Requestor","signature":"",
			          "reason":{"message":"Finished","golem.requestor.code":"Success"}}`,
			want: golem.Termination{EventDate: "2026-04-01T10:03:00Z", AgreementID: "0e91", Terminator: "Requestor", Reason: finished},
		},
		{
			name:   "GetAgreement",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.GetAgreement(ctx, "0e91") },
			method: "GET", uri: "/market-api/v1/agreements/0e91", status: 200,
			answer: `{"agreementId":"0e91",
			          "demand":{"properties":{"golem.com.payment.chosen-platform":"erc20-hoodi-tglm"},"constraints":"(&)",
			                    "demandId":"4ce8","requestorId":"0x06d7","timestamp":"2026-04-01T10:00:03.000000Z"},
			          "offer":{"properties":{"golem.runtime.name":"vm"},"constraints":"(&)","offerId":"12c6",
			                   "providerId":"0x6052","timestamp":"2026-04-01T10:00:04Z"},
			          "validTo":"2026-04-01T11:00:05Z","approvedDate":"2026-04-01T10:00:06.500000Z","state":"Approved",
			          "timestamp":"2026-04-01T10:00:05.2Z","appSessionId":"tasks-7f3a","proposedSignature":"NoSignature"}`,
			want: golem.Agreement{
				AgreementID: "0e91",
				Demand: golem.Demand{DemandSpec: golem.DemandSpec{Constraints: "(&)",
					Properties: golem.Properties{golem.PropChosenPlatform: "erc20-hoodi-tglm"}},
					DemandID: "4ce8", RequestorID: "0x06d7", Timestamp: at("10:00:03")},
				Offer: golem.Offer{Properties: golem.Properties{golem.PropRuntimeName: "vm"}, Constraints: "(&)",
					OfferID: "12c6", ProviderID: "0x6052", Timestamp: at("10:00:04")},
				ValidTo: at("11:00:05"), ApprovedDate: &approved, State: golem.AgreementApproved,
				Timestamp: at("10:00:05.2"), AppSessionID: "tasks-7f3a", ProposedSignature: "NoSignature",
			},
		},
		{
			name: "ListAgreements",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return c.ListAgreements(ctx, golem.AgreementFilter{State: golem.AgreementApproved,
					Before: at("11:00:00").In(time.FixedZone("CEST", 7200)), After: at("10:00:00.25"), AppSessionID: "s"})
			},
			method: "GET", uri: "/market-api/v1/agreements?afterDate=2026-04-01T10%3A00%3A00.250000Z" +
				"&appSessionId=s&beforeDate=2026-04-01T11%3A00%3A00.000000Z&state=Approved",
			status: 200,
			answer: `[{"id":"0e91","timestamp":"2026-04-01T10:00:00Z","approvedDate":"2026-04-01T10:00:06.5Z","role":"Requestor"},
			          {"id":"0e92","timestamp":"2026-04-01T10:00:00Z","approvedDate":null,"role":"Provider"}]`,
			want: []golem.AgreementEntry{
				{ID: "0e91", Timestamp: epoch, ApprovedDate: &approved, Role: "Requestor"},
				{ID: "0e92", Timestamp: epoch, Role: "Provider"},
			},
		},
		{
			name: "ListAgreements without a filter",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return c.ListAgreements(ctx, golem.AgreementFilter{})
			},
			method: "GET", uri: "/market-api/v1/agreements", status: 200, answer: `[]`, want: []golem.AgreementEntry{},
		},
		{
			name: "AgreementEvents",
			call: func(ctx context.Context, c *golem.Client) (any, error) {
				return c.AgreementEvents(ctx, "2026-04-01T10:00:06.500000Z", "s", 5*time.Second, 0)
			},
			method: "GET", uri: "/market-api/v1/agreementEvents?afterTimestamp=2026-04-01T10%3A00%3A06.500000Z" +
				"&appSessionId=s&maxEvents=100&timeout=5",
			status: 200,
			answer: `[{"eventDate":"2026-04-01T10:03:00.000000Z","agreementId":"0e91","eventType":"AgreementTerminatedEvent",
			           "terminator":"Provider","signature":"","reason":{"message":"No activity","golem.provider.code":"NoActivity"}},
			          {"eventDate":"2026-04-01T10:04:00.1Z","agreementId":"0e92","eventtype":"AgreementApprovedEvent"}]`,
			want: []golem.AgreementEvent{
				{EventType: golem.EventAgreementTerminated, EventDate: "2026-04-01T10:03:00.000000Z", AgreementID: "0e91",
					Terminator: "Provider", Reason: &golem.Reason{Message: "No activity",
						Extra: map[string]any{golem.ReasonProviderCode: "NoActivity"}}},
				{EventType: golem.EventAgreementApproved, EventDate: "2026-04-01T10:04:00.1Z", AgreementID: "0e92"},
			},
		},
	})
}

func TestWaitForApprovalOutcomes(t *testing.T) {
	ends := []error{golem.ErrAgreementRejected, golem.ErrAgreementCancelled, golem.ErrAgreementExpired, golem.ErrAgreementTerminated}
	for _, tc := range []struct {
		name   string
		status int
		body   string
		want   error // nil for none of the ends
	}{
		{"rejected", 410, `{"message":"Rejected"}`, golem.ErrAgreementRejected},
		{"cancelled", 410, `{"message":"Cancelled"}`, golem.ErrAgreementCancelled},
		{"expired", 410, `{"message":"Agreement [R-0e91] expired."}`, golem.ErrAgreementExpired},
		{"terminated", 400, `{"message":"Agreement [R-0e91] terminated."}`, golem.ErrAgreementTerminated},
		{"terminated, as the specification has it", 410, `{"message":"Agreement [R-0e91] terminated."}`, golem.ErrAgreementTerminated},
		{"not confirmed", 400, `{"message":"Agreement [R-0e91] should be confirmed, before waiting for approval."}`, nil},
		{"not yet", 408, `{"message":"Timeout while waiting for Agreement [R-0e91] approval."}`, nil},
		{"unknown", 404, `{"message":"Agreement [0e91] not found."}`, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := answering(tc.status, tc.body)
			err := c.WaitForApproval(t.Context(), "0e91", 0)
			for _, end := range ends {
				if got, want := errors.Is(err, end), end == tc.want; got != want {
					t.Errorf("errors.Is(%v, %v) = %t, want %t", err, end, got, want)
				}
			}
			if got := golem.StatusOf(err); got != tc.status {
				t.Errorf("StatusOf = %d, want %d", got, tc.status)
			}
			if got, want := golem.IsTimeout(err), tc.status == http.StatusRequestTimeout; got != want {
				t.Errorf("IsTimeout = %t, want %t", got, want)
			}
		})
	}
}
