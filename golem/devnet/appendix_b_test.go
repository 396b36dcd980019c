package devnet_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
)

// TestAppendixB is Appendix B of the protocol, row by row: where the API's own
// description says one thing and the daemon does another, the devnet does as the
// daemon. The names of the events' fields are in TestA12, and those of the
// progress of transfers in TestTransferProgress. What the description has and the
// daemon never sends, such as questions about properties, is nowhere here either.
func TestAppendixB(t *testing.T) {
	counters := func(r *requestor) (string, string) {
		d, p := r.offer()
		return proposalPath(d, p), r.asJSON(r.counterSpec())
	}
	run := func(capture string) func(*requestor) (string, string) {
		return func(r *requestor) (string, string) {
			a := r.ready()
			_, id := r.call("POST", activityPath(a, "/exec"), r.asJSON(map[string]string{
				"text": `[{"run":{"entry_point":"/bin/sh","args":["-c","hello"]` + capture + `}}]`,
			}))
			return activityPath(a, "/exec/"+strings.Trim(id, `"`)) + "?timeout=5", ""
		}
	}
	const nothing = `"stderr":null,"message":null,"isBatchFinished":true`
	walkScripted(t, []row{
		{"counter is 200", "POST", counters, 200, `"R-…"`},
		{"create agreement is 200", "POST", func(r *requestor) (string, string) {
			return marketAPI + "/agreements", `{"proposalId":"` + string(r.draft(r.publish()).ProposalID) + `","validTo":"2100-01-01T00:00:00Z"}`
		}, 200, `"…"`},
		{"create activity is 200", "POST", func(r *requestor) (string, string) {
			return activityAPI + "?timeout=10", `"` + string(r.hire(r.publish())) + `"`
		}, 200, `"…"`},
		{"cancel is 200 and empty", "POST", func(r *requestor) (string, string) { return agreementPath(r.propose(r.publish()), "/cancel") }, 200, ""},
		{"terminate is 200 and empty", "POST", func(r *requestor) (string, string) { return agreementPath(r.hire(r.publish()), "/terminate") }, 200, ""},
		{"the reason of an end is read", "GET", func(r *requestor) (string, string) {
			id := r.hire(r.publish())
			r.check(r.TerminateAgreement(r.ctx, id, nil))
			path, _ := agreementPath(id, "/terminate/reason")
			return path, ""
		}, 200, `{…"terminator":"Requestor"…}`},
		{"wait of 0 is no wait without an end", "POST", func(r *requestor) (string, string) {
			id := r.propose(r.publish())
			r.check(r.ConfirmAgreement(r.ctx, id, session))
			return agreementPath(id, "/wait?timeout=0")
		}, 408, `{"message":"Timeout…"}`},
		{"wait for a terminated one", "POST", func(r *requestor) (string, string) {
			id := r.hire(r.publish())
			r.check(r.TerminateAgreement(r.ctx, id, nil))
			return agreementPath(id, "/wait")
		}, 400, `{"message":"…"}`},
		{"wait for an unconfirmed one", "POST", func(r *requestor) (string, string) { return agreementPath(r.propose(r.publish()), "/wait") }, 400, `{"message":"…"}`},
		{"agreement from Initial", "POST", func(r *requestor) (string, string) {
			_, p := r.offer()
			return marketAPI + "/agreements", `{"proposalId":"` + string(p) + `","validTo":"2100-01-01T00:00:00Z"}`
		}, 400, `{"message":"…"}`},
		{"entries of agreements", "GET", func(r *requestor) (string, string) {
			r.propose(r.publish())
			return marketAPI + "/agreements", ""
		}, 200, `[{"id":"…","timestamp":"…","approvedDate":null,"role":"Requestor"}]`},
		{"unknown session", "GET", func(r *requestor) (string, string) {
			r.hire(r.publish())
			return marketAPI + "/agreementEvents?timeout=0&appSessionId=other", ""
		}, 200, `[]`},
		{"unsubscribe twice", "DELETE", func(r *requestor) (string, string) {
			d := r.publish()
			r.check(r.DeleteDemand(r.ctx, d))
			return marketAPI + "/demands/" + string(d), ""
		}, 404, `{"message":"…"}`},
		{"a scan lives for 300 s", "GET", func(r *requestor) (string, string) {
			r.expect("POST", marketAPI+"/scan", `{"type":"offer"}`, 201, `"1"`)
			time.Sleep(300*time.Second - time.Millisecond)
			return marketAPI + "/scan/1/events", ""
		}, 200, `[{…}]`},
		{"and ends without events", "DELETE", func(r *requestor) (string, string) {
			r.expect("POST", marketAPI+"/scan", `{"type":"offer"}`, 201, `"1"`)
			return marketAPI + "/scan/1", ""
		}, 204, ""},
		{"results are not waited for", "GET", func(r *requestor) (string, string) {
			a := r.ready()
			return activityPath(a, "/exec/"+string(must[golem.BatchID](r)(r.Exec(r.ctx, a, []golem.Command{sh("slow")}, time.Second)))), ""
		}, 200, `[]`},
		{"what is absent is null", "GET", run(""), 200, `[{…"stdout":null,` + nothing + `…}]`},
		{"bytes are numbers", "GET", run(`,"capture":{"stdout":{"atEnd":{"format":"bin"}}}`), 200, `[{…"stdout":[104,101,108,108,111,10],` + nothing + `…}]`},
		{"what to keep is inside atEnd", "GET", run(`,"capture":{"stdout":{"atEnd":{"tail":3}}}`), 200, `[{…"stdout":"lo\n",` + nothing + `…}]`},
		{"and not in a part of it", "GET", run(`,"capture":{"stdout":{"atEnd":{"part":{"tail":3}}}}`), 200, `[{…"stdout":"hello\n",` + nothing + `…}]`},
		{"no pending state", "GET", func(r *requestor) (string, string) { return activityPath(r.ready(), "/state"), "" }, 200, `{"state":["Ready",null]}`},
		{"no pending version", "GET", func(*requestor) (string, string) { return "/version/get", "" }, 200, `{…"pending":null}`},
		{"unknown activity", "GET", func(*requestor) (string, string) { return activityPath(noActivity, "/state"), "" }, 500, `{"message":"…"}`},
		{"activities of an agreement", "GET", func(r *requestor) (string, string) {
			id := r.hire(r.publish())
			r.activity(id)
			return activityAPI + "?agreementId=" + string(id), ""
		}, 200, `["…"]`},
		{"expenditures", "GET", func(r *requestor) (string, string) {
			return paymentAPI + "/allocations/" + string(r.allocate("1").AllocationID) + "/expenditures", ""
		}, 200, `[]`},
		{"cycles", "GET", func(*requestor) (string, string) { return paymentAPI + "/batchCycles", "" }, 200, `[…]`},
		{"decorations for an unknown allocation", "GET", func(*requestor) (string, string) {
			return paymentAPI + "/demandDecorations?allocationIds=" + noUUID, ""
		}, 404, `{"message":null}`},
		{"the protocol is a text in a demand", "GET", func(r *requestor) (string, string) {
			return paymentAPI + "/demandDecorations?allocationIds=" + string(r.allocate("1").AllocationID), ""
		}, 200, `{…{"key":"golem.com.payment.protocol.version","value":"3"}…}`},
		{"and a number in an offer", "GET", func(r *requestor) (string, string) {
			return marketAPI + "/demands/" + string(r.publish()) + "/events?timeout=1", ""
		}, 200, `[{…"golem.com.payment.protocol.version":3…}]`},
		{"no VPN here", "GET", func(*requestor) (string, string) { return "/net-api/v2/vpn/net/x/tcp", "" }, 404, ""},
	})
	walk(t, devnet.Provider{StartUp: time.Minute}, []row{{"activities time out", "POST", func(r *requestor) (string, string) {
		return activityAPI + "?timeout=1", `"` + string(r.hire(r.publish())) + `"`
	}, 408, `{"message":"Timeout"}`}})
	walk(t, priced(), []row{
		{"usage is a list", "GET", func(r *requestor) (string, string) {
			return paymentAPI + "/debitNotes/" + string(r.billed().DebitNoteID), ""
		}, 200, `{…"usageCounterVector":[0.0,…],…}`},
		{"invoices can be rejected", "POST", func(r *requestor) (string, string) {
			return paymentAPI + "/invoices/" + string(r.invoiced().InvoiceID) + "/reject", `{"rejectionReason":"BAD_SERVICE","totalAmountAccepted":"0"}`
		}, 200, "null"},
		{"and have payments", "GET", func(r *requestor) (string, string) {
			return paymentAPI + "/invoices/" + string(r.invoiced().InvoiceID) + "/payments", ""
		}, 200, `[]`},
		{"debit notes cannot", "POST", func(r *requestor) (string, string) {
			return paymentAPI + "/debitNotes/" + string(r.billed().DebitNoteID) + "/reject", `{"rejectionReason":"BAD_SERVICE","totalAmountAccepted":"0"}`
		}, 501, `{"message":null}`},
		{"and have none", "GET", func(r *requestor) (string, string) {
			return paymentAPI + "/debitNotes/" + string(r.billed().DebitNoteID) + "/payments", ""
		}, 501, `{"message":null}`},
	})
}

