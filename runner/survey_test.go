package runner_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/policies"
	"tasks/runner"
)

const picky = `
name: picky
payload: golem/alpine:latest
policies:
  offer:
    accept: offer.cpu.threads >= 3
    score: 'offer.price.hour > 0.3 ? nil : -offer.price.hour'
tasks: {from: [1], run: echo}
`

// A wire hears what a client calls, and stands in for a daemon that is too old
// to have scans.
type wire struct {
	next  http.RoundTripper
	calls []string
	old   bool
	after func() // when a call has been answered, or nil
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/market-api/v1/"), "/")
	call := r.Method + " " + path[0]
	if len(path) < 3 {
		w.calls = append(w.calls, call)
	}
	if w.old && path[0] == "scan" {
		return &http.Response{StatusCode: http.StatusNotFound, Request: r, Body: io.NopCloser(&bytes.Buffer{})}, nil
	}
	answer, err := w.next.RoundTrip(r)
	if w.after != nil {
		w.after()
	}
	return answer, err
}

// survey looks at the market of w through a wire, with more options.
func (w *world) survey(ctx context.Context, document string, over *wire, more ...func(*runner.SurveyOptions)) (runner.Survey, error) {
	o := w.process().options(w.t.Context(), "survey", document)
	defer o.Store.Close()
	over.next = o.Client.HTTP.Transport
	o.Client.HTTP = &http.Client{Transport: over}
	s := runner.SurveyOptions{
		Store: o.Store, Spec: o.Spec, Policies: o.Policies, Client: o.Client, Run: policies.Run{Name: "survey"},
	}
	for _, change := range more {
		change(&s)
	}
	return runner.TakeSurvey(ctx, s)
}

// leftNothing checks that the daemon is as it was before.
func (w *world) leftNothing() {
	w.t.Helper()
	is := w.srv.Inspect()
	if is.Demands != 0 || len(is.Allocations) != 0 || len(is.Agreements) != 0 || len(is.Live) != 0 {
		w.t.Errorf("left at the daemon: %d demands, %d allocations, %d agreements, %d activities",
			is.Demands, len(is.Allocations), len(is.Agreements), len(is.Live))
	}
}

// The same offers are found either way, judged as a run would, and nothing stays
// at the daemon.
func TestSurvey(t *testing.T) {
	for _, tt := range []struct {
		asked string
		calls []string
	}{
		{runner.AskedScan, []string{"POST scan", "DELETE scan"}},
		{runner.AskedDemand, []string{"POST scan", "POST demands", "DELETE demands"}},
	} {
		t.Run(tt.asked, func(t *testing.T) {
			inWorld(t, &devnet.Server{Seed: 18}, func(w *world) {
				over := &wire{old: tt.asked == runner.AskedDemand}
				got, err := w.survey(w.t.Context(), picky, over)
				if err != nil {
					t.Fatal(err)
				}
				if got.Asked != tt.asked || len(got.Offers) != 12 {
					t.Errorf("asked by %s, %d offers; want %s, 12", got.Asked, len(got.Offers), tt.asked)
				}
				checkRulings(t, got.Offers)
				w.leftNothing()
				calls := slices.DeleteFunc(over.calls, func(c string) bool { return strings.HasPrefix(c, "GET ") })
				if !slices.Equal(calls, tt.calls) {
					t.Errorf("calls %q, want %q", calls, tt.calls)
				}
			})
		})
	}
}

// Of a market that is larger than one page the best offers are kept, without those
// of a provider that is left out.
func TestSurveyKeepsTheBest(t *testing.T) {
	providers := devnet.DrawProviders(18, 250)
	inWorld(t, &devnet.Server{Seed: 18, Providers: providers}, func(w *world) {
		all, err := w.survey(w.t.Context(), picky, &wire{})
		if err != nil {
			t.Fatal(err)
		}
		best := all.Offers[0].Offer.Provider.ID
		got, err := w.survey(w.t.Context(), picky, &wire{}, func(o *runner.SurveyOptions) {
			o.Keep, o.Skip = 3, func(id golem.NodeID) bool { return string(id) == best }
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(all.Offers) != 250 || len(got.Offers) != 3 {
			t.Fatalf("%d offers, %d of them kept; want 250 and 3", len(all.Offers), len(got.Offers))
		}
		for i, o := range got.Offers {
			if want := all.Offers[i+1]; o.Offer.ID != want.Offer.ID {
				t.Errorf("kept %s (%v) in place %d, want %s (%v)", o.Offer.ID, o.Score, i, want.Offer.ID, want.Score)
			}
		}
	})
}

// checkRulings holds offers to what picky says of them.
func checkRulings(t *testing.T, offers []runner.Surveyed) {
	t.Helper()
	counts := map[string]int{}
	for i, o := range offers {
		want := ""
		switch {
		case o.Offer.CPU.Threads < 3:
			want = policies.PolicyAccept
		case o.Offer.Price.Hour > 0.3:
			want = policies.PolicyScore
		}
		counts[o.Rule]++
		if o.Rule != want || (o.Why == "") != (want == "") {
			t.Errorf("offer of %s: rejected by %q (%q), want %q", o.Offer.Provider.Name, o.Rule, o.Why, want)
		}
		if i > 0 && o.Rule == "" && (offers[i-1].Rule != "" || offers[i-1].Score < o.Score) {
			t.Errorf("offer %d is out of order", i)
		}
	}
	if counts[""] == 0 || counts[policies.PolicyAccept] == 0 || counts[policies.PolicyScore] == 0 {
		t.Errorf("rulings %v: the market does not try every rule", counts)
	}
}

// A survey that is interrupted takes back its demand all the same.
func TestSurveyInterrupted(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 18}, func(w *world) {
		ctx, cancel := context.WithCancel(w.t.Context())
		defer cancel()
		over := &wire{old: true}
		over.after = func() {
			if over.calls[len(over.calls)-1] == "POST demands" {
				cancel()
			}
		}
		if _, err := w.survey(ctx, picky, over); !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v, want canceled", err)
		}
		w.leftNothing()
	})
}

func TestSurveyWithoutADaemon(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 18}, func(w *world) {
		o := w.process().options(w.t.Context(), "survey", picky)
		defer o.Store.Close()
		o.Client = &golem.Client{BaseURL: "http://devnet", AppKey: "wrong", HTTP: w.srv.Client()}
		_, err := runner.TakeSurvey(w.t.Context(), runner.SurveyOptions{Spec: o.Spec, Policies: o.Policies, Client: o.Client})
		if !errors.Is(err, runner.ErrDaemon) {
			t.Errorf("err = %v, want ErrDaemon", err)
		}
	})
}
