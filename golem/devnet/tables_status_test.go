package devnet_test

import (
	"strings"
	"testing"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
)

// TestTable13 has a call for every status and every API that gives it (protocol
// section 1.3). 401 is in
// TestA01; 403 is left out, because there is one identity.
func TestTable13(t *testing.T) {
	walk(t, devnet.Provider{OfflineAfter: offline}, []row{
		{"200", "GET", func(*requestor) (string, string) { return "/me", "" }, 200, `{"identity":"0x…","name":"…","role":"manager"}`},
		{"201", "POST", func(r *requestor) (string, string) { return marketAPI + "/demands", r.asJSON(r.demand) }, 201, `"…"`},
		{"204", "DELETE", func(r *requestor) (string, string) { return marketAPI + "/demands/" + string(r.publish()), "" }, 204, ""},
		{"400 of the market", "POST", func(*requestor) (string, string) { return marketAPI + "/demands", `{` }, 400, `{"message":"Json deserialize error: …"}`},
		{"400 of the market's paths", "GET", func(*requestor) (string, string) { return marketAPI + "/agreements/x", "" }, 400, `{"message":"Path deserialize error: …"}`},
		{"400 of queries", "GET", func(*requestor) (string, string) { return marketAPI + "/agreementEvents?timeout=x", "" }, 400, `Query deserialize error: …`},
		{"400 of activities", "POST", func(*requestor) (string, string) { return activityAPI, `{` }, 400, `Json deserialize error: …`},
		{"400 of payments", "POST", func(*requestor) (string, string) { return paymentAPI + "/allocations", `{` }, 400, `Json deserialize error: …`},
		{"404 of the market", "GET", func(*requestor) (string, string) {
			return marketAPI + "/demands/" + noDemand + "/events", ""
		}, 404, `{"message":"Subscription […] not found. Could be unsubscribed."}`},
		{"404 of payments", "GET", func(*requestor) (string, string) { return paymentAPI + "/invoices/" + noUUID, "" }, 404, `{"message":null}`},
		{"404 of nothing", "GET", func(*requestor) (string, string) { return "/no-such-api", "" }, 404, ""},
		{"408 of wait", "POST", func(r *requestor) (string, string) {
			id := r.propose(r.publish())
			r.check(r.ConfirmAgreement(r.ctx, id, session))
			return agreementPath(id, "/wait?timeout=0")
		}, 408, `{"message":"Timeout while waiting for Agreement […] approval."}`},
		{"409", "POST", func(r *requestor) (string, string) { return agreementPath(r.propose(r.publish()), "/terminate") }, 409, `{"message":"…from Proposal to Terminated."}`},
		{"410", "POST", func(r *requestor) (string, string) {
			id := r.propose(r.publish())
			r.check(r.CancelAgreement(r.ctx, id, nil))
			return agreementPath(id, "/confirm")
		}, 410, `{"message":"…from Cancelled to Pending."}`},
		{"410 for now", "POST", func(r *requestor) (string, string) {
			id := r.propose(r.publish())
			r.check(r.ConfirmAgreement(r.ctx, id, session))
			return agreementPath(id, "/terminate")
		}, 410, `{"message":"…from Pending to Terminated."}`},
		{"413", "POST", func(*requestor) (string, string) { return paymentAPI + "/allocations", huge() }, 413, `…`},
		{"400 for as much in the market", "POST", func(*requestor) (string, string) { return marketAPI + "/demands", huge() }, 400, `…`},
		{"500 of a provider that is away", "POST", func(r *requestor) (string, string) {
			time.Sleep(offline - time.Second)
			d, p := r.offer()
			time.Sleep(time.Minute)
			return proposalPath(d, p), r.asJSON(r.counterSpec())
		}, 500, `{"message":"…GSB error…"}`},
		{"500 of an unknown activity", "GET", func(*requestor) (string, string) { return activityPath(noActivity, "/usage"), "" }, 500, `{"message":"DAO error: …"}`},
		{"501", "POST", func(*requestor) (string, string) { return paymentAPI + "/debitNotes/" + noUUID + "/cancel", "null" }, 501, `{"message":null}`},
	})
	walk(t, devnet.Provider{StartUp: time.Minute}, []row{{"408 of activities", "POST", func(r *requestor) (string, string) {
		return activityAPI + "?timeout=1", `"` + string(r.hire(r.publish())) + `"`
	}, 408, `{"message":"Timeout"}`}})
	walk(t, priced(), []row{{"504", "POST", func(r *requestor) (string, string) {
		n := r.billed()
		return paymentAPI + "/debitNotes/" + string(n.DebitNoteID) + "/accept?timeout=0", r.acceptance(n.TotalAmountDue, r.alloc)
	}, 504, `{"message":"Timeout accepting …"}`}})
}

// huge is JSON of more than 2 MiB.
func huge() string {
	return `{"totalAmount":"1","constraints":"` + strings.Repeat("x", 2<<20) + `"}`
}

// TestUnknownFieldsAreIgnored: clients send what older daemons wanted.
func TestUnknownFieldsAreIgnored(t *testing.T) {
	walk(t, devnet.Provider{}, []row{
		{"allocation with read-only fields", "POST", func(*requestor) (string, string) {
			return paymentAPI + "/allocations", `{"allocationId":"","spentAmount":"","remainingAmount":"","timestamp":"","totalAmount":"1","paymentPlatform":"erc20-hoodi-tglm"}`
		}, 201, `{…"spentAmount":"0"…}`},
		{"demand", "POST", func(*requestor) (string, string) {
			return marketAPI + "/demands", `{"demandId":"","properties":{},"constraints":"(&)","more":{"than":["this"]}}`
		}, 201, `"…"`},
		{"agreement", "POST", func(r *requestor) (string, string) {
			return marketAPI + "/agreements", r.asJSON(map[string]any{"proposalId": r.draft(r.publish()).ProposalID, "validTo": time.Now().Add(time.Hour), "x": 1})
		}, 200, `"…"`},
		{"acceptance", "POST", func(r *requestor) (string, string) {
			return paymentAPI + "/invoices/" + noUUID + "/accept", r.asJSON(map[string]any{"totalAmountAccepted": golem.Amount{}, "allocationId": "x", "y": nil})
		}, 404, `{"message":null}`},
	})
}
