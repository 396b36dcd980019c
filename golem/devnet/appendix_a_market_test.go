package devnet_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/golem/devnet"
)

// The tests TestA01 to TestA20, here and in the files beside, are the items of
// Appendix A of the protocol. TestA12 is in stream_test.go and TestA18 in
// restart_test.go.

func TestA01AuthBeforeRouting(t *testing.T) {
	r := newRequestor(t, &devnet.Server{Providers: []devnet.Provider{}})
	for _, test := range []struct {
		path, header string
		status       int
		body         string
	}{
		{"/no/such/path", "", 401, "Missing application key"},
		{"/no/such/path", "Bearer wrong", 401, "Invalid application key"},
		{"/no/such/path?authToken=wrong", "", 401, "Invalid application key"},
		{"/no/such/path?authToken=devnet", "", 404, ""},
		{paymentAPI + "/allocations?authToken=devnet", "", 200, "[]"},
		{"/version/get", "", 200, `{"current":{…"version":"0.17.6"},"pending":null}`},
	} {
		req := httptest.NewRequest(http.MethodGet, "http://devnet"+test.path, nil)
		req.RequestURI = ""
		if test.header != "" {
			req.Header.Set("Authorization", test.header)
		}
		resp, err := r.server.Client().Do(req)
		r.check(err)
		if kind := resp.Header.Get("Content-Type"); resp.StatusCode == 401 && !strings.HasPrefix(kind, "text/plain") {
			t.Errorf("GET %s: a refusal of type %q, want plain text", test.path, kind)
		}
		resp.Body.Close()
		req.Body = nil
		if status, body := r.send(req); status != test.status || !like(test.body, body) {
			t.Errorf("GET %s with %q = %d %s, want %d %s", test.path, test.header, status, body, test.status, test.body)
		}
	}
}

// TestA02SuccessCodes makes every call that succeeds, in the order of a rental.
func TestA02SuccessCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(priced()))
		call := func(method, path, body string, status int, answer string) (wild string) {
			t.Helper()
			gotStatus, got := r.call(method, path, body)
			if gotStatus != status || !like(answer, got) {
				t.Errorf("%s %s = %d %s, want %d %s", method, path, gotStatus, got, status, answer)
			}
			return strings.Trim(got, `"`)
		}
		alloc := r.allocate("10").AllocationID
		call("PUT", paymentAPI+"/allocations/"+string(alloc), `{"totalAmount":"9"}`, 200, "{…}")
		call("GET", paymentAPI+"/demandDecorations?allocationIds="+string(alloc), "", 200, `{…}`)
		d := golem.DemandID(call("POST", marketAPI+"/demands", r.asJSON(r.demand), 201, `"…-…"`))
		call("GET", marketAPI+"/demands", "", 200, `[{…"demandId":"…"…}]`)
		initial := r.next(d).Proposal.ProposalID
		call("GET", proposalPath(d, initial), "", 200, `{…"state":"Initial"…}`)
		call("POST", proposalPath(d, initial)+"/reject", "null", 204, "")
		call("POST", proposalPath(d, initial), r.asJSON(r.counterSpec()), 200, `"R-…"`)
		draft := r.next(d).Proposal.ProposalID
		g := golem.AgreementID(call("POST", marketAPI+"/agreements", `{"proposalId":"`+string(draft)+`","validTo":"2100-01-01T00:00:00Z"}`, 200, `"…"`))
		path, null := agreementPath(g, "")
		call("POST", path+"/confirm?appSessionId="+session, "", 204, "")
		call("POST", path+"/wait?timeout=60", "", 204, "")
		call("GET", path, "", 200, `{"agreementId":"…"state":"Approved"…}`)
		call("GET", marketAPI+"/agreements", "", 200, `[{"id":"…","timestamp":"…","approvedDate":"…","role":"Requestor"}]`)
		call("GET", marketAPI+"/agreementEvents", "", 200, `[{…"AgreementApprovedEvent"…}]`)

		a := golem.ActivityID(call("POST", activityAPI+"?timeout=10", `"`+string(g)+`"`, 200, `"…"`))
		batch := call("POST", activityPath(a, "/exec"), r.script(deploy(), start(), sh("x")), 200, `"…"`)
		call("GET", activityPath(a, "/exec/"+batch)+"?timeout=10", "", 200, `[{…},{…},{…}]`)
		note, _ := r.note("")
		call("POST", paymentAPI+"/debitNotes/"+string(note.DebitNoteID)+"/accept", r.acceptance(note.TotalAmountDue, alloc), 200, "null")
		time.Sleep(10 * time.Second) // which the note does not cover
		call("DELETE", activityPath(a, "?timeout=10"), "", 200, "null")
		call("POST", path+"/terminate", null, 200, "")
		call("GET", path+"/terminate/reason", "", 200, `{…"terminator":"Requestor"…}`)
		i := r.invoice()
		call("POST", paymentAPI+"/invoices/"+string(i.InvoiceID)+"/reject", `{"rejectionReason":"BAD_SERVICE","totalAmountAccepted":"0"}`, 200, "null")
		call("POST", paymentAPI+"/invoices/"+string(i.InvoiceID)+"/accept", r.acceptance(i.Amount, alloc), 200, "null")
		call("POST", paymentAPI+"/batchCycle/erc20-hoodi-tglm/now", "", 200, "null")
		call("GET", paymentAPI+"/payments?timeout=0", "", 200, `[{"paymentId":…}]`)
		call("GET", paymentAPI+"/invoices/"+string(i.InvoiceID)+"/payments", "", 200, `[{"paymentId":…}]`)
		call("GET", paymentAPI+"/allocations/"+string(alloc)+"/expenditures", "", 200, `[{"allocationId":…}]`)
		call("DELETE", paymentAPI+"/allocations/"+string(alloc), "", 200, "null")
		call("DELETE", marketAPI+"/demands/"+string(d), "", 204, "")

		second := r.propose(r.publish())
		path, null = agreementPath(second, "/cancel")
		call("POST", path, null, 200, "")
		scan := call("POST", marketAPI+"/scan", `{"type":"offer"}`, 201, `"…"`)
		call("GET", marketAPI+"/scan/"+scan+"/events", "", 200, `[{…"offerId":…}]`)
		call("DELETE", marketAPI+"/scan/"+scan, "", 204, "")
	})
}

