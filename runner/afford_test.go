package runner_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"tasks/golem/devnet"
	"tasks/policies"
	"tasks/runner"
)

// A budget is refused only where it is certain that nobody can be hired with it.
func TestCheckBudget(t *testing.T) {
	price := decimal.RequireFromString
	tests := []struct {
		name, budget string
		want         string // in the error; "" for none
	}{
		{"nothing fits", "0.00001/h", "its limit is 0.00001 GLM in 1h0m0s, and the cheapest of 2 offers that fit (cheap)"},
		{"of all the run", "{total: 0.00001}", "its limit is 0.00001 GLM in all"},
		{"the lowest limit counts", "{rate: [5/h, 0.00001/day], total: 10}", "its limit is 0.00001 GLM in 24h0m0s"},
		{"the cheapest fits", "0.1/h", ""},
		{"it may grow", "0.00001 * 1/h", ""},
		{"nobody is there to go by", "0.00001/h\npayload: {min: {threads: 4000}, image: golem/alpine:latest}", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, &devnet.Server{Seed: 3, Providers: []devnet.Provider{
				{Name: "dear", CPU: price("0.002")}, {Name: "cheap", Duration: price("0.0001")},
			}}, func(w *world) {
				document := "name: b\ntasks: {from: [1], run: [echo, a]}\nbudget: " + test.budget + "\n"
				if !strings.Contains(document, "payload") {
					document += "payload: golem/alpine:latest\n"
				}
				o := w.process().options(w.t.Context(), "b", document)
				defer o.Store.Close()
				err := runner.CheckBudget(w.t.Context(), runner.SurveyOptions{
					Store: o.Store, Spec: o.Spec, Policies: o.Policies, Client: o.Client, Run: policies.Run{ID: "b"},
				})
				if test.want == "" && err != nil || test.want != "" && (!errors.Is(err, runner.ErrBudgetTooLow) || !strings.Contains(err.Error(), test.want)) {
					t.Errorf("CheckBudget() = %v, want %q", err, test.want)
				}
				if n := w.srv.Inspect().Demands; n != 0 {
					t.Errorf("%d demands are left", n)
				}
			})
		})
	}
}