// TestAppendixBLimits asks for lists without saying how many, where the API's
// description says 10.
func TestAppendixBLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var market []devnet.Provider
		for i := range 25 {
			market = append(market, devnet.Provider{Name: fmt.Sprint("p", i), Duration: amount("0.001")})
		}
		r := newRequestor(t, &devnet.Server{Providers: market, Timings: steady(), Runtime: devnet.Instant(quick)})
		events := marketAPI + "/demands/" + string(r.publish()) + "/events"
		time.Sleep(time.Second)
		for _, want := range []int{20, 5} {
			if _, body := r.call("GET", events+"?timeout=0", ""); strings.Count(body, `"ProposalEvent"`) != want {
				t.Errorf("%d offers at once, want %d", strings.Count(body, `"ProposalEvent"`), want)
			}
		}
		r.demand.Properties[golem.PropDebitNoteInterval] = 60.0
		r.rent()
		time.Sleep(12 * time.Minute)
		for path, one := range map[string]string{"/debitNotes": `"debitNoteId"`, "/debitNoteEvents?timeout=0": `"DebitNoteReceivedEvent"`} {
			if status, body := r.call("GET", paymentAPI+path, ""); status != http.StatusOK || strings.Count(body, one) < 11 {
				t.Errorf("GET %s: %d with %d of them, want all", path, status, strings.Count(body, one))
			}
		}
	})
}