// TestA03LongPolls waits with nothing to come, with something to come, and as a
// client that vanishes while its answer is on the way.
func TestA03LongPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(devnet.Provider{}))
		r.server.Timings.Match = exactly(3 * time.Second)
		began := time.Now()
		for _, path := range []string{
			marketAPI + "/agreementEvents?timeout=2.5", paymentAPI + "/debitNoteEvents?timeout=2.5",
			paymentAPI + "/invoiceEvents?timeout=2.5", paymentAPI + "/payments?timeout=2.5",
		} {
			r.expect("GET", path, "", 200, "[]")
			if took := time.Since(began); took != 2500*time.Millisecond {
				t.Errorf("GET %s with nothing to come took %v, want 2.5s", path, took)
			}
			began = time.Now()
		}
		demand := string(r.publish())
		r.expect("GET", marketAPI+"/demands/"+demand+"/events?timeout=1", "", 200, "[]")
		r.expect("GET", marketAPI+"/demands/"+demand+"/events?timeout=60", "", 200, `"ProposalEvent"`)
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("the proposal came after %v, want at once after 3s", took)
		}

		lost := string(r.publish())
		time.Sleep(4 * time.Second)
		req := httptest.NewRequest(http.MethodGet, marketAPI+"/demands/"+lost+"/events?authToken=devnet", nil)
		r.server.ServeHTTP(vanished{http.Header{}}, req)
		r.expect("GET", marketAPI+"/demands/"+lost+"/events?timeout=60", "", 200, "[]")
	})
}

// vanished is the client of a connection that broke.
type vanished struct{ header http.Header }

func (v vanished) Header() http.Header       { return v.header }
func (v vanished) WriteHeader(int)           {}
func (v vanished) Write([]byte) (int, error) { return 0, errors.New("connection reset by peer") }

