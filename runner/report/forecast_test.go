package report_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner"
	"tasks/runner/report"
	"tasks/runner/state"
	"tasks/spec"
)

// costing is an offer for so many GLM an hour of one thread, start for nothing.
func costing(id string, perHour int64) runner.Surveyed {
	price := decimal.NewFromInt(perHour).DivRound(decimal.NewFromInt(3600), 18)
	return runner.Surveyed{
		Offer:   policies.Offer{ID: id, Provider: policies.ProviderRef{ID: id}, CPU: policies.CPU{Threads: 1}},
		Pricing: golem.Pricing{Coeffs: map[string]golem.Amount{golem.UsageDuration: price}, Vector: []string{golem.UsageDuration}},
	}
}

func forecast(t *testing.T, budget, workers string) report.Forecast {
	t.Helper()
	s, mistakes := spec.Parse("run.yaml", []byte(`
name: n
payload: golem/alpine:latest
tasks: {from: {range: [1, 7]}, run: echo}
`), "/srv", spec.Overrides{Budget: budget, Workers: workers})
	set, more := policies.Compile(s)
	if err := append(mistakes, more...).Err(); err != nil {
		t.Fatal(err)
	}
	f, _, err := report.NewForecast(nil, "", false, s, set)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestForecastPrice(t *testing.T) {
	market := runner.Survey{Asked: runner.AskedScan, Offers: []runner.Surveyed{
		costing("a", 6), costing("b", 6), costing("c", 6), {Rule: "offer.accept"}, {Rule: "offer.accept"},
	}}
	for _, tt := range []struct {
		name, budget, workers string
		chosen                int
		limit                 string
		after                 time.Duration
		takes                 time.Duration
	}{
		{"the hour covers them", "13/h", "2", 2, "", 0, 40 * time.Minute},
		{"the hour does not", "6/h", "2", 2, "6/h", 30 * time.Minute, 40 * time.Minute},
		{"the first limit counts", "{rate: 6/h, total: 2}", "2", 2, "2 in all", 10 * time.Minute, 40 * time.Minute},
		{"a total always ends", "{rate: 100/h, total: 36}", "3", 3, "36 in all", 2 * time.Hour, 30 * time.Minute},
		{"fewer offers than wanted", "100/h", "9", 3, "", 0, 30 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := forecast(t, tt.budget, tt.workers)
			f.Price(market, 10*time.Minute, "flag")
			if f.Chosen != tt.chosen || len(f.Rejected) != 1 || f.Rejected[0].Count != 2 {
				t.Errorf("%d chosen, rejected %v; want %d and 2 by one rule", f.Chosen, f.Rejected, tt.chosen)
			}
			if f.Takes == nil || *f.Takes != tt.takes.Seconds() {
				t.Fatalf("takes %v, want %v", f.Takes, tt.takes)
			}
			want := decimal.NewFromInt(int64(tt.chosen)).Mul(decimal.NewFromInt(6)).Mul(decimal.NewFromFloat(tt.takes.Hours()))
			if f.Cost.Sub(want).Abs().GreaterThan(decimal.New(1, -9)) {
				t.Errorf("costs %s, want %s", f.Cost, want)
			}
			end := report.BudgetEnd{}
			if f.BudgetEnds != nil {
				end = *f.BudgetEnds
			}
			if end.Limit != tt.limit || end.After-tt.after.Seconds() > 1 || tt.after.Seconds()-end.After > 1 {
				t.Errorf("budget ends %+v, want %q after %s", end, tt.limit, tt.after)
			}
		})
	}
}

func TestForecastNothingToDo(t *testing.T) {
	changed := []spec.Change{{Path: "workers"}}
	for _, tt := range []struct {
		name string
		f    report.Forecast
		want bool
	}{
		{"new", report.Forecast{}, false},
		{"ended", report.Forecast{Exists: true, State: state.RunDone, Changes: changed}, true},
		{"interrupted", report.Forecast{Exists: true, State: state.RunInterrupted}, false},
		{"live", report.Forecast{Exists: true, Live: true, State: state.RunRunning}, true},
		{"live and edited", report.Forecast{Exists: true, Live: true, State: state.RunRunning, Changes: changed}, false},
	} {
		if got := tt.f.NothingToDo(); got != tt.want {
			t.Errorf("%s: NothingToDo = %v, want %v", tt.name, got, tt.want)
		}
	}
}
