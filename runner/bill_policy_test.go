package runner_test

import (
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"tasks/golem/devnet"
	"tasks/runner/state"
)

// A debit note that its policy refuses ends its machine, and the next provider
// goes on. The one that was let go is not hired again.
func TestDebitNotePolicyRefuses(t *testing.T) {
	providers := []devnet.Provider{{Name: "unwanted"}, {Name: "wanted", Duration: decimal.RequireFromString("0.00005")}}
	for name, accept := range map[string]string{
		"no":      `provider.name != "unwanted"`,
		"failure": `provider.name == "wanted" || usage.counters["nothing"] > 1`,
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, &devnet.Server{Seed: 5, Providers: providers}, func(w *world) {
				w.mustRun("picky", `
name: picky
payload: golem/alpine:latest
policies:
  debit_note:
    accept: `+accept+`
tasks:
  from: {range: [1, 60]}
  run: [sleep, 10s]
`, state.RunDone)
				reason := w.reasons("picky")["unwanted"]
				if !strings.HasPrefix(reason, "bill refused: debit_note.accept") {
					t.Errorf("reason = %q", reason)
				}
				agreements := 0
				for _, a := range w.srv.Inspect().Agreements {
					if a.ProviderName == "unwanted" {
						agreements++
					}
				}
				if agreements != 1 {
					t.Errorf("the provider that was let go has %d agreements", agreements)
				}
				w.checkBooks("picky")
			})
		})
	}
}

// An invoice that its policy refuses adds nothing to what the notes cost.
func TestInvoicePolicyRefuses(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 6}, func(w *world) {
		w.mustRun("strict", `
name: strict
payload: golem/alpine:latest
policies:
  invoice:
    accept: bill.total > audit.most || agreement.results > 100 || bill.adds >= budget.room
tasks:
  from: {range: [1, 6]}
  run: [sleep, 10s]
`, state.RunDone)
		for _, a := range w.srv.Inspect().Agreements {
			if a.Invoice != "REJECTED" {
				t.Errorf("an invoice is %q", a.Invoice)
			}
		}
		w.checkBooks("strict")
	})
}