func TestA04CollectOffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var market []devnet.Provider
		for _, name := range strings.Fields("a b c d e f g h") {
			market = append(market, devnet.Provider{Name: name})
		}
		r := newRequestor(t, &devnet.Server{Providers: market, Timings: steady()})
		sorted := 0 // answers in the order of their events
		collect := func(d golem.DemandID) (names string) {
			events := must[[]golem.DemandEvent](r)(r.CollectOffers(r.ctx, d, 0, 100))
			for _, e := range events {
				names += e.Proposal.Properties.Text(golem.PropNodeName)
			}
			if slices.IsSortedFunc(events, func(a, b golem.DemandEvent) int { return a.EventDate.Compare(b.EventDate) }) {
				sorted++
			}
			return names
		}
		var last golem.DemandID
		for range 5 {
			last = r.publish()
			time.Sleep(time.Second)
			names := []byte(collect(last))
			if slices.Sort(names); string(names) != "abcdefgh" {
				t.Errorf("collected %q, want every provider once", names)
			}
		}
		if sorted > 1 {
			t.Errorf("%d of five answers are in order of time, want them random", sorted)
		}
		if again := collect(last); again != "" {
			t.Errorf("collected %q again: events are consumed", again)
		}
		events := marketAPI + "/demands/" + string(last) + "/events?timeout="
		r.expect("GET", events+"0&maxEvents=100", "", 200, "[]")
		r.expect("GET", events+"0&maxEvents=101", "", 400, `{"message":"Invalid maxEvents '101', should be between 1 and 100."}`)
		r.expect("GET", events+"0&maxEvents=0", "", 400, `{"message":"Invalid maxEvents '0', should be between 1 and 100."}`)

		began := time.Now()
		time.AfterFunc(time.Second, func() { _ = r.DeleteDemand(r.ctx, last) })
		r.expect("GET", events+"60", "", 404, `{"message":"Subscription [`+string(last)+`] not found. Could be unsubscribed."}`)
		if took := time.Since(began); took != time.Second {
			t.Errorf("a waiting poll ended %v after it began, want with its demand after 1s", took)
		}
		old := r.publish()
		time.Sleep(time.Hour - time.Microsecond)
		r.expect("DELETE", marketAPI+"/demands/"+string(r.publish()), "", 204, "")
		r.expect("GET", marketAPI+"/demands/"+string(old)+"/events?timeout=0&maxEvents=1", "", 200, `"ProposalEvent"`)
		time.Sleep(time.Microsecond)
		r.expect("GET", marketAPI+"/demands/"+string(old)+"/events?timeout=0", "", 404, `{"message":"Subscription [`+string(old)+`] expired."}`)
	})
}

// TestA05Matching publishes demands to one provider of 4 threads on the subnet
// "public" whose capabilities are a list.
func TestA05Matching(t *testing.T) {
	for _, test := range []struct {
		constraints string
		want        bool
	}{
		{"(golem.inf.cpu.threads>=4)", true},
		{"(golem.inf.cpu.threads>=10)", false}, // numbers, not texts
		{"(golem.runtime.capabilities=vpn)", true},
		{"(golem.runtime.capabilities=gpu)", false},
		{"(golem.node.id.name=kee*)", true},
		{"(golem.node.id.name=kep*)", false},
		{"(golem.no.such=1)", false},
		{"(!(golem.no.such=1))", false}, // not undefined is undefined
		{"(!(golem.no.such=*))", true},  // presence is not
		{"(|(golem.no.such=1)(golem.inf.cpu.threads=4))", true},
		{"(&(golem.no.such=1)(golem.inf.cpu.threads=4))", false},
		{"(golem.inf.cpu.threads=4)(golem.inf.cpu.threads=9)", true}, // only the first counts
		{"(&)", true}, {"()", true}, {"(|)", false}, {"", false}, {"(&(", false},
	} {
		t.Run(test.constraints, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRequestor(t, one(devnet.Provider{Threads: 4}))
				r.demand.Constraints = test.constraints
				d := r.publish()
				if got := len(must[[]golem.DemandEvent](r)(r.CollectOffers(r.ctx, d, time.Second, 10))) == 1; got != test.want {
					t.Errorf("match is %v, want %v", got, test.want)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(devnet.Provider{}))
		r.demand.Properties[golem.PropSubnet] = "private" // the offer's own constraints
		if events := must[[]golem.DemandEvent](r)(r.CollectOffers(r.ctx, r.publish(), time.Second, 10)); len(events) != 0 {
			t.Errorf("events = %+v for a demand that the offer does not want", events)
		}
	})
}

