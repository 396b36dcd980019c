package simulation_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem/devnet"
	"tasks/runner/ledger"
)

const cutOffDocument = `
name: cutoff
payload: golem/alpine:latest
budget: {rate: 10/h}
tasks:
  first:
    from: {range: [1, 12]}
    run: [work, "${{ task.item }}"]
    timeout: 10m
results: {file: results.jsonl}
policies:
  task: {retry: true}
`

// TestCutOff has one provider only, which is out of reach for an hour while a task
// runs there, and then wants to be paid for that hour. It is not, and it is hired
// again.
func TestCutOff(t *testing.T) {
	check(t, plan{
		seed: 1, fair: true, document: cutOffDocument, tasks: 12, stopAt: 8 * time.Hour,
		windows: []ledger.Window{{Span: time.Hour, Limit: decimal.NewFromInt(10)}},
		market: []devnet.Provider{{Name: "islander", Threads: 1, Speed: 0.1, Phases: []devnet.Phase{
			{After: 5 * time.Minute, As: devnet.Provider{OfflineAfter: time.Nanosecond}},
			{After: 65 * time.Minute},
		}}},
	})
}
