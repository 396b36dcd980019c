package ledger_test

import (
	"math"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"tasks/golem"
	"tasks/runner/ledger"
)

func after(s float64) time.Time { return noon.Add(time.Duration(s * 1e9)) }

func TestBoundAndEstimate(t *testing.T) {
	durationFirst := pricing("0.5", golem.UsageDuration, "0.01", golem.UsageCPU, "0.1")
	for _, tt := range []struct {
		name            string
		meter           ledger.Meter
		at              float64
		bound, estimate string
	}{
		{"nothing known: all threads, or one core", ledger.Meter{Pricing: durationFirst, Threads: 4}, 100, "43.5", "11.5"},
		{"at its start", ledger.Meter{Pricing: durationFirst, Threads: 4}, 0, "0.5", "0.5"},
		{"before its start", ledger.Meter{Pricing: durationFirst, Threads: 4}, -10, "0.5", "0.5"},
		{"threads not known", ledger.Meter{Pricing: durationFirst}, 100, "12", "11.5"},
		// bound: 90+10 s, and 20+4.2*15 s of CPU; estimate: 100 s and 20+10*20/90.
		{"usage known", ledger.Meter{Pricing: durationFirst, Threads: 4, Usage: []float64{90, 20}, UsageAt: after(90)}, 100, "9.8", "3.722222222222222"},
		{"usage known to be late", ledger.Meter{Pricing: durationFirst, Threads: 4, Usage: []float64{50, 20}, UsageAt: after(90)}, 100, "9.45", "3.5"},
		{"usage that the clock denies", ledger.Meter{Pricing: durationFirst, Threads: 1, Usage: []float64{500, 500}, UsageAt: after(90)}, 100, "12", "11.5"},
		{"idle so far", ledger.Meter{Pricing: durationFirst, Threads: 1, Usage: []float64{80, 0}, UsageAt: after(90)}, 100, "3.025", "1.4"},
		{"usage of another length", ledger.Meter{Pricing: durationFirst, Threads: 4, Usage: []float64{1}, UsageAt: after(90)}, 100, "43.5", "11.5"},
		{"usage that is no number", ledger.Meter{Pricing: durationFirst, Threads: 4, Usage: []float64{1, math.NaN()}, UsageAt: after(90)}, 100, "43.5", "11.5"},
		{"billed more", ledger.Meter{Pricing: durationFirst, Threads: 1, Billed: glm("77")}, 100, "77", "77"},
		{"duration only", ledger.Meter{Pricing: pricing("1", golem.UsageDuration, "0.01"), Threads: 8}, 100, "2", "2"},
		{"CPU only", ledger.Meter{Pricing: pricing("0", golem.UsageCPU, "0.01"), Threads: 2, Usage: []float64{90}, UsageAt: after(60)}, 100, "1.845", "1.5"},
		{"start only", ledger.Meter{Pricing: pricing("3"), Threads: 2}, 100, "3", "3"},
		{"a counter of its own, as last known", ledger.Meter{Pricing: pricing("0", "golem.usage.tokens", "0.5"), Usage: []float64{6}, UsageAt: after(1)}, 100, "3", "3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.meter.StartedAt = noon
			equal(t, "Bound", tt.meter.Bound(after(tt.at)), glm(tt.bound))
			if got := tt.meter.Estimate(after(tt.at)); !got.Round(15).Equal(glm(tt.estimate)) {
				t.Errorf("Estimate = %s, want %s", got, tt.estimate)
			}
		})
	}
}