func TestA06OneCounterStoredThenSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(devnet.Provider{OfflineAfter: time.Minute}))
		d, initial := r.offer()
		own := r.counter(d, initial)
		draft := r.next(d).Proposal.ProposalID
		for _, id := range []golem.ProposalID{initial, own, draft} {
			if hash, ok := strings.CutPrefix(string(id), "R-"); !ok || len(hash) != 64 {
				t.Errorf("proposal id %s, want R- and 64 digits", id)
			}
		}
		r.expect("GET", proposalPath(d, "P"+draft[1:]), "", 400, "has invalid owner type.")
		time.Sleep(time.Minute)
		_, err := r.CounterProposal(r.ctx, d, draft, r.counterSpec())
		refused(t, err, 500, "Failed to send response for Proposal ["+string(draft)+"]. Error: ")
		_, err = r.CounterProposal(r.ctx, d, draft, r.counterSpec())
		refused(t, err, 410, "Proposal ["+string(draft)+"] already has counter proposal.")
	})
}

// TestA07Negotiator counters with one property changed, and waits for an hour.
func TestA07Negotiator(t *testing.T) {
	in := func(d time.Duration) float64 { return float64(time.Now().Add(d).UnixMilli()) }
	for _, test := range []struct {
		name, key string
		value     func() any // nil leaves the property out
		want      string     // message of the rejection, "" for a Draft, "silence"
		final     bool
	}{
		{"as it should be", golem.PropAcceptTimeout, func() any { return 120.0 }, "", false},
		{"no platform", golem.PropChosenPlatform, nil, "Missing fields: /golem/com/payment/chosen-platform", false},
		{"mistyped expiration", golem.PropExpiration, func() any { return "soon" }, "silence", false},
		{"mistyped timeout", golem.PropAcceptTimeout, func() any { return "soon" }, "silence", false},
		{"four minutes", golem.PropExpiration, func() any { return in(4 * time.Minute) }, "Proposal expires at: …", true},
		{"an hour without a deadline", golem.PropExpiration, func() any { return in(time.Hour) }, "Proposal expires at: …", false},
		{"accept timeout too long", golem.PropAcceptTimeout, func() any { return 241.0 }, "DebitNote acceptance deadline should be less than …", true},
		{"accept timeout too short", golem.PropAcceptTimeout, func() any { return 4.0 }, "To low DebitNotes timeout: …", true},
		{"interval of two days", golem.PropDebitNoteInterval, func() any { return 2 * 86400.0 }, "Demand DebitNote interval … not in acceptable range of […; …]", true},
		{"too cheap", golem.PropPricingCoeffs, func() any { return []any{0.0, 0.0, 0.0} }, "[…] < […]", true},
		{"prices of another vector", golem.PropPricingCoeffs, func() any { return []any{1.0} }, "invalid price vector", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRequestor(t, one(devnet.Provider{}))
				d, initial := r.offer()
				spec := r.counterSpec()
				if delete(spec.Properties, test.key); test.value != nil {
					spec.Properties[test.key] = test.value()
				}
				must[golem.ProposalID](r)(r.CounterProposal(r.ctx, d, initial, spec))
				events := must[[]golem.DemandEvent](r)(r.CollectOffers(r.ctx, d, 50*time.Minute, 10))
				got, final := "silence", false
				if len(events) == 1 && events[0].Proposal != nil {
					got = ""
				} else if len(events) == 1 {
					got, final = events[0].Reason.Message, events[0].Reason.Final()
				}
				if !like(test.want, got) || final != test.final {
					t.Errorf("answer %q, final %v, want %q, %v", got, final, test.want, test.final)
				}
			})
		})
	}
	t.Run("delayed counter", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRequestor(t, one(devnet.Provider{}))
			hired := r.hire(r.publish())
			d, initial := r.offer()
			own := r.counter(d, initial)
			if e := r.next(d); e.Reason == nil || e.Reason.Message != "No capacity available. Reached Agreements limit: 1" || e.Reason.Final() {
				t.Fatalf("answer of a busy provider: %+v", e)
			}
			r.check(r.TerminateAgreement(r.ctx, hired, nil))
			if e := r.next(d); e.Proposal == nil || e.Proposal.PrevProposalID != own {
				t.Errorf("answer when it is free again: %+v, want a Draft after %s", e, own)
			}
		})
	})
}

