package devnet_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/golem/devnet"
)

func TestDrawProvidersIsDeterministic(t *testing.T) {
	first := devnet.DrawProviders(7, 12)
	if diff := cmp.Diff(first, devnet.DrawProviders(7, 12)); diff != "" {
		t.Errorf("the same seed drew another market:\n%s", diff)
	}
	if diff := cmp.Diff(first, devnet.DrawProviders(7, 40)[:12]); diff != "" {
		t.Errorf("a larger market changed its first providers:\n%s", diff)
	}
	if cmp.Equal(first, devnet.DrawProviders(8, 12)) {
		t.Error("another seed drew the same market")
	}
}

func TestDrawProviders(t *testing.T) {
	hours, names, reversed := []float64{}, map[string]bool{}, 0
	for _, p := range devnet.DrawProviders(1, 200) {
		names[p.Name] = true
		if p.DurationFirst {
			reversed++
		}
		if p.Threads < 1 || p.Threads > 8 || p.Cores < 1 || p.Cores > p.Threads ||
			p.MemoryGiB < 1 || p.MemoryGiB > 32 || p.StorageGiB < 10 || p.StorageGiB > 200 ||
			p.Speed < 0.5 || p.Speed > 1 || p.StartUp < 100*time.Millisecond || p.StartUp > 1500*time.Millisecond {
			t.Errorf("implausible provider %+v", p)
		}
		hours = append(hours, 3600*p.Duration.Add(p.CPU).InexactFloat64())
	}
	slices.Sort(hours)
	if median := hours[100]; math.Abs(median-0.11) > 0.03 {
		t.Errorf("median price of an hour = %v GLM, want about 0.11", median)
	}
	if spread := hours[195] / hours[5]; spread < 3 || spread > 12 {
		t.Errorf("dearest over cheapest = %v, want 4 to 10", spread)
	}
	if reversed == 0 || reversed == 200 {
		t.Errorf("%d of 200 providers announce the duration first, want some", reversed)
	}
	if len(names) != 200 {
		t.Errorf("%d different names for 200 providers", len(names))
	}
}

// TestOfferIsStock reads an offer as a requestor does.
func TestOfferIsStock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, &devnet.Server{Providers: []devnet.Provider{{
			Name: "backwards", CPU: amount("0.00003"), Duration: amount("0.00002"), Start: amount("0.5"), DurationFirst: true,
		}}})
		offer := r.next(r.publish()).Proposal
		pricing, err := golem.PricingOf(offer.Properties)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "cpu price", pricing.Coeffs[golem.UsageCPU], "0.00003")
		equal(t, "duration price", pricing.Coeffs[golem.UsageDuration], "0.00002")
		equal(t, "start price", pricing.Start, "0.5")
		if pricing.Vector[0] != golem.UsageDuration {
			t.Errorf("usage vector = %v, want duration first", pricing.Vector)
		}
		if got := offer.Properties.Text(golem.PropPlatformAddress("erc20-hoodi-tglm")); got != string(offer.IssuerID) {
			t.Errorf("payment address = %q, want the issuer %q", got, offer.IssuerID)
		}
		if offer.State != golem.ProposalInitial || offer.PrevProposalID != "" {
			t.Errorf("first proposal is %s after %q, want an Initial one", offer.State, offer.PrevProposalID)
		}
	})
}

