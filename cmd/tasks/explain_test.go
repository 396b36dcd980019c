package main

import (
	"testing"

	"github.com/shopspring/decimal"

	"tasks/runner/report"
)

func TestWorkersReason(t *testing.T) {
	dear := report.Rejection{Rule: "offer.score", Count: 9, ProviderName: "dear", PricePerHour: decimal.NewFromInt(2)}
	cheap := report.Rejection{Rule: "offer.accept", Count: 1, ProviderName: "cheap", PricePerHour: decimal.NewFromInt(1)}
	for _, tt := range []struct {
		name string
		e    report.Explanation
		want string
	}{
		{"ended", report.Explanation{}, "0 ready, 0 starting; nobody works on the run, or no worker is wanted"},
		{"enough", report.Explanation{Workers: report.Workers{Wanted: 2, Ready: 1, Starting: 1}, Rejected: []report.Rejection{dear}},
			"1 ready, 1 starting of 2 wanted"},
		{"nothing on the market", report.Explanation{Workers: report.Workers{Wanted: 1}},
			"0 ready, 0 starting of 1 wanted; no offer meets payload and golem of the spec so far"},
		{"too few", report.Explanation{Workers: report.Workers{Wanted: 3, Ready: 1}, Rejected: []report.Rejection{dear, cheap}},
			"1 ready, 0 starting of 3 wanted; the cheapest offer kept out is cheap's, for 1 GLM an hour, by offer.accept"},
	} {
		if got := workersReason(tt.e); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
