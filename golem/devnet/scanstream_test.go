package devnet_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tasks/golem/devnet"
)

// TestScanAsEvents reads the offers of a scan as golem-js does, which knows no
// other way: as events of a stream that stays open.
func TestScanAsEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, &devnet.Server{Providers: []devnet.Provider{{Name: "one"}, {Name: "two"}, {Name: "gone", OfflineAfter: -1}}})
		r.expect("POST", "/market-api/v1/scan", `{"type":"offer"}`, 201, `"1"`)
		ctx, cancel := context.WithTimeout(r.ctx, time.Minute)
		defer cancel()
		began := time.Now()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://devnet/market-api/v1/scan/1/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+devnet.DefaultAppKey)
		req.Header.Set("Accept", "text/event-stream")
		resp, err := r.server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if got := resp.Header.Get("Content-Type"); resp.StatusCode != 200 || got != "text/event-stream" {
			t.Fatalf("GET = %d %s, want an event stream", resp.StatusCode, got)
		}
		var names []string
		lines := bufio.NewScanner(resp.Body)
		for lines.Scan() {
			for _, name := range []string{"one", "two", "gone"} {
				if strings.HasPrefix(lines.Text(), "data: ") && strings.Contains(lines.Text(), `"golem.node.id.name":"`+name+`"`) {
					names = append(names, name)
				}
			}
		}
		if got := strings.Join(names, " "); got != "one two" {
			t.Errorf("offers of %q, want those of one and two", got)
		}
		if took := time.Since(began); took != time.Minute {
			t.Errorf("the stream ended after %v, want with its reader after 1m", took)
		}
		r.expect("GET", "/market-api/v1/scan/1/events?timeout=1", "", 200, "[]")
		r.expect("DELETE", "/market-api/v1/scan/1", "", 204, "")
	})
}

// TestImageInfo looks an image up by tag and by hash.
func TestImageInfo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, &devnet.Server{})
		const hash = "9a3b5d67b0b27746283cb5f287c13eab1beaa12d92a9f536b747c7ae"
		r.expect("GET", "/v1/image/info?count=true&hash="+hash, "", 200, `{"sha3":"`+hash+`"`)
		r.expect("GET", "/v1/image/info?tag=golem/alpine:latest", "", 200, `/images/`)
		r.expect("GET", "/v1/image/info?count=true", "", 400, "missing field")
	})
}