func TestMatching(t *testing.T) {
	market := []devnet.Provider{
		{Name: "small", Threads: 1}, {Name: "large", Threads: 8, MemoryGiB: 16},
		{Name: "elsewhere", Subnet: "private"}, {Name: "gone", OfflineAfter: -1},
	}
	future := float64(time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli())
	for _, test := range []struct {
		name        string
		constraints string
		properties  golem.Properties
		want        []string
	}{
		{"anything", "(&)", golem.Properties{golem.PropSubnet: "public", golem.PropExpiration: future}, []string{"large", "small"}},
		{"threads", "(golem.inf.cpu.threads>=4)", golem.Properties{golem.PropSubnet: "public", golem.PropExpiration: future}, []string{"large"}},
		{"list", "(golem.runtime.capabilities=vpn)", golem.Properties{golem.PropSubnet: "public", golem.PropExpiration: future}, []string{"large", "small"}},
		{"other subnet", "(&)", golem.Properties{golem.PropSubnet: "private", golem.PropExpiration: future}, []string{"elsewhere"}},
		{"no subnet", "(&)", golem.Properties{golem.PropExpiration: future}, nil},
		{"expired already", "(&)", golem.Properties{golem.PropSubnet: "public", golem.PropExpiration: 5.0}, nil},
		{"unknown property", "(!(golem.no.such=1))", golem.Properties{golem.PropSubnet: "public", golem.PropExpiration: future}, nil},
		{"empty constraint", "", golem.Properties{golem.PropSubnet: "public", golem.PropExpiration: future}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRequestor(t, &devnet.Server{Providers: market})
				r.demand = golem.DemandSpec{Properties: test.properties, Constraints: test.constraints}
				demand := r.publish()
				time.Sleep(time.Second)
				var got []string
				for _, e := range must[[]golem.DemandEvent](r)(r.CollectOffers(r.ctx, demand, 0, 100)) {
					got = append(got, e.Proposal.Properties.Text(golem.PropNodeName))
				}
				slices.Sort(got)
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("providers matched (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestEventsAreConsumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, &devnet.Server{Count: 30})
		demand := r.publish()
		time.Sleep(time.Second)
		seen, n := map[golem.NodeID]bool{}, 0
		for {
			events := must[[]golem.DemandEvent](r)(r.CollectOffers(r.ctx, demand, 5*time.Second, 7))
			if len(events) == 0 {
				break
			}
			n += len(events)
			for _, e := range events {
				seen[e.Proposal.IssuerID] = true
			}
		}
		if n != 30 || len(seen) != 30 {
			t.Errorf("collected %d proposals of %d providers, want 30 of 30", n, len(seen))
		}
	})
}

func TestDemandLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, &devnet.Server{Providers: []devnet.Provider{}})
		demand, other := r.publish(), r.publish()
		ended := make(chan error)
		go func() {
			_, err := r.CollectOffers(r.ctx, other, time.Minute, 10)
			ended <- err
		}()
		synctest.Wait()
		r.check(r.DeleteDemand(r.ctx, other))
		began := time.Now()
		refused(t, <-ended, 404, "not found. Could be unsubscribed.")
		if took := time.Since(began); took != 0 {
			t.Errorf("the poll of a deleted demand went on for %v", took)
		}
		refused(t, r.DeleteDemand(r.ctx, other), 404, "Demand ["+string(other)+"] not found.")
		if list := must[[]golem.Demand](r)(r.Demands(r.ctx)); len(list) != 1 || list[0].DemandID != demand {
			t.Errorf("Demands() = %v, want the one that is left", list)
		}
		time.Sleep(time.Hour)
		_, err := r.CollectOffers(r.ctx, demand, time.Second, 10)
		refused(t, err, 404, "Subscription ["+string(demand)+"] expired.")
		refused(t, r.DeleteDemand(r.ctx, demand), 404, "not found")
	})
}

func TestNestedPropertiesAreFlattened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, &devnet.Server{Providers: []devnet.Provider{}})
		r.expect("POST", "/market-api/v1/demands",
			`{"properties":{"golem":{"node":{"@tag":"x","id":{"name":"me"}},"list":[1,2]}},"constraints":"(&)"}`, 201, `"`)
		got := must[[]golem.Demand](r)(r.Demands(r.ctx))[0].Properties
		want := golem.Properties{"golem.node": "x", "golem.node.id.name": "me", "golem.list": []any{1.0, 2.0}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("properties (-want +got):\n%s", diff)
		}
	})
}

func TestScan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, &devnet.Server{Providers: []devnet.Provider{{Name: "one"}, {Name: "two", Threads: 4}, {Name: "gone", Threads: 4, OfflineAfter: -1}}})
		r.expect("POST", "/market-api/v1/scan", `{"type":"offer","constraints":"(golem.inf.cpu.threads>=4)"}`, 201, `"1"`)
		_, offers := r.call("GET", "/market-api/v1/scan/1/events", "")
		if strings.Count(offers, "offerId") != 1 || !strings.Contains(offers, `"golem.node.id.name":"two"`) {
			t.Errorf("offers = %s, want that of two alone", offers)
		}
		r.expect("GET", "/market-api/v1/scan/1/events?timeout=2", "", 200, "[]")
		r.expect("DELETE", "/market-api/v1/scan/1", "", 204, "")
		r.expect("GET", "/market-api/v1/scan/1/events", "", 404, "not found")
		r.expect("POST", "/market-api/v1/scan", `{"type":"offer","timeout":10}`, 201, `"2"`)
		time.Sleep(time.Minute)
		r.expect("GET", "/market-api/v1/scan/2/events", "", 410, "was removed")
	})
}
