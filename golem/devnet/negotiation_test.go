package devnet_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/golem/devnet"
)

func TestCounterRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, &devnet.Server{Providers: []devnet.Provider{{Name: "keeper"}}, Timings: steady()})
		demand := r.publish()
		initial := r.next(demand).Proposal.ProposalID

		bad := r.counterSpec()
		bad.Constraints = "(golem.inf.cpu.threads>=64)"
		_, err := r.CounterProposal(r.ctx, demand, initial, bad)
		refused(t, err, 400, "doesn't match previous Proposal ["+string(initial)+"]. Mismatched constraints - Offer: [")
		own := r.counter(demand, initial)
		_, err = r.CounterProposal(r.ctx, demand, initial, r.counterSpec())
		refused(t, err, 410, "Proposal ["+string(initial)+"] already has counter proposal. Can't counter for the second time.")
		_, err = r.CounterProposal(r.ctx, demand, own, r.counterSpec())
		refused(t, err, 400, "Can't react to own Proposal ["+string(own)+"].")
		refused(t, r.RejectProposal(r.ctx, demand, own, nil), 400, "Can't react to own Proposal")

		draft := r.next(demand).Proposal
		if draft.State != golem.ProposalDraft || draft.PrevProposalID != own {
			t.Errorf("answer is %s after %s, want a Draft after %s", draft.State, draft.PrevProposalID, own)
		}
		r.check(r.RejectProposal(r.ctx, demand, draft.ProposalID, &golem.Reason{Message: "no"}))
		if got := must[golem.Proposal](r)(r.GetProposal(r.ctx, demand, draft.ProposalID)).State; got != golem.ProposalRejected {
			t.Errorf("state after our rejection is %s", got)
		}
		r.counter(demand, draft.ProposalID) // it reopens
		r.check(r.DeleteDemand(r.ctx, demand))
		time.Sleep(time.Second)
		_, err = r.CounterProposal(r.ctx, demand, noProposal, r.counterSpec())
		refused(t, err, 404, "not found (subscription ["+string(demand)+"])")
	})
}

func TestCounterAfterTheDemand(t *testing.T) {
	for _, test := range []struct {
		name   string
		end    func(r *requestor, demand golem.DemandID)
		status int
		part   string
	}{
		{"unsubscribed", func(r *requestor, demand golem.DemandID) { r.check(r.DeleteDemand(r.ctx, demand)) }, 400, "was already unsubscribed."},
		{"expired", func(*requestor, golem.DemandID) { time.Sleep(time.Hour) }, 410, "expired."},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRequestor(t, &devnet.Server{Providers: []devnet.Provider{{Name: "keeper"}}})
				demand := r.publish()
				initial := r.next(demand).Proposal.ProposalID
				test.end(r, demand)
				_, err := r.CounterProposal(r.ctx, demand, initial, r.counterSpec())
				refused(t, err, test.status, test.part)
			})
		})
	}
}