func TestBounded(t *testing.T) {
	for _, tt := range []struct {
		name    string
		pricing golem.Pricing
		want    bool
	}{
		{"stock", stock(), true},
		{"start only", pricing("1"), true},
		{"a custom counter with a price", pricing("0", golem.UsageDuration, "1", "golem.usage.tokens", "0.1"), false},
		{"a custom counter for free", pricing("0", golem.UsageDuration, "1", "golem.usage.tokens", "0"), true},
		{"peak memory with a price", pricing("0", golem.UsageMemory, "1"), false},
	} {
		if got := (ledger.Meter{Pricing: tt.pricing}).Bounded(); got != tt.want {
			t.Errorf("%s: Bounded = %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestMaxCost(t *testing.T) {
	p := pricing("0.5", golem.UsageCPU, "0.1", golem.UsageDuration, "0.01")
	equal(t, "MaxCost of 4 threads", ledger.MaxCost(p, 4, 100*time.Second), glm("43.5"))
	equal(t, "MaxCost of no time", ledger.MaxCost(p, 4, 0), glm("0.5"))
	equal(t, "MaxCost of no threads", ledger.MaxCost(p, 0, time.Second), ledger.MaxCost(p, 1, time.Second))
}

// anyMeter is a meter in any state that a real one can be in, and some more.
func anyMeter(t *rapid.T) ledger.Meter {
	m := ledger.Meter{
		Pricing: golem.Pricing{Start: amounts(100).Draw(t, "start"), Coeffs: map[string]golem.Amount{}},
		Threads: rapid.IntRange(0, 16).Draw(t, "threads"), StartedAt: noon,
		Billed: amounts(2000).Draw(t, "billed"),
	}
	for _, counter := range rapid.Permutation([]string{golem.UsageCPU, golem.UsageDuration, "golem.usage.x"}).Draw(t, "counters")[:rapid.IntRange(0, 3).Draw(t, "how many")] {
		m.Pricing.Vector = append(m.Pricing.Vector, counter)
		m.Pricing.Coeffs[counter] = amounts(1000).Draw(t, "price")
	}
	if rapid.Bool().Draw(t, "reported") {
		m.UsageAt = after(rapid.Float64Range(0, 1000).Draw(t, "reported at"))
		for range m.Pricing.Vector {
			m.Usage = append(m.Usage, rapid.Float64Range(0, 5000).Draw(t, "usage"))
		}
	}
	return m
}

func TestBoundAndEstimateOnlyRise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyMeter(t)
		at := after(rapid.Float64Range(-10, 2000).Draw(t, "at"))
		later := at.Add(time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "later")))
		if a, b := m.Bound(at), m.Bound(later); b.LessThan(a) {
			t.Errorf("Bound falls from %s to %s", a, b)
		}
		if a, b := m.Estimate(at), m.Estimate(later); b.LessThan(a) {
			t.Errorf("Estimate falls from %s to %s", a, b)
		}
		if e, b := m.Estimate(at), m.Bound(at); e.GreaterThan(b) {
			t.Errorf("Estimate %s is above Bound %s", e, b)
		}
		if b := m.Bound(at); b.LessThan(m.Billed) {
			t.Errorf("Bound %s is below what was billed, %s", b, m.Billed)
		}
	})
}

// However an honest activity goes on after its last report, Bound covers it.
func TestBoundCoversEveryHonestActivity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := pricing(amounts(100).Draw(t, "start").String(),
			golem.UsageDuration, amounts(1000).Draw(t, "duration").String(),
			golem.UsageCPU, amounts(1000).Draw(t, "cpu").String())
		threads := rapid.IntRange(1, 16).Draw(t, "threads")
		load := rapid.Float64Range(0, float64(threads)*1.049)
		began := rapid.Float64Range(0, 5).Draw(t, "exe-unit began")
		measured := began + rapid.Float64Range(0, 1000).Draw(t, "measured")
		reported := measured + rapid.Float64Range(0, 4.9).Draw(t, "lag")
		cpu := (measured - began) * load.Draw(t, "load before")
		m := ledger.Meter{Pricing: p, Threads: threads, StartedAt: noon, Usage: []float64{measured - began, cpu}, UsageAt: after(reported)}
		end := measured + rapid.Float64Range(0, 1000).Draw(t, "goes on")
		at := after(max(end, reported))
		final := cost(t, p, end-began, cpu+(end-measured)*load.Draw(t, "load after"))
		if bound := m.Bound(at); bound.Add(decimal.New(1, -9)).LessThan(final) {
			t.Errorf("Bound is %s, and it cost %s", bound, final)
		}
		m.Usage = nil
		if bound := m.Bound(at); bound.Add(decimal.New(1, -9)).LessThan(final) {
			t.Errorf("Bound without usage is %s, and it cost %s", bound, final)
		}
	})
}
