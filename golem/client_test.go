package golem_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
)

const testKey = "8f4cbf1fa54a4f0d8f0a3b1f2e9c7d11"

// An exchange is one call of the client: what it must send, what the daemon
// answers, and what must come out.
type exchange struct {
	name   string
	call   func(ctx context.Context, c *golem.Client) (any, error)
	method string
	uri    string // path and query
	body   string // JSON, "" for none
	status int
	answer string
	want   any
}

// none makes a call without a value out of one that has only an error.
func none(err error) (any, error) { return nil, err }

func runExchanges(t *testing.T, exchanges []exchange) {
	t.Helper()
	for _, x := range exchanges {
		t.Run(x.name, func(t *testing.T) {
			calls := 0
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls++
				checkRequest(t, x, r)
				w.WriteHeader(x.status)
				io.WriteString(w, x.answer)
			}))
			defer srv.Close()
			c := &golem.Client{BaseURL: srv.URL, AppKey: testKey}
			defer c.CloseIdleConnections()
			got, err := x.call(t.Context(), c)
			if err != nil {
				t.Fatalf("error: %v", err)
			}
			if diff := cmp.Diff(x.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			if calls != 1 {
				t.Errorf("made %d HTTP calls, want 1", calls)
			}
		})
	}
}

func checkRequest(t *testing.T, x exchange, r *http.Request) {
	if r.Method != x.method || r.URL.RequestURI() != x.uri {
		t.Errorf("request\n got %s %s\nwant %s %s", r.Method, r.URL.RequestURI(), x.method, x.uri)
	}
	if got, want := r.Header.Get("Authorization"), "Bearer "+testKey; got != want {
		t.Errorf("Authorization = %q, want %q", got, want)
	}
	wantType := ""
	if r.Method == http.MethodPost || r.Method == http.MethodPut {
		wantType = "application/json"
	}
	if got := r.Header.Get("Content-Type"); got != wantType {
		t.Errorf("Content-Type = %q, want %q", got, wantType)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Errorf("read body: %v", err)
	}
	if x.body == "" || len(body) == 0 {
		if string(body) != x.body {
			t.Errorf("body = %q, want %q", body, x.body)
		}
		return
	}
	if diff := cmp.Diff(parseJSON(t, x.body), parseJSON(t, string(body))); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

func parseJSON(t *testing.T, s string) any {
	var v any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Errorf("no JSON: %v: %s", err, s)
	}
	return v
}

func TestDaemon(t *testing.T) {
	runExchanges(t, []exchange{
		{
			name:   "Me",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.Me(ctx) },
			method: "GET", uri: "/me",
			status: 200, answer: `{"identity":"0x06d7","name":"tasks","role":"manager"}`,
			want: golem.Identity{Identity: "0x06d7", Name: "tasks", Role: "manager"},
		},
		{
			name:   "Version with naive times",
			call:   func(ctx context.Context, c *golem.Client) (any, error) { return c.Version(ctx) },
			method: "GET", uri: "/version/get",
			status: 200,
			answer: `{"current":{"version":"0.17.6","name":"v0.17.6 Example","seen":true,
			         "releaseTs":"2026-03-28T10:00:00","insertionTs":"2026-03-29T08:00:00","updateTs":null},"pending":null}`,
			want: golem.VersionInfo{Current: golem.Release{Version: "0.17.6", Name: "v0.17.6 Example", Seen: true,
				ReleaseTs: "2026-03-28T10:00:00", InsertionTs: "2026-03-29T08:00:00"}},
		},
	})
}

