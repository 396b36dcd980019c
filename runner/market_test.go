package runner_test

import (
	"testing"
	"time"

	"tasks/golem/devnet"
	"tasks/runner/state"
	"tasks/runner/store"
)

// One worker is missing all the time, because the market has only one provider: the
// demand must not run out at the daemon after its hour.
func TestDemandIsRenewedBeforeItsHourIsOver(t *testing.T) {
	long(t)
	inWorld(t, &devnet.Server{Seed: 16, Providers: []devnet.Provider{{Name: "only"}}}, func(w *world) {
		stop := time.AfterFunc(70*time.Minute, func() {
			if n := w.srv.Inspect().Demands; n != 1 {
				t.Errorf("%d demands after seventy minutes, want 1", n)
			}
		})
		defer stop.Stop()
		w.mustRun("lonely", `
name: lonely
payload: golem/alpine:latest
workers: 2
tasks:
  from: {range: [1, 8]}
  timeout: 1h
  run: [sleep, 10m]
`, state.RunDone)
		w.checkBooks("lonely")
	})
}

// A provider is asked for one agreement at a time, however many workers are
// missing and however many places it has.
func TestOneAgreementAProvider(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 17, Providers: []devnet.Provider{{Name: "wide", Slots: 5}}}, func(w *world) {
		w.mustRun("wide", `
name: wide
payload: golem/alpine:latest
workers: 3
tasks:
  from: {range: [1, 20]}
  run: [sleep, 10s]
`, state.RunDone)
		w.view(func(tx *store.Tx) error {
			all, err := tx.Agreements("wide", false)
			if len(all) != 1 {
				t.Errorf("%d agreements with one provider, want 1", len(all))
			}
			return err
		})
	})
}

// With twelve providers, the best two by the policy are hired, and no other.
func TestBestOffersAreHired(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 18}, func(w *world) {
		w.mustRun("best", `
name: best
payload: golem/alpine:latest
workers: 2
policies:
  offer:
    accept: offer.cpu.threads >= 2
    score: offer.memory
tasks:
  from: {range: [1, 20]}
  run: [sleep, 10s]
`, state.RunDone)
		best := map[string]float64{}
		for _, p := range devnet.DrawProviders(18, 12) {
			if p.Threads >= 2 {
				best[p.Name] = p.MemoryGiB
			}
		}
		w.view(func(tx *store.Tx) error {
			all, err := tx.Agreements("best", false)
			for _, a := range all {
				memory, better := best[a.ProviderName], 0
				for _, m := range best {
					if m > memory {
						better++
					}
				}
				if better > 1 {
					t.Errorf("hired %s with %g GiB, and %d have more", a.ProviderName, memory, better)
				}
			}
			return err
		})
	})
}
