package runner_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"tasks/golem/devnet"
	"tasks/runner"
	"tasks/runner/state"
)

// intents are the calls that create something at the daemon or pay for it. Before
// each of them the store has a row that says so, or, for a demand, the demand has
// the run's name.
var intents = []struct{ name, begins, ends string }{
	{"allocation", "/payment-api/v1/allocations", ""},
	{"demand", "/market-api/v1/demands", ""},
	{"agreement", "/market-api/v1/agreements", ""},
	{"confirmation", "/market-api/v1/agreements/", "/confirm"},
	{"activity", "/activity-api/v1/activity", ""},
	{"batch", "/activity-api/v1/activity/", "/exec"},
	{"debit note", "/payment-api/v1/debitNotes/", "/accept"},
	{"invoice", "/payment-api/v1/invoices/", "/accept"},
}

// A fatal call is the last thing of a process: the daemon hears it or not, and
// the process never knows.
type fatal struct {
	next         http.RoundTripper
	begins, ends string
	heard        bool
	leave        func()

	mu   sync.Mutex
	dead bool
}

var errGone = errors.New("the process is gone")

func (f *fatal) matches(r *http.Request) bool {
	if r.Method != http.MethodPost {
		return false
	}
	if f.ends == "" {
		return r.URL.Path == f.begins
	}
	return strings.HasPrefix(r.URL.Path, f.begins) && strings.HasSuffix(r.URL.Path, f.ends)
}

func (f *fatal) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	dead := f.dead
	f.dead = f.dead || f.matches(r)
	last := f.dead && !dead
	f.mu.Unlock()
	switch {
	case dead:
		return nil, errGone
	case !last:
		return f.next.RoundTrip(r)
	}
	defer f.leave()
	if f.heard {
		answer, err := f.next.RoundTrip(r.WithContext(context.WithoutCancel(r.Context())))
		if err == nil {
			answer.Body.Close()
		}
	}
	return nil, errGone
}

// A process that dies between an intent and its outcome leaves nothing that the
// next one does not adopt or end, and nothing is done or paid twice.
func TestCrashBetweenIntentAndOutcome(t *testing.T) {
	long(t)
	for _, intent := range intents {
		for _, heard := range []bool{false, true} {
			name := intent.name + map[bool]string{false: " never sent", true: " without an answer"}[heard]
			t.Run(name, func(t *testing.T) {
				inWorld(t, &devnet.Server{Seed: 51}, func(w *world) {
					p := w.process()
					o := p.options(w.t.Context(), "sixty", sixty)
					end := &fatal{next: o.Client.HTTP.Transport, begins: intent.begins, ends: intent.ends, heard: heard}
					end.leave = func() { close(p.hurry) }
					o.Client.HTTP.Transport = end
					_, err := runner.Run(w.t.Context(), o)
					o.Store.Close()
					if !end.dead {
						t.Fatalf("no such call was made; the run ended with %v", err)
					}
					w.mustRun("sixty", sixty, state.RunDone)
					w.wantSixty("sixty")
					w.checkBooks("sixty")
				})
			})
		}
	}
}
