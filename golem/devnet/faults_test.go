package devnet_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
)

// withFaults tests one honest provider behind a daemon that goes wrong.
func withFaults(t *testing.T, test func(r *requestor), faults ...devnet.Fault) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := one(priced())
		server.Faults = faults
		test(newRequestor(t, server))
	})
}

// TestFaultsOfOneCall creates an allocation while that goes wrong: what the
// caller is told, and whether it is there all the same.
func TestFaultsOfOneCall(t *testing.T) {
	const create = "POST /payment-api/v1/allocations"
	for _, test := range []struct {
		name   string
		fault  devnet.Fault
		status int // 0 with broken unset means success
		broken bool
		made   int
		took   time.Duration
	}{
		{"no fault", devnet.Fault{}, 0, false, 1, 0},
		{"refused", devnet.Fault{Status: 500}, 500, false, 0, 0},
		{"refused after the effect", devnet.Fault{Status: 504, Effect: true}, 504, false, 1, 0},
		{"dropped before", devnet.Fault{Drop: true}, 0, true, 0, 0},
		{"dropped after", devnet.Fault{Drop: true, Effect: true}, 0, true, 1, 0},
		{"slow", devnet.Fault{Delay: 3 * time.Second}, 0, false, 1, 3 * time.Second},
		{"slow and refused", devnet.Fault{Delay: time.Second, Status: 500}, 500, false, 0, time.Second},
		{"another call", devnet.Fault{Calls: []string{"GET /payment-api", "/market-api"}, Status: 500}, 0, false, 1, 0},
		{"a call by its beginning", devnet.Fault{Calls: []string{"/payment-api"}, Status: 500}, 500, false, 0, 0},
		{"a call by a pattern", devnet.Fault{Calls: []string{"POST /*/v1/alloc*"}, Status: 500}, 500, false, 0, 0},
		{"a longer call", devnet.Fault{Calls: []string{create + "/*"}, Status: 500}, 0, false, 1, 0},
		{"before its time", devnet.Fault{From: time.Second, Status: 500}, 0, false, 1, 0},
		{"at its time", devnet.Fault{Until: time.Second, Status: 500}, 500, false, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.fault.Calls == nil {
				test.fault.Calls = []string{create}
			}
			withFaults(t, func(r *requestor) {
				began := time.Now()
				_, err := r.CreateAllocation(r.ctx, golem.NewAllocation{
					TotalAmount: amount("1"), PaymentPlatform: "erc20-hoodi-tglm", Timeout: time.Now().Add(time.Hour),
				})
				if golem.StatusOf(err) != test.status || errors.Is(err, golem.ErrUnreachable) != test.broken || test.status == 0 && !test.broken && err != nil {
					t.Errorf("CreateAllocation: %v, want status %d, broken %v", err, test.status, test.broken)
				}
				if took := time.Since(began); took != test.took {
					t.Errorf("took %v, want %v", took, test.took)
				}
				if made := len(r.server.Inspect().Allocations); made != test.made {
					t.Errorf("%d allocations, want %d", made, test.made)
				}
			}, test.fault)
		})
	}
}

func TestFaultsBySeedAndNumber(t *testing.T) {
	failures := func(f devnet.Fault, seed uint64) (failed []int) {
		f.Status, f.Calls = 500, []string{"GET /me"}
		synctest.Test(t, func(t *testing.T) {
			r := newRequestor(t, &devnet.Server{Seed: seed, Providers: []devnet.Provider{}, Faults: []devnet.Fault{f}})
			for i := range 100 {
				if _, err := r.Me(r.ctx); err != nil {
					failed = append(failed, i)
				}
			}
		})
		return failed
	}
	first, again, other := failures(devnet.Fault{Share: 0.3}, 1), failures(devnet.Fault{Share: 0.3}, 1), failures(devnet.Fault{Share: 0.3}, 2)
	if n := len(first); n < 15 || n > 45 {
		t.Errorf("%d of 100 failed, want some 30", n)
	}
	if !slices.Equal(first, again) || slices.Equal(first, other) {
		t.Errorf("failures with one seed %v and %v, with another %v", first, again, other)
	}
	if got := failures(devnet.Fault{Times: 3}, 1); !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("failures = %v, want the first three", got)
	}
}

func TestFaultRepeatsEvents(t *testing.T) {
	withFaults(t, func(r *requestor) {
		demand := r.publish()
		events := must[[]golem.DemandEvent](r)(r.CollectOffers(r.ctx, demand, time.Minute, 10))
		if len(events) != 2 || events[0].Proposal.ProposalID != events[1].Proposal.ProposalID {
			t.Errorf("events = %+v, want one twice", events)
		}
		if n := len(must[[]golem.Demand](r)(r.Demands(r.ctx))); n != 1 {
			t.Errorf("%d demands, want one: they are no events", n)
		}
	}, devnet.Fault{RepeatEvents: true})
}

func TestClosingEndsASlowAnswer(t *testing.T) {
	withFaults(t, func(r *requestor) {
		time.AfterFunc(time.Second, func() { r.server.Close() })
		if _, err := r.Me(r.ctx); !errors.Is(err, golem.ErrUnreachable) {
			t.Errorf("Me: %v, want a broken connection", err)
		}
	}, devnet.Fault{Delay: time.Hour})
}

func TestFaultRestarts(t *testing.T) {
	withFaults(t, func(r *requestor) {
		demand := r.publish()
		id := r.hire(demand)
		if _, err := r.Me(r.ctx); !errors.Is(err, golem.ErrUnreachable) {
			t.Errorf("Me: %v, want a broken connection", err)
		}
		time.Sleep(time.Minute)
		if n := len(must[[]golem.Demand](r)(r.Demands(r.ctx))); n != 0 {
			t.Errorf("%d demands, want none after a restart", n)
		}
		if got := r.state(id); got != golem.AgreementApproved {
			t.Errorf("agreement is %s, want it kept", got)
		}
		must[golem.Identity](r)(r.Me(r.ctx))
	}, devnet.Fault{Calls: []string{"/me"}, Restart: true, Times: 1})
}
