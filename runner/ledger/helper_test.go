package ledger_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"tasks/golem"
	"tasks/runner/ledger"
)

var noon = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)

func glm(text string) golem.Amount { return decimal.RequireFromString(text) }

// stock is the pricing of the verified example of protocol section 4.
func stock() golem.Pricing {
	return pricing("0", golem.UsageCPU, "0.0001", golem.UsageDuration, "0.00005")
}

// pricing takes a start price, and counters with their prices in turn.
func pricing(start string, counters ...string) golem.Pricing {
	p := golem.Pricing{Start: glm(start), Coeffs: map[string]golem.Amount{}}
	for i := 0; i < len(counters); i += 2 {
		p.Vector = append(p.Vector, counters[i])
		p.Coeffs[counters[i]] = glm(counters[i+1])
	}
	return p
}

// cost is what usage costs.
func cost(t interface{ Fatal(...any) }, p golem.Pricing, usage ...float64) golem.Amount {
	c, err := p.Cost(usage)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func equal(t *testing.T, what string, got, want golem.Amount) {
	t.Helper()
	if !got.Equal(want) {
		t.Errorf("%s = %s, want %s", what, got, want)
	}
}

func code(f *ledger.Finding) string {
	if f == nil {
		return ""
	}
	return f.Code
}

func amounts(most int64) *rapid.Generator[golem.Amount] {
	return rapid.Custom(func(t *rapid.T) golem.Amount {
		return decimal.New(rapid.Int64Range(0, most).Draw(t, "units"), -3)
	})
}
