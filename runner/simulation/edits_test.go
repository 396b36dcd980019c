package simulation_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"time"

	"github.com/shopspring/decimal"

	"tasks/runner"
	"tasks/runner/ledger"
	"tasks/runner/store"
	"tasks/spec"
)

// An edit is what somebody applies while the run is live, or while nobody is there.
type edit struct {
	at       time.Duration // after the beginning of the world
	document string
}

// drawEdits draws edits of workers, budget and policies in the first minutes. They
// come from a source of their own, so that every other seed is the world that it was.
func (p *plan) drawEdits(seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0xed17))
	if !chance(r, 0.5) {
		return
	}
	document, at := p.document, time.Duration(0)
	for range 1 + r.IntN(4) {
		at += between(r, time.Second, 90*time.Second)
		document = p.edited(r, document)
		p.edits = append(p.edits, edit{at, document})
	}
}

var (
	workersLine = regexp.MustCompile(`(?m)^workers: .*$`)
	budgetLine  = regexp.MustCompile(`(?m)^budget: .*$`)
	scoreLine   = regexp.MustCompile(`(?m)^  offer: .*$`)
	timeoutLine = regexp.MustCompile(`(?m)^    timeout: .*$`)
)

func (p *plan) edited(r *rand.Rand, document string) string {
	change := func(line *regexp.Regexp, format string, args ...any) {
		document = line.ReplaceAllLiteralString(document, fmt.Sprintf(format, args...))
	}
	for _, do := range []func(){
		func() { change(workersLine, "workers: %d", 1+r.IntN(6)) },
		func() { change(budgetLine, "budget: %s", p.raiseBudget(r)) },
		func() {
			change(scoreLine, "  offer: {score: %s}", pick(r, "-offer.price.hour", "offer.memory", "offer.cpu.threads - offer.price.hour"))
		},
		func() {
			change(scoreLine, "  offer: {score: -offer.price.hour, accept: %s}", pick(r, "offer.price.hour < 1000", "provider.failures < 100"))
		},
		func() { change(timeoutLine, "    timeout: %ds", 90+r.IntN(120)) },
	} {
		if chance(r, 0.4) {
			do()
		}
	}
	return document
}

// raiseBudget allows more than before. What is checked from then on are the limits
// of the last edit, which are the highest.
func (p *plan) raiseBudget(r *rand.Rand) string {
	by := decimal.New(11+r.Int64N(20), -1)
	raised := make([]ledger.Window, len(p.windows))
	for i, w := range p.windows {
		raised[i] = ledger.Window{Span: w.Span, Limit: w.Limit.Mul(by)}
	}
	p.windows = raised
	return fmt.Sprintf("{rate: %s/h, total: %s}", raised[0].Limit, raised[1].Limit)
}

// editLive applies the edits whose time comes while a process lives. One that is
// refused, or cannot be recorded because the process dies at that moment, is
// applied by the next start.
func (w *world) editLive(ctx context.Context, db *store.Store) {
	for len(w.edits) > 0 {
		select {
		case <-time.After(time.Until(w.began.Add(w.edits[0].at))):
		case <-ctx.Done():
			return
		}
		next := w.edits[0].document
		s, list := spec.Parse("simulated.yaml", []byte(next), w.dir, spec.Overrides{})
		if len(list) > 0 {
			w.violate(noSurprise, "edit: %v", list)
			return
		}
		_, err := runner.Propose(ctx, db, runID, s, spec.Overrides{})
		if errors.Is(err, runner.ErrChanged) {
			w.violate(noSurprise, "edit: %v", err)
		}
		w.edits, w.document = w.edits[1:], next
		w.tally.edits++
	}
}

// editAtRest takes up the edits whose time came while nobody was there.
func (w *world) editAtRest() {
	for len(w.edits) > 0 && time.Since(w.began) > w.edits[0].at {
		w.document, w.edits = w.edits[0].document, w.edits[1:]
		w.tally.edits++
	}
}
