package golem

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"
)

// Usage counters of the stock exe-unit (protocol section 3.3). Other runtimes
// add their own.
const (
	UsageCPU      = "golem.usage.cpu_sec"      // CPU time of all threads, in seconds
	UsageDuration = "golem.usage.duration_sec" // since the start of the exe-unit, in seconds
	UsageMemory   = "golem.usage.gib"          // peak of memory, in GiB
	UsageStorage  = "golem.usage.storage_gib"  // peak of storage, in GiB
)

// PricingLinear is the one pricing model there is.
const PricingLinear = "linear"

// Places is how many decimal places an amount of GLM has.
const Places = 18

// A Pricing is the price formula of an offer or an agreement: a start price for
// each activity, and for every usage counter a price of its unit.
type Pricing struct {
	Start  Amount            // charged once an activity, even for no usage
	Coeffs map[string]Amount // price by counter, in GLM; never negative
	Vector []string          // the counters in the order in which usage is reported
}

// PricingOf reads the price formula of an offer's properties. Every offer may
// order its counters differently, so prices are found by name. It refuses a model
// other than linear, a counter named twice, prices that do not fit the counters
// in number, and one that is negative or no number (protocol section 4).
func PricingOf(p Properties) (Pricing, error) {
	if model := p.Text(PropPricingModel); model != PricingLinear {
		return Pricing{}, fmt.Errorf("read pricing: model is %.40q, not %q", model, PricingLinear)
	}
	vector, err := usageVector(p[PropUsageVector])
	if err != nil {
		return Pricing{}, fmt.Errorf("read pricing: %w", err)
	}
	coeffs, err := prices(p[PropPricingCoeffs])
	if err != nil {
		return Pricing{}, fmt.Errorf("read pricing: %w", err)
	}
	if len(coeffs) != len(vector)+1 {
		return Pricing{}, fmt.Errorf("read pricing: %d prices for %d usage counters and a start", len(coeffs), len(vector))
	}
	out := Pricing{Start: coeffs[len(vector)], Coeffs: make(map[string]Amount, len(vector)), Vector: vector}
	for i, counter := range vector {
		if _, ok := out.Coeffs[counter]; ok {
			return Pricing{}, fmt.Errorf("read pricing: usage counter %q stands twice", counter)
		}
		out.Coeffs[counter] = coeffs[i]
	}
	return out, nil
}

func usageVector(v any) ([]string, error) {
	if texts, ok := v.([]string); ok {
		return slices.Clone(texts), nil
	}
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("%s is not a list", PropUsageVector)
	}
	names := make([]string, len(list))
	for i, e := range list {
		if names[i], ok = e.(string); !ok || names[i] == "" {
			return nil, fmt.Errorf("%s[%d] is not a name", PropUsageVector, i)
		}
	}
	return names, nil
}

func prices(v any) ([]Amount, error) {
	if floats, ok := v.([]float64); ok {
		return amounts(PropPricingCoeffs, floats)
	}
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("%s is not a list", PropPricingCoeffs)
	}
	floats := make([]float64, len(list))
	for i, e := range list {
		if floats[i], ok = number(e); !ok {
			return nil, fmt.Errorf("%s[%d] is not a number", PropPricingCoeffs, i)
		}
	}
	return amounts(PropPricingCoeffs, floats)
}

func amounts(what string, floats []float64) ([]Amount, error) {
	out := make([]Amount, len(floats))
	for i, f := range floats {
		a, err := amountOf(f)
		if err != nil {
			return nil, fmt.Errorf("%s[%d]: %w", what, i, err)
		}
		out[i] = a
	}
	return out, nil
}

// amountOf converts as providers do, at 16 significant digits: the next digit of
// a float64 is noise, and a bill recomputed with it would differ (section 4).
func amountOf(f float64) (Amount, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) || f < 0 {
		return Amount{}, fmt.Errorf("%v is no price or usage", f)
	}
	return decimal.NewFromString(strconv.FormatFloat(f, 'e', 15, 64))
}

// Cost returns what an activity costs that has used this much, in the order of
// Vector; before the first report usage is empty, and the start price is due all
// the same. The sum is exact and rounded to 18 places at the end (protocol
// section 4). It refuses usage that does not fit Vector, and what is negative or
// no number.
func (p Pricing) Cost(usage []float64) (Amount, error) {
	if len(usage) != 0 && len(usage) != len(p.Vector) {
		return Amount{}, fmt.Errorf("compute cost: %d usage values for %d counters", len(usage), len(p.Vector))
	}
	used, err := amounts("usage", usage)
	if err != nil {
		return Amount{}, fmt.Errorf("compute cost: %w", err)
	}
	sum := p.Start
	for i, amount := range used {
		sum = sum.Add(p.Coeffs[p.Vector[i]].Mul(amount))
	}
	return sum.Round(Places), nil
}

// Estimate returns what an activity costs that runs for d with that many threads
// busy all the time, counters other than UsageCPU and UsageDuration left out.
// For d of an hour, it is the most that an ordinary offer costs in the hour.
func (p Pricing) Estimate(d time.Duration, threads int) Amount {
	seconds := decimal.New(int64(max(d, 0)), -9)
	busy := seconds.Mul(decimal.NewFromInt(int64(max(threads, 0))))
	cost := p.Start.Add(p.Coeffs[UsageDuration].Mul(seconds)).Add(p.Coeffs[UsageCPU].Mul(busy))
	return cost.Round(Places)
}
