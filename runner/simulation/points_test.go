package simulation_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem/devnet"
	"tasks/runner/ledger"
)

var apart = flag.Int("apart", 29, "how far apart the crash points are; 1 is all of them")

// pointsDocument is a run with everything that a process can die in: hiring,
// bills, a second stage, and a task that fails.
const pointsDocument = `
name: points
payload: golem/alpine:latest
golem: {debit_note_interval: 10s}
workers: 2
budget: {rate: 10/h, total: 20}
tasks:
  first:
    from: {range: [1, 2]}
    run: [work, "${{ task.item }}"]
    emit: {stage: second, each: 'map(0..2, {n: task.item * 10 + #})[0:task.item % 3]'}
  second:
    run: [work, "${{ task.n }}"]
results: {file: results.jsonl}
`

// pointsPlan is that run on an honest market.
func pointsPlan(crashes ...crash) plan {
	return plan{
		seed: 1, fair: true, document: pointsDocument, tasks: 2, emits: true, stopAt: time.Hour,
		windows: []ledger.Window{{Span: time.Hour, Limit: decimal.NewFromInt(10)}, {Limit: decimal.NewFromInt(20)}},
		market:  devnet.DrawProviders(1, 4),
		crashes: crashes, pauses: make([]time.Duration, len(crashes)),
	}
}

// TestCrashPoints lets the process of one run die at each write and at each call
// in turn, before and after its effect, and carries on with it.
func TestCrashPoints(t *testing.T) {
	undisturbed := check(t, pointsPlan())
	for _, at := range []struct {
		moment
		of int
	}{
		{beforeWrite, undisturbed.writes}, {afterWrite, undisturbed.writes},
		{beforeCall, undisturbed.calls}, {afterCall, undisturbed.calls},
	} {
		died := 0
		for n := 1; n <= at.of; n += *apart {
			t.Run(fmt.Sprintf("%s %d", at.moment, n), func(t *testing.T) {
				died += check(t, pointsPlan(crash{at.moment, n})).crashes
			})
		}
		if *apart == 1 {
			fmt.Fprintf(os.Stderr, "%s: died at %d points of %d\n", at.moment, died, at.of)
		}
		if died == 0 {
			t.Errorf("no process died %s", at.moment)
		}
	}
}