func TestA08AgreementMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(devnet.Provider{}))
		demand := r.publish()
		late := must[golem.AgreementID](r)(r.CreateAgreement(r.ctx, r.draft(demand).ProposalID, time.Now().Add(time.Minute)))
		time.Sleep(time.Hour / 4)
		stored := func(state golem.AgreementState) int {
			return len(must[[]golem.AgreementEntry](r)(r.ListAgreements(r.ctx, golem.AgreementFilter{State: state})))
		}
		if stored(golem.AgreementProposal) != 1 || r.state(late) != golem.AgreementExpired || stored(golem.AgreementProposal) != 0 {
			t.Error("an overdue agreement expires before somebody reads it, or not then")
		}
		if types, _ := r.eventTypes(); len(types) != 0 {
			t.Errorf("events %v, want none of an expiry", types)
		}

		r.demand.Properties[golem.PropExpiration] = float64(time.Now().Add(20 * time.Minute).UnixMilli())
		id := r.propose(r.publish())
		refused(t, r.TerminateAgreement(r.ctx, id, nil), 409, "from Proposal to Terminated.")
		r.check(r.ConfirmAgreement(r.ctx, id, session))
		time.Sleep(102 * time.Millisecond)
		refused(t, r.TerminateAgreement(r.ctx, id, nil), 410, "from Approving to Terminated.")
		if got := r.state(id); got != golem.AgreementPending {
			t.Errorf("an agreement that is being approved is %s, want Pending", got)
		}
		r.check(r.WaitForApproval(r.ctx, id, time.Minute))
		g := must[golem.Agreement](r)(r.GetAgreement(r.ctx, id))
		r.check(r.TerminateAgreement(r.ctx, id, nil))
		refused(t, r.TerminateAgreement(r.ctx, id, nil), 410, "from Terminated to Terminated.")
		if e := r.next(g.Demand.DemandID); e.Proposal == nil || e.Proposal.State != golem.ProposalInitial || e.Proposal.IssuerID != g.Offer.ProviderID {
			t.Errorf("event after the termination: %+v, want a fresh Initial proposal", e)
		}
	})
}

func TestA09AgreementEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(devnet.Provider{Slots: 3}))
		var ids []golem.AgreementID
		for range 3 {
			ids = append(ids, r.propose(r.publish()))
		}
		for _, id := range ids { // in the same instant
			r.check(r.CancelAgreement(r.ctx, id, nil))
		}
		all := must[[]golem.AgreementEvent](r)(r.AgreementEvents(r.ctx, "", "", 0, 100))
		if diff := cmp.Diff(all, must[[]golem.AgreementEvent](r)(r.AgreementEvents(r.ctx, "", "", 0, 100))); diff != "" || len(all) != 3 {
			t.Fatalf("events read twice (-first +second):\n%s", diff)
		}
		for i, e := range all {
			if !like("2000-01-01T…Z", string(e.EventDate)) || len(e.EventDate) != len("2000-01-01T00:00:00.000000Z") || e.AgreementID != ids[i] {
				t.Errorf("event %d is %+v, want of %s, in order and with microseconds", i, e, ids[i])
			}
			rest := must[[]golem.AgreementEvent](r)(r.AgreementEvents(r.ctx, e.EventDate, "", 0, 100))
			if len(rest) != len(all)-i-1 {
				t.Errorf("%d events after number %d of %d", len(rest), i, len(all))
			}
		}
		r.hire(r.publish())
		if types, _ := r.eventTypes(); !slices.Equal(types, []string{golem.EventAgreementApproved}) {
			t.Errorf("events of the session %v, want the approval alone", types)
		}
	})
}
