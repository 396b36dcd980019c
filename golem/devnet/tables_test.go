package devnet_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tasks/golem/devnet"
)

// Prefixes of the APIs.
const (
	marketAPI   = "/market-api/v1"
	activityAPI = "/activity-api/v1/activity"
	paymentAPI  = "/payment-api/v1"
)

// A row is one line of a table of the protocol: in this situation, this call is
// answered so. prepare brings the situation about and returns path and body; in
// the answer, … stands for anything.
type row struct {
	situation string
	method    string
	prepare   func(r *requestor) (path, body string)
	status    int
	answer    string
}

// offline is when a provider of some rows goes away.
const offline = 10 * time.Minute

// walk makes every row's call in a world of its own, of one provider that is as
// given.
func walk(t *testing.T, p devnet.Provider, rows []row) {
	t.Helper()
	walkIn(t, func() *devnet.Server { return one(p) }, rows)
}

// walkScripted is walk with commands that are as scripted says.
func walkScripted(t *testing.T, rows []row) {
	t.Helper()
	walkIn(t, scriptedServer, rows)
}

func walkIn(t *testing.T, world func() *devnet.Server, rows []row) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.situation, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRequestor(t, world())
				r.server.Inspect() // its time begins
				path, body := row.prepare(r)
				status, got := r.call(row.method, path, body)
				if status != row.status || !like(row.answer, got) {
					t.Errorf("%s %s %s\n got %d %s\nwant %d %s", row.method, path, body, status, got, row.status, row.answer)
				}
			})
		})
	}
}

// like compares text with a pattern in which … stands for anything.
func like(pattern, text string) bool {
	parts := strings.Split(pattern, "…")
	if len(parts) == 1 {
		return pattern == text
	}
	text, found := strings.CutPrefix(text, parts[0])
	for _, part := range parts[1 : len(parts)-1] {
		var ok bool
		_, text, ok = strings.Cut(text, part)
		found = found && ok
	}
	return found && strings.HasSuffix(text, parts[len(parts)-1])
}

func TestLike(t *testing.T) {
	for _, test := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"", "x", false}, {"a", "a", true}, {"a…", "abc", true}, {"…c", "abc", true}, {"a…c", "abc", true},
		{"a…c", "abcd", false}, {"a…b…d", "abcd", true}, {"a…x…d", "abcd", false}, {"b…", "abc", false}, {"ab…bc", "abc", false},
	} {
		if got := like(test.pattern, test.text); got != test.want {
			t.Errorf("like(%q, %q) = %v", test.pattern, test.text, got)
		}
	}
}
