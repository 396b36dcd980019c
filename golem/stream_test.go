package golem_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
)

// A script answers one poll after another and notes when each came and with
// which cursor. After its end it answers like a daemon with nothing new.
type script struct {
	answers []string // bodies; "!" and a text for an error that takes 0.3 s
	seen    []string // second of the poll, cursor
	began   time.Time
}

func newScript(answers ...string) *script { return &script{answers: answers, began: time.Now()} }

func (s *script) roundTrip(r *http.Request) (*http.Response, error) {
	q := r.URL.Query()
	s.seen = append(s.seen, strings.TrimSpace(fmt.Sprintf("%.1fs %s", time.Since(s.began).Seconds(), q.Get("afterTimestamp"))))
	if q.Has("maxEvents") && strings.Contains(r.URL.Path, "payment-api") {
		return response(400, "maxEvents starves payment events"), nil
	}
	if len(s.answers) == 0 {
		select {
		case <-time.After(15 * time.Second):
			return response(200, "[]"), nil
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	answer := s.answers[0]
	s.answers = s.answers[1:]
	if _, isError := strings.CutPrefix(answer, "!"); isError {
		time.Sleep(300 * time.Millisecond)
		return response(500, answer), nil
	}
	return response(200, answer), nil
}

// collect reads a stream until ctx ends or it has n items.
func collect[E any](events iter.Seq2[E, error], n int, name func(E) string) []string {
	var got []string
	for e, err := range events {
		if err != nil {
			got = append(got, "error")
		} else {
			got = append(got, name(e))
		}
		if len(got) == n {
			break
		}
	}
	return got
}

func noteEvent(id, date string) string {
	return `{"debitNoteId":"` + id + `","invoiceId":"` + id + `","agreementId":"` + id + `","proposalId":"` + id + `",
	         "eventType":"ProposalRejectedEvent","eventDate":"` + date + `"}`
}

func TestStreamKeepsTheCursorAsItIs(t *testing.T) {
	const first, second = "2026-04-01T10:00:01.5Z", "2026-04-01T10:00:02.123456789+00:00"
	events := "[" + noteEvent("a", first) + "," + noteEvent("b", second) + "]"
	for _, tc := range []struct {
		name string
		read func(context.Context, *golem.Client) []string
	}{
		{"debit notes", func(ctx context.Context, c *golem.Client) []string {
			return collect(c.DebitNoteStream(ctx, "2026-01-01T00:00:00Z", "s"), 9, func(e golem.DebitNoteEvent) string { return string(e.DebitNoteID) })
		}},
		{"invoices", func(ctx context.Context, c *golem.Client) []string {
			return collect(c.InvoiceStream(ctx, "2026-01-01T00:00:00Z", "s"), 9, func(e golem.InvoiceEvent) string { return string(e.InvoiceID) })
		}},
		{"agreements", func(ctx context.Context, c *golem.Client) []string {
			return collect(c.AgreementStream(ctx, "2026-01-01T00:00:00Z", "s"), 9, func(e golem.AgreementEvent) string { return string(e.AgreementID) })
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
				defer cancel()
				s := newScript(events)
				if diff := cmp.Diff([]string{"a", "b"}, tc.read(ctx, through(s.roundTrip))); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
				want := []string{"0.0s 2026-01-01T00:00:00Z", "0.0s " + second, "15.0s " + second, "30.0s " + second}
				if diff := cmp.Diff(want, s.seen); diff != "" {
					t.Errorf("polls (-want +got):\n%s", diff)
				}
				if got := time.Since(s.began); got != 40*time.Second {
					t.Errorf("ended after %v, want with its context after 40s", got)
				}
			})
		})
	}
}

func TestStreamDoesNotHurry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		s := newScript("[]", "[]", "!down", "["+noteEvent("a", "2026-04-01T10:00:01Z")+"]", "!down")
		got := collect(scripted(s).DebitNoteStream(ctx, "", ""), 9, func(e golem.DebitNoteEvent) string { return string(e.DebitNoteID) })
		if diff := cmp.Diff([]string{"error", "a", "error"}, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		const cursor = "2026-04-01T10:00:01Z"
		want := []string{"0.0s", "1.0s", "2.0s", "3.3s", "3.3s " + cursor, "4.6s " + cursor}
		if diff := cmp.Diff(want, s.seen); diff != "" {
			t.Errorf("polls (-want +got):\n%s", diff)
		}
	})
}

func scripted(s *script) *golem.Client { return through(s.roundTrip) }

func TestStreamEndsWithItsConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, answers := range [][]string{{"!down"}, {"[" + noteEvent("a", "2026-04-01T10:00:01Z") + "]"}} {
			s := newScript(answers...)
			collect(scripted(s).InvoiceStream(t.Context(), "", ""), 1, func(golem.InvoiceEvent) string { return "" })
			if len(s.seen) != 1 {
				t.Errorf("%d polls after the consumer stopped", len(s.seen)-1)
			}
		}
	})
}

func TestStreamCanBeRangedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		event := "[" + noteEvent("a", "2026-04-01T10:00:01Z") + "]"
		s := newScript(event, event)
		events := scripted(s).InvoiceStream(t.Context(), "", "")
		for range 2 {
			collect(events, 1, func(golem.InvoiceEvent) string { return "" })
		}
		if diff := cmp.Diff([]string{"0.0s", "0.0s"}, s.seen); diff != "" {
			t.Errorf("polls (-want +got):\n%s", diff)
		}
	})
}

func TestStreamOfAnEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := newScript()
	if got := collect(scripted(s).OfferStream(ctx, "d"), 1, func(golem.DemandEvent) string { return "" }); got != nil || s.seen != nil {
		t.Errorf("stream gave %v after %v", got, s.seen)
	}
}

func TestOfferStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		s := newScript("["+noteEvent("a", "2026-04-01T10:00:01Z")+"]", "["+noteEvent("b", "2026-04-01T10:00:02Z")+"]")
		got := collect(scripted(s).OfferStream(ctx, "d"), 9, func(e golem.DemandEvent) string { return string(e.ProposalID) })
		if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"0.0s", "0.0s", "0.0s", "15.0s"}, s.seen); diff != "" {
			t.Errorf("polls (-want +got):\n%s", diff)
		}
	})
}

func TestStreamYieldsTheErrorOfThePoll(t *testing.T) {
	for _, err := range answering(404, `{"message":"Subscription [d] expired."}`).OfferStream(t.Context(), "d") {
		if !golem.IsNotFound(err) {
			t.Errorf("error is %v, want one that is not found", err)
		}
		if _, ok := errors.AsType[*golem.Error](err); !ok {
			t.Errorf("error is a %T", err)
		}
		break
	}
}
