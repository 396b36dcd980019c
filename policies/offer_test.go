package policies_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/policies"
)

const stockOffer = `{
  "golem.com.pricing.model": "linear",
  "golem.com.pricing.model.linear.coeffs": [0.0001, 0.00005, 0.002],
  "golem.com.usage.vector": ["golem.usage.cpu_sec", "golem.usage.duration_sec"],
  "golem.inf.cpu.architecture": "x86_64", "golem.inf.cpu.brand": "Some CPU", "golem.inf.cpu.vendor": "Maker",
  "golem.inf.cpu.capabilities": ["avx", "avx2"], "golem.inf.cpu.cores": 6, "golem.inf.cpu.threads": 11,
  "golem.inf.mem.gib": 28.0, "golem.inf.storage.gib": 10.5, "golem.node.debug.subnet": "public",
  "golem.node.id.name": "ann", "golem.runtime.capabilities": ["inet", "vpn"],
  "golem.runtime.name": "vm", "golem.runtime.version": "0.4.0"}`

func proposal(t testing.TB, text string) golem.Proposal {
	t.Helper()
	p := golem.Proposal{ProposalID: "R-1", IssuerID: "0xab"}
	if err := json.Unmarshal([]byte(text), &p.Properties); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNewOffer(t *testing.T) {
	p := proposal(t, stockOffer)
	got, pricing, err := policies.NewOffer(p)
	if err != nil {
		t.Fatal(err)
	}
	want := policies.Offer{
		ID: "R-1", Provider: policies.ProviderRef{ID: "0xab", Name: "ann"},
		Price:  policies.Price{Start: 0.002, CPUSec: 0.0001, DurationSec: 0.00005, Hour: 0.002 + 3600*(0.00005+11*0.0001), Busy: 0.002 + 3600*(0.00005+0.0001)},
		CPU:    policies.CPU{Cores: 6, Threads: 11, Arch: "x86_64", Brand: "Some CPU", Vendor: "Maker", Capabilities: []string{"avx", "avx2"}},
		Memory: 28, Storage: 10.5, Runtime: "vm", Version: "0.4.0", Capabilities: []string{"inet", "vpn"}, Subnet: "public",
		Properties: p.Properties,
	}
	same := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-12 })
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Errorf("NewOffer (-want +got):\n%s", diff)
	}
	if !pricing.Start.Equal(decimal.RequireFromString("0.002")) {
		t.Errorf("start price = %v", pricing.Start)
	}
}

// The order of the usage vector is the provider's choice.
func TestNewOfferReadsPricesByName(t *testing.T) {
	swapped := strings.NewReplacer("[0.0001, 0.00005", "[0.00005, 0.0001",
		`["golem.usage.cpu_sec", "golem.usage.duration_sec"]`, `["golem.usage.duration_sec", "golem.usage.cpu_sec"]`).Replace(stockOffer)
	a, _, err := policies.NewOffer(proposal(t, stockOffer))
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := policies.NewOffer(proposal(t, swapped))
	if err != nil {
		t.Fatal(err)
	}
	if a.Price != b.Price {
		t.Errorf("prices %+v and %+v differ", a.Price, b.Price)
	}
}

func TestNewOfferWithoutPrice(t *testing.T) {
	if _, _, err := policies.NewOffer(proposal(t, `{"golem.inf.cpu.threads": 1}`)); err == nil || !strings.HasPrefix(err.Error(), "read offer: ") {
		t.Errorf("error = %v", err)
	}
}

func TestCostPerResult(t *testing.T) {
	tests := []struct {
		cost    string
		results int
		want    float64
	}{{"3", 2, 1.5}, {"0", 2, 0}, {"3", 0, math.Inf(1)}, {"0", 0, 0}}
	for _, tt := range tests {
		if got := policies.CostPerResult(decimal.RequireFromString(tt.cost), tt.results); got != tt.want {
			t.Errorf("CostPerResult(%s, %d) = %v, want %v", tt.cost, tt.results, got, tt.want)
		}
	}
}