func TestVersionAtLeast(t *testing.T) {
	for _, tc := range []struct {
		have                string
		major, minor, patch int
		want                bool
	}{
		{"0.17.6", 0, 17, 6, true},
		{"0.17.6", 0, 17, 7, false},
		{"0.17.6", 0, 15, 9, true},
		{"0.17.6", 1, 0, 0, false},
		{"v0.15.2", 0, 15, 2, true},
		{"0.16.0-rc3", 0, 16, 0, true},
		{"0.16.0+build-9", 0, 16, 1, false},
		{"1.0", 0, 99, 99, true},
		{"0.10.0", 0, 9, 0, true},
		{"", 0, 0, 0, false},
		{"nightly", 0, 0, 0, false},
		{"0.1.2.3", 0, 0, 0, false},
	} {
		v := golem.VersionInfo{Current: golem.Release{Version: tc.have}}
		if got := v.AtLeast(tc.major, tc.minor, tc.patch); got != tc.want {
			t.Errorf("%q.AtLeast(%d, %d, %d) = %t, want %t", tc.have, tc.major, tc.minor, tc.patch, got, tc.want)
		}
	}
}

func TestBaseURLWithSlash(t *testing.T) {
	var path string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { path = r.URL.Path }))
	defer srv.Close()
	c := &golem.Client{BaseURL: srv.URL + "/", HTTP: srv.Client()}
	if err := c.DeleteDemand(t.Context(), "a/b?c"); err != nil {
		t.Fatal(err)
	}
	if want := "/market-api/v1/demands/a/b?c"; path != want {
		t.Errorf("path = %q, want %q", path, want)
	}
}

func TestEmptyIdentifierIsRefusedBeforeTheCall(t *testing.T) {
	c := &golem.Client{HTTP: &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
		t.Error("a call was made")
		return nil, io.EOF
	})}}
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"DeleteDemand":    func() error { return c.DeleteDemand(ctx, "") },
		"GetProposal":     func() error { _, err := c.GetProposal(ctx, "d", ""); return err },
		"CreateAgreement": func() error { _, err := c.CreateAgreement(ctx, "", epoch); return err },
		"CreateActivity":  func() error { _, err := c.CreateActivity(ctx, "", 0); return err },
		"Activities":      func() error { _, err := c.Activities(ctx, ""); return err },
		"DestroyActivity": func() error { return c.DestroyActivity(ctx, "", 0) },
		"BatchResults":    func() error { _, err := c.BatchResults(ctx, "a", "", 0); return err },
		"GetInvoice":      func() error { _, err := c.GetInvoice(ctx, ""); return err },
		"Exec of nothing": func() error { _, err := c.Exec(ctx, "a", nil, 0); return err },
	} {
		if err := call(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// endless is as much of an answer as anybody reads.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestAnswersAreBounded(t *testing.T) {
	c := through(func(*http.Request) (*http.Response, error) {
		r := response(200, "")
		r.Body = io.NopCloser(io.LimitReader(endless{}, 1<<30))
		return r, nil
	})
	if _, err := c.Me(t.Context()); err == nil || !strings.Contains(err.Error(), "larger than 64 MiB") {
		t.Errorf("error is %v, want one that says the answer is too large", err)
	}
}

// TestConnectionsAreKept makes many calls at once, twice: the second time there
// is a connection for each of them.
func TestConnectionsAreKept(t *testing.T) {
	const calls = 20
	var together sync.WaitGroup
	var opened atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		together.Done()
		together.Wait()
		io.WriteString(w, `{}`)
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	srv.Start()
	defer srv.Close()
	c := &golem.Client{BaseURL: srv.URL}
	defer c.CloseIdleConnections()
	for range 2 {
		together.Add(calls)
		var done sync.WaitGroup
		for range calls {
			done.Go(func() {
				if _, err := c.Me(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		done.Wait()
	}
	if got := opened.Load(); got != calls {
		t.Errorf("opened %d connections for two rounds of %d calls", got, calls)
	}
}

func TestAnswerWithoutIdentifier(t *testing.T) {
	for _, answer := range []string{"", "null", `""`} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, answer) }))
		c := &golem.Client{BaseURL: srv.URL, HTTP: srv.Client()}
		if id, err := c.PublishDemand(t.Context(), golem.DemandSpec{}); err == nil {
			t.Errorf("answer %q: PublishDemand = %q without an error", answer, id)
		}
		srv.Close()
	}
}
