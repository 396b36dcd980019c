package golem_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
)

func offered(t *testing.T, model, vector, coeffs string) golem.Properties {
	t.Helper()
	var p golem.Properties
	text := `{"golem.com.pricing.model":` + model + `,"golem.com.usage.vector":` + vector +
		`,"golem.com.pricing.model.linear.coeffs":` + coeffs + `}`
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

const stockVector = `["golem.usage.cpu_sec","golem.usage.duration_sec"]`

func pricing(t *testing.T, vector, coeffs string) golem.Pricing {
	t.Helper()
	p, err := golem.PricingOf(offered(t, `"linear"`, vector, coeffs))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPricingIsReadByName(t *testing.T) {
	stock := pricing(t, stockVector, `[0.0001, 5e-05, 0.25]`)
	want := golem.Pricing{
		Start:  glm("0.25"),
		Coeffs: map[string]golem.Amount{golem.UsageCPU: glm("0.0001"), golem.UsageDuration: glm("0.00005")},
		Vector: []string{golem.UsageCPU, golem.UsageDuration},
	}
	if diff := cmp.Diff(want, stock); diff != "" {
		t.Errorf("stock order (-want +got):\n%s", diff)
	}
	turned := pricing(t, `["golem.usage.duration_sec","golem.usage.gib","golem.usage.cpu_sec"]`, `[5e-05, 0.5, 0.0001, 0.25]`)
	if got := turned.Coeffs[golem.UsageCPU]; !got.Equal(glm("0.0001")) {
		t.Errorf("cpu_sec costs %s in another order, want 0.0001", got)
	}
	if got := turned.Coeffs[golem.UsageMemory]; !got.Equal(glm("0.5")) {
		t.Errorf("gib costs %s, want 0.5", got)
	}
	if got := pricing(t, `[]`, `[2]`); len(got.Coeffs) != 0 || !got.Start.Equal(glm("2")) {
		t.Errorf("pricing without counters is %v", got)
	}
}

func TestPricingOfPropertiesMadeHere(t *testing.T) {
	got, err := golem.PricingOf(golem.Properties{golem.PropPricingModel: "linear",
		golem.PropUsageVector: []string{"a"}, golem.PropPricingCoeffs: []float64{0.1, 0}})
	if err != nil || !got.Coeffs["a"].Equal(glm("0.1")) {
		t.Errorf("PricingOf = %v, %v", got, err)
	}
}

func TestPricingRefusals(t *testing.T) {
	for _, tc := range []struct {
		name, model, vector, coeffs, want string
	}{
		{"other model", `"fixed"`, stockVector, `[1,1,1]`, `model is "fixed"`},
		{"no model", `null`, stockVector, `[1,1,1]`, `model is ""`},
		{"too few prices", `"linear"`, stockVector, `[1,1]`, "2 prices for 2 usage counters and a start"},
		{"too many prices", `"linear"`, stockVector, `[1,1,1,1]`, "4 prices"},
		{"no price at all", `"linear"`, `[]`, `[]`, "0 prices for 0"},
		{"negative price", `"linear"`, stockVector, `[1,-0.1,1]`, "coeffs[1]: -0.1 is no price"},
		{"negative start", `"linear"`, stockVector, `[1,1,-1]`, "coeffs[2]"},
		{"price in a string", `"linear"`, stockVector, `[1,"1",1]`, "coeffs[1] is not a number"},
		{"prices in no list", `"linear"`, stockVector, `1`, "coeffs is not a list"},
		{"vector in no list", `"linear"`, `"golem.usage.cpu_sec"`, `[1,1]`, "vector is not a list"},
		{"vector of numbers", `"linear"`, `[1]`, `[1,1]`, "vector[0] is not a name"},
		{"nameless counter", `"linear"`, `[""]`, `[1,1]`, "vector[0] is not a name"},
		{"counter twice", `"linear"`, `["a","a"]`, `[1,1,1]`, `"a" stands twice`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := golem.PricingOf(offered(t, tc.model, tc.vector, tc.coeffs))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want %q in it", err, tc.want)
			}
		})
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		p := golem.Properties{golem.PropPricingModel: "linear", golem.PropUsageVector: []string{"a"},
			golem.PropPricingCoeffs: []float64{bad, 0}}
		if _, err := golem.PricingOf(p); err == nil {
			t.Errorf("a price of %v was accepted", bad)
		}
	}
}

func TestCost(t *testing.T) {
	stock := `[0.0001, 0.00005, 0.0]`
	for _, tc := range []struct {
		name, coeffs string
		usage        []float64
		want         string
	}{
		{"example of the protocol", stock, []float64{44.017951, 103.002864998}, "0.0095519383499"},
		{"debit note of the protocol", stock, []float64{20.5, 60.25}, "0.0050625"},
		{"start price before the first report", `[1, 1, 0.5]`, nil, "0.5"},
		{"start price once", `[1, 1, 0.5]`, []float64{1, 2}, "3.5"},
		{"no usage", stock, []float64{0, 0}, "0"},
		{"negative zero", stock, []float64{math.Copysign(0, -1), 0}, "0"},
		{"no binary fractions", `[0.1, 0.2, 0]`, []float64{0.1, 0.2}, "0.05"},
		{"noise beyond 16 digits", `[1, 0, 0]`, []float64{0.30000000000000004, 0}, "0.3"},
		{"rounded at the end", `[0.000000001, 0.000000001, 0]`, []float64{0.0000000004, 0.0000000004}, "0.000000000000000001"},
		{"large", `[1, 1, 1]`, []float64{1e15, 0.000001}, "1000000000000001.000001"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := pricing(t, stockVector, tc.coeffs).Cost(tc.usage)
			if err != nil || !got.Equal(glm(tc.want)) {
				t.Errorf("Cost(%v) = %s, %v, want %s", tc.usage, got, err, tc.want)
			}
		})
	}
	p := pricing(t, stockVector, stock)
	for _, usage := range [][]float64{{1}, {1, 2, 3}, {1, -2}, {math.NaN(), 1}, {1, math.Inf(1)}} {
		if got, err := p.Cost(usage); err == nil {
			t.Errorf("Cost(%v) = %s without an error", usage, got)
		}
	}
}

func TestEstimate(t *testing.T) {
	p := pricing(t, `["golem.usage.duration_sec","golem.usage.cpu_sec"]`, `[0.00005, 0.0001, 0.5]`)
	for _, tc := range []struct {
		d       time.Duration
		threads int
		want    string
	}{
		{time.Hour, 4, "2.12"}, // 0.5 + 0.18 + 4 * 0.36
		{time.Hour, 0, "0.68"},
		{0, 4, "0.5"},
		{-time.Hour, 4, "0.5"},
		{time.Nanosecond, 1, "0.50000000000015"},
	} {
		if got := p.Estimate(tc.d, tc.threads); !got.Equal(glm(tc.want)) {
			t.Errorf("Estimate(%v, %d) = %s, want %s", tc.d, tc.threads, got, tc.want)
		}
	}
}
