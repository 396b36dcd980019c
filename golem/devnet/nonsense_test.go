package devnet_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tasks/golem/devnet"
)

// statuses are those of the protocol, and of a path with dots in it.
var statuses = []int{200, 201, 204, 301, 307, 400, 404, 405, 408, 409, 410, 413, 500, 501, 504}

// FuzzRequests sends anything to any path: no panic, and an answer with a
// status that the daemon has.
func FuzzRequests(f *testing.F) {
	for _, seed := range [][3]string{
		{"GET", "/me", ""}, {"POST", "/nothing", "{}"},
		{"POST", marketAPI + "/demands", `{"properties":{"a":{"@tag":1,"b":[{}]}},"constraints":"(&(a=1))"}`},
		{"GET", marketAPI + "/demands/" + noDemand + "/events?timeout=-1&maxEvents=-1", ""},
		{"POST", marketAPI + "/demands/" + noDemand + "/proposals/" + noProposal + "/reject", `{"message":1}`},
		{"POST", marketAPI + "/agreements", `{"proposalId":"` + noProposal + `","validTo":"x"}`},
		{"GET", marketAPI + "/agreements?state=Approved&beforeDate=2026-04-01T10:00:00Z", ""},
		{"GET", marketAPI + "/agreementEvents?timeout=NaN&afterTimestamp=9999-12-31T23:59:59Z", ""},
		{"POST", marketAPI + "/scan", `{"type":"offer","timeout":-1e300}`},
		{"POST", activityAPI + "?timeout=1e300", `"` + noAgreement + `"`},
		{"POST", activityPath(noActivity, "/exec"), `{"text":"[{\"run\":null}]"}`},
		{"GET", activityPath(noActivity, "/exec/x?commandIndex=99999999999"), ""},
		{"POST", paymentAPI + "/allocations", `{"totalAmount":"1e999999999","paymentPlatform":{"token":7}}`},
		{"PUT", paymentAPI + "/allocations/" + noUUID, `{"totalAmount":-1,"timeout":null}`},
		{"GET", paymentAPI + "/demandDecorations?allocationIds=,,", ""},
		{"GET", paymentAPI + "/invoiceEvents?timeout=0&maxEvents=0&afterTimestamp=", ""},
		{"POST", paymentAPI + "/invoices/" + noUUID + "/accept?timeout=-0.5", `{"totalAmountAccepted":"1","allocationId":""}`},
		{"POST", paymentAPI + "/batchCycle/x/now", "null"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	server := &devnet.Server{Providers: []devnet.Provider{{Name: "one"}}, Runtime: devnet.Instant(quick)}
	f.Cleanup(func() { _ = server.Close() })
	f.Fuzz(func(t *testing.T, method, target, body string) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, method, "http://devnet"+target, strings.NewReader(body))
		if err != nil {
			t.Skip()
		}
		req.Header.Set("Authorization", "Bearer "+devnet.DefaultAppKey)
		req.Header.Set("Content-Type", "application/json")
		resp, err := server.Transport().RoundTrip(req)
		if err != nil {
			if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("error: %v", err)
			}
			return
		}
		defer resp.Body.Close()
		answer, _ := io.ReadAll(resp.Body)
		if !slices.Contains(statuses, resp.StatusCode) {
			t.Errorf("status %d: %s", resp.StatusCode, answer)
		}
		if resp.Header.Get("Content-Type") == "application/json" && !json.Valid(answer) {
			t.Errorf("answer is no JSON: %s", answer)
		}
	})
}

// TestTenThousandPolls: polls that wait keep nobody else waiting.
func TestTenThousandPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, &devnet.Server{Providers: []devnet.Provider{}})
		const n = 10_000
		ended := make(chan error, n)
		for range n {
			go func() {
				_, err := r.InvoiceEvents(r.ctx, "", session, time.Hour)
				ended <- err
			}()
		}
		synctest.Wait()
		began := time.Now()
		r.publish()
		if took := time.Since(began); took != 0 || len(ended) != 0 {
			t.Errorf("publishing beside %d polls took %v, and %d polls ended", n, took, len(ended))
		}
		for range n {
			if err := <-ended; err != nil {
				t.Fatalf("poll: %v", err)
			}
		}
		if took := time.Since(began); took != time.Hour {
			t.Errorf("the polls ended after %v, want an hour", took)
		}
	})
}
