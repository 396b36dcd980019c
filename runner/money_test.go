package runner_test

import (
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/runner/state"
	"tasks/runner/store"
)

func TestBudgetEndsARunThatCannotPay(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 2}, func(w *world) {
		w.mustRun("tight", `
name: tight
payload: golem/alpine:latest
workers: 4
budget: 0.01/h
tasks:
  from: {range: {from: 0}}
  run: [sleep, 10s]
`, state.RunExhausted)
		w.checkBooks("tight")
		accepted := w.srv.Inspect().Accepted
		if accepted.GreaterThan(decimal.RequireFromString("0.01")) || !accepted.IsPositive() {
			t.Errorf("accepted %s GLM of a budget of 0.01", accepted)
		}
		t.Logf("accepted %s GLM, %d results", accepted, len(w.values("tight")))
	})
}

func TestTotalBudgetHoldsOverRestarts(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 2}, func(w *world) {
		document := `
name: total
payload: golem/alpine:latest
workers: 2
budget: {rate: 1/h, total: 0.02}
tasks:
  from: {range: {from: 0}}
  run: [sleep, 10s]
`
		for range 3 {
			w.mustRun("total", document, state.RunExhausted)
			time.Sleep(2 * time.Hour)
		}
		if accepted := w.srv.Inspect().Accepted; accepted.GreaterThan(decimal.RequireFromString("0.02")) {
			t.Errorf("accepted %s GLM of a budget of 0.02 in all", accepted)
		}
		w.checkBooks("total")
	})
}

// market is one dear provider, scored best, and cheap ones.
func dearAndCheap() []devnet.Provider {
	price := decimal.RequireFromString
	return []devnet.Provider{
		{Name: "dear", CPU: price("0.002"), Duration: price("0.002")},
		{Name: "cheap-1"}, {Name: "cheap-2"},
	}
}

func TestDearProviderIsStoppedAndTheRunGoesOn(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 3, Providers: dearAndCheap()}, func(w *world) {
		w.mustRun("dear", `
name: dear
payload: golem/alpine:latest
workers: 1
budget: 100/h
max_price: 0.001
policies:
  offer: {score: offer.price.hour}
tasks:
  from: {range: [1, 100]}
  run: [sleep, 10s]
`, state.RunDone)
		if n := len(w.values("dear")); n != 100 {
			t.Errorf("%d results of 100", n)
		}
		reasons := w.reasons("dear")
		if !strings.HasPrefix(reasons["dear"], "too expensive: ") {
			t.Errorf("reasons: %v", reasons)
		}
		w.checkBooks("dear")
	})
}

// reasons are why activities ended, by provider.
func (w *world) reasons(id state.RunID) map[string]string {
	w.t.Helper()
	out := map[string]string{}
	w.view(func(tx *store.Tx) error {
		rows, err := tx.ActivityRows(id)
		for _, r := range rows {
			out[r.ProviderName] = r.Reason
		}
		return err
	})
	return out
}

func TestBillsAreAcceptedWhileALongTaskRuns(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 4}, func(w *world) {
		w.mustRun("long", `
name: long
payload: golem/alpine:latest
tasks:
  from: [1]
  timeout: 1h
  run: [sleep, 30m]
`, state.RunDone)
		w.checkBooks("long")
		w.view(func(tx *store.Tx) error {
			rows, err := tx.ActivityRows("long")
			if len(rows) != 1 || rows[0].Reason != "all tasks done" {
				t.Errorf("activities: %+v", rows)
			}
			return err
		})
	})
}

func TestOverchargedNoteIsRefusedAndItsProviderLeft(t *testing.T) {
	providers := []devnet.Provider{{Name: "greedy", Overcharge: 1.5}, {Name: "fair", Duration: decimal.RequireFromString("0.00005")}}
	inWorld(t, &devnet.Server{Seed: 5, Providers: providers}, func(w *world) {
		w.mustRun("greedy", `
name: greedy
payload: golem/alpine:latest
tasks:
  from: {range: [1, 60]}
  run: [sleep, 10s]
`, state.RunDone)
		if reasons := w.reasons("greedy"); !strings.HasPrefix(reasons["greedy"], "bill refused: ") {
			t.Errorf("reasons: %v", reasons)
		}
		for _, a := range w.srv.Inspect().Agreements {
			if a.ProviderName == "greedy" && a.Accepted.IsPositive() {
				t.Errorf("accepted %s GLM of a wrong bill", a.Accepted)
			}
		}
	})
}

// What was accepted is paid in the daemon's cycles of five minutes, and the two
// are told apart.
func TestPaidFollowsAccepted(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 20}, func(w *world) {
		w.mustRun("paid", `
name: paid
payload: golem/alpine:latest
tasks:
  from: {range: [1, 12]}
  run: [sleep, 1m]
`, state.RunDone)
		w.view(func(tx *store.Tx) error {
			money, err := tx.Totals("paid")
			if !money.Paid.IsPositive() || !money.Paid.LessThan(money.Accepted) {
				t.Errorf("paid %s of %s accepted within twelve minutes", money.Paid, money.Accepted)
			}
			return err
		})
	})
}

// An invoice in the middle of the work is refused and its provider left; no note
// is accepted after it, which the daemon would pretend to do.
func TestInvoiceBeforeItsTimeIsRefused(t *testing.T) {
	providers := []devnet.Provider{
		{Name: "eager", InvoiceEarly: 5 * time.Minute},
		{Name: "fair", Duration: decimal.RequireFromString("0.00005")},
	}
	inWorld(t, &devnet.Server{Seed: 5, Providers: providers}, func(w *world) {
		w.mustRun("eager", `
name: eager
payload: golem/alpine:latest
tasks:
  from: {range: [1, 60]}
  run: [sleep, 10s]
policies: {activity: {keep: true}}
`, state.RunDone)
		if n := len(w.values("eager")); n != 60 {
			t.Errorf("%d results of 60", n)
		}
		const want = "bill refused: the invoice came before the end of its agreement"
		if reasons := w.reasons("eager"); reasons["eager"] != want {
			t.Errorf("reasons: %v", reasons)
		}
		w.checkAudit()
		w.checkEnd("eager", false)
		for _, a := range w.srv.Inspect().Agreements {
			if a.ProviderName == "eager" && (a.Invoice != golem.StatusRejected || !a.Accepted.IsPositive()) {
				t.Errorf("invoice of eager is %s, accepted %s GLM of its notes", a.Invoice, a.Accepted)
			}
		}
	})
}

// An invoice that its provider withdraws while it is being answered is no bill, and
// keeps no other waiting.
func TestInvoiceThatIsWithdrawn(t *testing.T) {
	server := &devnet.Server{
		Seed:      5,
		Providers: []devnet.Provider{{Name: "fickle", CancelsInvoice: time.Second, Slots: 1}, {Name: "fair"}},
		Faults:    []devnet.Fault{{Calls: []string{"POST /payment-api/v1/invoices/*/accept"}, Delay: 2 * time.Second, Times: 1}},
	}
	inWorld(t, server, func(w *world) {
		w.mustRun("fickle", `
name: fickle
payload: golem/alpine:latest
workers: 2
tasks:
  from: {range: [1, 6]}
  run: [sleep, 10s]
`, state.RunDone)
		for _, a := range w.srv.Inspect().Agreements {
			want := golem.StatusAccepted
			if a.ProviderName == "fickle" {
				want = golem.StatusCancelled
			}
			if a.Invoice != want {
				t.Errorf("the invoice of %s is %s, want %s", a.ProviderName, a.Invoice, want)
			}
		}
		w.checkEnd("fickle", false)
	})
}
