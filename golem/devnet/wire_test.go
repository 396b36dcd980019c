package devnet_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
)

// call makes a request with the key, and a JSON body unless it is "".
func (r *requestor) call(method, path, body string) (status int, answer string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.ctx, method, "http://devnet"+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+devnet.DefaultAppKey)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return r.send(req)
}

func (r *requestor) send(req *http.Request) (status int, answer string) {
	r.t.Helper()
	resp, err := r.server.Client().Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// expect checks status and a part of the body; "" wants an empty body.
func (r *requestor) expect(method, path, body string, status int, part string) {
	r.t.Helper()
	gotStatus, got := r.call(method, path, body)
	if gotStatus != status || !strings.Contains(got, part) || part == "" && got != "" {
		r.t.Errorf("%s %s %s = %d %q, want %d with %q", method, path, body, gotStatus, got, status, part)
	}
}

// refused checks that an error is the daemon's, with status and text.
func refused(t testing.TB, err error, status int, part string) {
	t.Helper()
	if golem.StatusOf(err) != status || !strings.Contains(err.Error(), part) {
		t.Errorf("error = %v, want %d with %q", err, status, part)
	}
}

func TestAuthorization(t *testing.T) {
	r := newRequestor(t, &devnet.Server{})
	for _, test := range []struct {
		name, path, key string
		status          int
		body            string
	}{
		{"missing", "/me", "", 401, "Missing application key"},
		{"wrong", "/me", "Bearer nonsense", 401, "Invalid application key"},
		{"not a bearer", "/me", "Basic ZGV2bmV0", 401, "Missing application key"},
		{"before routing", "/no/such/path", "", 401, "Missing application key"},
		{"unknown path", "/no/such/path", "Bearer devnet", 404, ""},
		{"known path", "/me?x=1", "Bearer devnet", 200, `"role":"manager"`},
		{"in the query", "/me?authToken=devnet", "", 200, `"identity":"0x`},
		{"version is open", "/version/get", "", 200, `"pending":null`},
		{"health", "/healthcheck", "Bearer devnet", 200, `{"status":"ok"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			req := httptest.NewRequest(http.MethodGet, "http://devnet"+test.path, nil)
			req.RequestURI = ""
			if test.key != "" {
				req.Header.Set("Authorization", test.key)
			}
			status, body := r.send(req)
			if status != test.status || !strings.Contains(body, test.body) || test.body == "" && body != "" {
				t.Errorf("GET %s = %d %q, want %d with %q", test.path, status, body, test.status, test.body)
			}
		})
	}
}

const (
	noDemand    = "4ce8765e720c576f6f5a34ca380b3de5-a7e5d3a1f8053d0d72e9b019239ca5ad14bf16a1649fbbdfb619c5f460742f49"
	noProposal  = "R-b5e10a8eeeaf9665d9a552201e132420078957061731991ef8b27cc696d75a77"
	noAgreement = "0e91b4445ec8c5372d58ee82b1164445aa0187d6ea1d1420b660d3a78800d913"
	noUUID      = "78de51ed-3440-489e-bc52-84c2c781ba14"
	noActivity  = "1eff08da52126ffc6c719451701917af"
)

func TestRefusals(t *testing.T) {
	r := newRequestor(t, &devnet.Server{Providers: []devnet.Provider{}})
	r.allocate("1")
	demand := string(r.publish())
	const m, a, p = "/market-api/v1", "/activity-api/v1", "/payment-api/v1"
	for _, test := range []struct {
		name, method, path, body string
		status                   int
		part                     string
	}{
		{"market json", "POST", m + "/demands", `{"properties":`, 400, `{"message":"Json deserialize error: `},
		{"market event limit", "GET", m + "/demands/" + demand + "/events?maxEvents=101", "", 400, "Invalid maxEvents '101', should be between 1 and 100."},
		{"market timeout", "GET", m + "/demands/" + demand + "/events?timeout=soon", "", 400, "Query deserialize error: "},
		{"market negative timeout", "GET", m + "/demands/" + demand + "/events?timeout=-3", "", 200, "[]"},
		{"demand id", "GET", m + "/demands/xyz/events", "", 400, "Path deserialize error: Id [xyz]"},
		{"demand unknown", "DELETE", m + "/demands/" + noDemand, "", 404, "Demand [" + noDemand + "] not found."},
		{"collect unknown", "GET", m + "/demands/" + noDemand + "/events", "", 404, "Subscription [" + noDemand + "] not found. Could be unsubscribed."},
		{"proposal of a provider", "GET", m + "/demands/" + demand + "/proposals/P" + noProposal[1:], "", 400, "has invalid owner type."},
		{"proposal unknown", "GET", m + "/demands/" + demand + "/proposals/" + noProposal, "", 404, "Proposal [" + noProposal + "] not found (subscription [" + demand + "])."},
		{"reject unknown", "POST", m + "/demands/" + demand + "/proposals/" + noProposal + "/reject", "null", 500, "not found"},
		{"reject without body", "POST", m + "/demands/" + demand + "/proposals/" + noProposal + "/reject", "", 400, "Json deserialize error"},
		{"agreement of unknown", "POST", m + "/agreements", `{"proposalId":"` + noProposal + `","validTo":"2030-01-01T00:00:00Z"}`, 400, "not found"},
		{"agreement of nonsense", "POST", m + "/agreements", `{"proposalId":"x","validTo":"2030-01-01T00:00:00Z"}`, 400, "has invalid format"},
		{"agreement unknown", "GET", m + "/agreements/" + noAgreement, "", 404, "Agreement [" + noAgreement + "] not found."},
		{"agreement malformed", "GET", m + "/agreements/R-" + noAgreement, "", 400, "Path deserialize error"},
		{"terminate unknown", "POST", m + "/agreements/" + noAgreement + "/terminate", "null", 404, "not found"},
		{"terminate without message", "POST", m + "/agreements/" + noAgreement + "/terminate", `{"golem.requestor.code":"x"}`, 400, "missing field `message`"},
		{"agreement state", "GET", m + "/agreements?state=Done", "", 400, "Query deserialize error"},
		{"unknown session", "GET", m + "/agreementEvents?timeout=0&appSessionId=none", "", 200, "[]"},
		{"raw plus in a time", "GET", m + "/agreementEvents?timeout=0&afterTimestamp=2026-04-01T10:00:00+00:00", "", 400, "Query deserialize error"},
		{"activity unknown", "GET", a + "/activity/" + noActivity + "/state", "", 500, "DAO error: Not found: agreement id for activity: " + noActivity},
		{"destroy unknown", "DELETE", a + "/activity/" + noActivity, "", 500, "DAO error: Not found"},
		{"create for unknown", "POST", a + "/activity", `"` + noAgreement + `"`, 404, "Not found: " + noAgreement},
		{"activity json", "POST", a + "/activity", `{"agreementId`, 400, "Json deserialize error"},
		{"allocation malformed", "POST", p + "/allocations", `{"totalAmount":"much"}`, 400, "Json deserialize error"},
		{"allocation platform", "POST", p + "/allocations", `{"totalAmount":"1","paymentPlatform":"erc20-rinkeby-tglm"}`, 400, "Payment platform doesn't parse"},
		{"allocation in the past", "POST", p + "/allocations", `{"totalAmount":"1","timeout":"2020-01-01T00:00:00Z"}`, 400, "validation-error/timeout-passed"},
		{"allocation too big", "POST", p + "/allocations", `{"totalAmount":1000.5}`, 400, `"instance":"/payment-api/v1/allocations/validation-error/insufficient-account-funds"`},
		{"allocation unknown", "GET", p + "/allocations/" + noUUID, "", 404, `{"message":null}`},
		{"release unknown", "DELETE", p + "/allocations/" + noUUID, "", 404, "not found"},
		{"decorations of unknown", "GET", p + "/demandDecorations?allocationIds=" + noUUID, "", 404, `{"message":null}`},
		{"debit note unknown", "GET", p + "/debitNotes/" + noUUID, "", 404, `{"message":null}`},
		{"accept unknown", "POST", p + "/debitNotes/" + noUUID + "/accept", `{"totalAmountAccepted":"1","allocationId":"x"}`, 404, `{"message":null}`},
		{"accept without amount", "POST", p + "/invoices/" + noUUID + "/accept", `{"allocationId":"x"}`, 400, "missing field"},
		{"reject a debit note", "POST", p + "/debitNotes/" + noUUID + "/reject", `{}`, 501, `{"message":null}`},
		{"payments of a debit note", "GET", p + "/debitNotes/" + noUUID + "/payments", "", 501, `{"message":null}`},
		{"payment unknown", "GET", p + "/payments/" + noUUID, "", 404, `{"message":null}`},
		{"no payments", "GET", p + "/payments?timeout=0", "", 200, "[]"},
		{"payment driver", "GET", p + "/payments/status", "", 200, "[]"},
		{"cycle", "GET", p + "/batchCycle/erc20-hoodi-tglm", "", 200, `"intervalSec":300`},
		{"scan constraint", "POST", m + "/scan", `{"type":"offer","constraints":"(a="}`, 400, "Invalid constraints"},
		{"scan unknown", "GET", m + "/scan/77/events", "", 404, "not found"},
	} {
		t.Run(test.name, func(t *testing.T) {
			sub := *r
			sub.t = t
			sub.expect(test.method, test.path, test.body, test.status, test.part)
		})
	}
}

func TestContentType(t *testing.T) {
	r := newRequestor(t, &devnet.Server{})
	req := httptest.NewRequest(http.MethodPost, "http://devnet/payment-api/v1/allocations", strings.NewReader(`{"totalAmount":"1"}`))
	req.RequestURI = ""
	req.Header.Set("Authorization", "Bearer devnet")
	if status, body := r.send(req); status != 400 || !strings.HasPrefix(body, "Content type error") {
		t.Errorf("POST without a content type = %d %q, want 400 in plain text", status, body)
	}
}

func TestNegativePaymentTimeoutBreaksTheConnection(t *testing.T) {
	r := newRequestor(t, &devnet.Server{})
	req, _ := http.NewRequestWithContext(r.ctx, http.MethodGet, "http://devnet/payment-api/v1/invoiceEvents?timeout=-1&authToken=devnet", nil)
	_, err := r.server.Client().Do(req)
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("negative timeout: error = %v, want a connection that was reset", err)
	}
}

func TestCloseBreaksPollsAndRefusesConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, &devnet.Server{Providers: []devnet.Provider{}})
		demand := r.publish()
		polls := make(chan error, 3)
		for range cap(polls) {
			go func() {
				_, err := r.CollectOffers(r.ctx, demand, time.Hour, 10)
				polls <- err
			}()
		}
		synctest.Wait()
		r.check(r.server.Close())
		for range cap(polls) {
			if err := <-polls; !golem.IsUnreachable(err) {
				t.Errorf("poll ended with %v, want a broken connection", err)
			}
		}
		if _, err := r.Me(r.ctx); !golem.IsUnreachable(err) {
			t.Errorf("Me() after Close: error = %v, want unreachable", err)
		}
	})
}

func TestPollEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, &devnet.Server{Providers: []devnet.Provider{{Name: "one"}}, Timings: steady()})
		demand := r.publish()
		ctx, cancel := context.WithTimeout(r.ctx, 10*time.Millisecond)
		defer cancel()
		if _, err := r.CollectOffers(ctx, demand, time.Minute, 10); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("CollectOffers() error = %v, want the deadline", err)
		}
		if got := r.next(demand); got.Proposal == nil {
			t.Errorf("event after a poll that was given up is %+v, want the proposal", got)
		}
	})
}

// TestOverTheNetwork serves a real listener, as the devnet command does.
func TestOverTheNetwork(t *testing.T) {
	server := &devnet.Server{Seed: 3, Timings: steady()}
	web := httptest.NewServer(server)
	defer web.Close()
	defer server.Close()
	client := &golem.Client{BaseURL: web.URL, AppKey: devnet.DefaultAppKey}
	defer client.CloseIdleConnections()
	if _, err := client.Me(t.Context()); err != nil {
		t.Fatal(err)
	}
	demand, err := client.PublishDemand(t.Context(), golem.DemandSpec{
		Properties:  golem.Properties{golem.PropExpiration: float64(time.Now().Add(time.Hour).UnixMilli()), golem.PropSubnet: "public"},
		Constraints: "(&)",
	})
	if err != nil {
		t.Fatal(err)
	}
	events, err := client.CollectOffers(t.Context(), demand, 5*time.Second, 100)
	if err != nil || len(events) == 0 {
		t.Errorf("CollectOffers() = %d events, %v, want some", len(events), err)
	}
}

// countNoteEvents asks for debit note events of some kinds, by the header.
func (r *requestor) countNoteEvents(query, kinds string) int {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.ctx, http.MethodGet, "http://devnet/payment-api/v1/debitNoteEvents?timeout=0&authToken=devnet"+query, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	if kinds != "" {
		req.Header.Set("X-Requestor-Events", kinds)
	}
	_, body := r.send(req)
	return strings.Count(body, "debitNoteId")
}