// TestNegotiator walks the table of protocol section 3.5.
func TestNegotiator(t *testing.T) {
	in := func(d time.Duration) float64 { return float64(time.Now().Add(d).UnixMilli()) }
	type change map[string]any
	for _, test := range []struct {
		name   string
		change func() change // nil values are removed
		silent bool
		reject string // part of the message; "" expects a Draft
		final  bool
		draft  golem.Properties // values of the Draft; nil ones are absent
	}{
		{name: "nothing negotiated", change: func() change { return nil },
			draft: golem.Properties{golem.PropAcceptTimeout: nil, golem.PropDebitNoteInterval: nil, golem.PropPaymentTimeout: nil}},
		{name: "all negotiated", change: func() change {
			return change{golem.PropAcceptTimeout: 120.0, golem.PropDebitNoteInterval: 60.0, golem.PropPaymentTimeout: 43200.0}
		}, draft: golem.Properties{golem.PropAcceptTimeout: 120.0, golem.PropDebitNoteInterval: 60.0, golem.PropPaymentTimeout: 43200.0}},
		{name: "no platform", change: func() change { return change{golem.PropChosenPlatform: nil} },
			reject: "Missing fields: /golem/com/payment/chosen-platform"},
		{name: "accept timeout of another type", change: func() change { return change{golem.PropAcceptTimeout: "120"} }, silent: true},
		{name: "too short", change: func() change { return change{golem.PropExpiration: in(4 * time.Minute)} },
			reject: "which is less than 5m0s", final: true},
		{name: "too long without accept timeout", change: func() change { return change{golem.PropExpiration: in(31 * time.Minute)} },
			reject: "more than 30m0s from now"},
		{name: "long with accept timeout", change: func() change {
			return change{golem.PropExpiration: in(9 * time.Hour), golem.PropAcceptTimeout: 120.0}
		}},
		{name: "very long without payments", change: func() change {
			return change{golem.PropExpiration: in(11 * time.Hour), golem.PropAcceptTimeout: 120.0}
		}, reject: "threshold of enforcing mid-agreement payments", final: true},
		{name: "very long with payments", change: func() change {
			return change{golem.PropExpiration: in(11 * time.Hour), golem.PropAcceptTimeout: 120.0, golem.PropPaymentTimeout: 3600.0}
		}},
		{name: "accept timeout above the offer's", change: func() change { return change{golem.PropAcceptTimeout: 241.0} },
			reject: "DebitNote acceptance deadline should be less than", final: true},
		{name: "accept timeout of the offer", change: func() change { return change{golem.PropAcceptTimeout: 240.0} },
			draft: golem.Properties{golem.PropAcceptTimeout: 240.0}},
		{name: "accept timeout too low", change: func() change { return change{golem.PropAcceptTimeout: 4.0} },
			reject: "To low DebitNotes timeout", final: true},
		{name: "interval out of range", change: func() change { return change{golem.PropDebitNoteInterval: 0.5} },
			reject: "Demand DebitNote interval", final: true},
		{name: "payment timeout out of range", change: func() change { return change{golem.PropPaymentTimeout: 86401.0} },
			reject: "not in acceptable range", final: true},
		{name: "pays more", change: func() change { return change{golem.PropPricingCoeffs: []any{0.1, 0.2, 0.3}} },
			draft: golem.Properties{golem.PropPricingCoeffs: []any{0.1, 0.2, 0.3}}},
		{name: "pays less", change: func() change { return change{golem.PropPricingCoeffs: []any{0.1, 0.00000001, 0.3}} },
			reject: " < ", final: true},
		{name: "pays nonsense", change: func() change { return change{golem.PropPricingCoeffs: []any{0.1}} },
			reject: "invalid price vector"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRequestor(t, &devnet.Server{Providers: []devnet.Provider{{Name: "keeper"}}, Timings: steady()})
				r.demand.Properties[golem.PropExpiration] = in(20 * time.Minute)
				demand := r.publish()
				initial := r.next(demand).Proposal.ProposalID
				spec := r.counterSpec()
				for key, value := range test.change() {
					if spec.Properties[key] = value; value == nil {
						delete(spec.Properties, key)
					}
				}
				own := must[golem.ProposalID](r)(r.CounterProposal(r.ctx, demand, initial, spec))
				events := must[[]golem.DemandEvent](r)(r.CollectOffers(r.ctx, demand, time.Minute, 10))
				if test.silent {
					if len(events) != 0 {
						t.Errorf("events = %+v, want silence", events)
					}
					return
				}
				if len(events) != 1 {
					t.Fatalf("events = %+v, want one", events)
				}
				checkAnswer(t, events[0], own, test.reject, test.final, test.draft)
			})
		})
	}
}

func checkAnswer(t *testing.T, e golem.DemandEvent, own golem.ProposalID, reject string, final bool, draft golem.Properties) {
	t.Helper()
	if reject != "" {
		if e.EventType != golem.EventProposalRejected || e.ProposalID != own || !strings.Contains(e.Reason.Message, reject) || e.Reason.Final() != final {
			t.Errorf("event = %+v, reason %+v, want a rejection with %q, final %t", e, e.Reason, reject, final)
		}
		return
	}
	if e.Proposal == nil || e.Proposal.State != golem.ProposalDraft || e.Proposal.PrevProposalID != own {
		t.Fatalf("event = %+v, reason %+v, want a Draft", e, e.Reason)
	}
	for key, want := range draft {
		if diff := cmp.Diff(want, e.Proposal.Properties[key]); diff != "" {
			t.Errorf("%s of the Draft (-want +got):\n%s", key, diff)
		}
	}
}
