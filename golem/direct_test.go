package golem_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tasks/golem"
)

// served returns a client of a daemon behind real connections, and how many of
// them were made so far.
func served(t *testing.T, h http.HandlerFunc) (*golem.Client, *atomic.Int64) {
	t.Helper()
	var made atomic.Int64
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			made.Add(1)
		}
	}
	srv.Start()
	c := &golem.Client{BaseURL: srv.URL + "/yagna/", AppKey: testKey}
	t.Cleanup(srv.Close)
	t.Cleanup(c.CloseIdleConnections)
	return c, &made
}

const finished = `[{"index":0,"result":"Ok","stdout":"%s","isBatchFinished":true,"eventDate":"2026-01-02T03:04:05Z"}]`

// TestCallsOfTasksShareConnections sends what a worker sends, and looks at what
// the daemon gets.
func TestCallsOfTasksShareConnections(t *testing.T) {
	long := strings.Repeat("x", 32<<10) // is sent in chunks
	c, made := served(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer "+testKey {
			t.Errorf("Authorization is %q", got)
		}
		switch r.Method + " " + r.URL.RequestURI() {
		case "POST /yagna/activity-api/v1/activity/a%2Fb/exec?timeout=5":
			if got := r.Header.Get("Content-Type"); got != "application/json" {
				t.Errorf("Content-Type is %q", got)
			}
			fmt.Fprint(w, `"batch"`)
		case "GET /yagna/activity-api/v1/activity/a%2Fb/exec/batch?timeout=5":
			fmt.Fprintf(w, finished, long)
		default:
			t.Errorf("unexpected %s %s", r.Method, r.URL)
		}
	})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				batch, err := c.Exec(t.Context(), "a/b", []golem.Command{{Run: &golem.Run{EntryPoint: "true"}}}, 5*time.Second)
				if err != nil {
					t.Error(err)
					return
				}
				results, err := c.BatchResults(t.Context(), "a/b", batch, 5*time.Second)
				if err != nil || string(results[0].Stdout) != long {
					t.Errorf("results: %v, %d of %d bytes", err, len(results[0].Stdout), len(long))
				}
			}
		})
	}
	wg.Wait()
	if n := made.Load(); n > 4 {
		t.Errorf("%d connections for four callers", n)
	}
}

// TestDirectCallEnds waits for a daemon that gives no answer.
func TestDirectCallEnds(t *testing.T) {
	stop := make(chan struct{})
	c, made := served(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(stop) })
	given := errors.New("given up")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(20*time.Millisecond, func() { cancel(given) })
	if _, err := c.BatchResults(ctx, "a", "b", time.Minute); !errors.Is(err, given) {
		t.Errorf("a call that is given up ends with %v", err)
	}
	if _, err := c.BatchResults(ctx, "a", "b", time.Minute); !errors.Is(err, given) {
		t.Errorf("a call after that ends with %v", err)
	}
	if n := made.Load(); n > 2 {
		t.Errorf("%d connections", n)
	}
}

// TestDirectCallAfterTheDaemonHungUp has a daemon that closes connections, with
// and without saying so.
func TestDirectCallAfterTheDaemonHungUp(t *testing.T) {
	for name, header := range map[string]string{"says so": "close", "goes away": "keep-alive"} {
		t.Run(name, func(t *testing.T) {
			var conns []net.Conn
			var mu sync.Mutex
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Connection", header)
				fmt.Fprintf(w, finished, "")
			}))
			srv.Config.ConnState = func(conn net.Conn, s http.ConnState) {
				mu.Lock()
				defer mu.Unlock()
				if s == http.StateNew {
					conns = append(conns, conn)
				}
			}
			srv.Start()
			defer srv.Close()
			client := &golem.Client{BaseURL: srv.URL}
			defer client.CloseIdleConnections()
			for i := range 3 {
				if _, err := client.BatchResults(t.Context(), "a", "b", time.Second); err != nil {
					t.Fatalf("call %d: %v", i, err)
				}
				mu.Lock()
				for _, conn := range conns {
					conn.Close()
				}
				mu.Unlock()
			}
			if len(conns) != 3 {
				t.Errorf("%d connections, want one for each call", len(conns))
			}
		})
	}
}

func TestDirectCallToNobody(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	c := &golem.Client{BaseURL: "http://" + listener.Addr().String()}
	if _, err := c.BatchResults(t.Context(), "a", "b", time.Second); !golem.IsUnreachable(err) {
		t.Errorf("error is %v, want one that IsUnreachable", err)
	}
}
