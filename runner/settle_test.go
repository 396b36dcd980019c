package runner_test

import (
	"testing"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/runner"
	"tasks/runner/state"
)

const three = `
name: three
payload: golem/alpine:latest
workers: 2
tasks:
  from: {range: [1, 9]}
  run: [sleep, 40s]
`

// slowBiller is a market whose invoices come after a run has stopped waiting.
func slowBiller(seed uint64) *devnet.Server {
	late := devnet.Span{Min: 5 * time.Minute, Max: 5 * time.Minute}
	return &devnet.Server{Seed: seed, Timings: devnet.Timings{Invoice: late}}
}

func TestSettleAnswersInvoicesThatCameLate(t *testing.T) {
	inWorld(t, slowBiller(21), func(w *world) {
		w.mustRun("three", three, state.RunDone)
		if invoices(w) != 0 {
			t.Fatal("an invoice came before its time")
		}
		time.Sleep(10 * time.Minute)
		for _, want := range []int{2, 2} { // the second time there is nothing left to do
			o := w.process().options(w.t.Context(), "three", three)
			s, err := runner.Settle(w.t.Context(), o)
			o.Store.Close()
			if err != nil || s.Invoices != want || s.Missing != 0 || s.Refused != 0 {
				t.Errorf("settled %+v, %v, want %d invoices", s, err, want)
			}
		}
		if invoices(w) != 2 {
			t.Errorf("%d invoices accepted at the devnet, want 2", invoices(w))
		}
		w.checkBooks("three")
	})
}

// invoices counts those that the devnet was told to be accepted.
func invoices(w *world) (n int) {
	for _, a := range w.srv.Inspect().Agreements {
		if a.Invoice == golem.StatusAccepted || a.Invoice == golem.StatusSettled {
			n++
		}
	}
	return n
}

// A run that goes on answers by itself what came while it was away.
func TestNextStartAnswersInvoicesThatCameLate(t *testing.T) {
	inWorld(t, slowBiller(22), func(w *world) {
		p := w.process()
		time.AfterFunc(70*time.Second, func() { w.askStop(p, "three") })
		if got, err := p.run(w.t.Context(), "three", three); got != state.RunStopped || err != nil {
			t.Fatalf("run = %s, %v", got, err)
		}
		before := invoices(w)
		time.Sleep(10 * time.Minute)
		w.mustRun("three", three, state.RunDone)
		if before != 0 || invoices(w) < 2 {
			t.Errorf("%d invoices accepted before the second start and %d after, want 0 and 2 or more", before, invoices(w))
		}
	})
}
