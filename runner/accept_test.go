package runner_test

import (
	"strings"
	"testing"
	"time"

	"tasks/golem/devnet"
	"tasks/runner/state"
	"tasks/runner/store"
)

const billed = `
name: billed
payload: golem/alpine:latest
workers: 3
tasks:
  from: {range: [1, 60]}
  run: [sleep, 20s]
`

// An accept whose answer is lost is known from reading the bill again: it is
// spent once, whether or not the daemon had done it.
func TestAcceptsWithoutAnAnswerAreSpentOnce(t *testing.T) {
	accepts := []string{"POST /payment-api/v1/debitNotes/*/accept", "POST /payment-api/v1/invoices/*/accept"}
	for name, fault := range map[string]devnet.Fault{
		"done, and 504":     {Calls: accepts, Status: 504, Effect: true},
		"not done, and 504": {Calls: accepts, Status: 504, Times: 6},
		"done, and broken":  {Calls: accepts, Drop: true, Effect: true},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, &devnet.Server{Seed: 8, Faults: []devnet.Fault{fault}}, func(w *world) {
				w.mustRun("billed", strings.Replace(billed, "60", "6", 1), state.RunDone)
				w.checkBooks("billed")
				w.checkAccepted("billed")
			})
		})
	}
}

// Bills are answered in time however slow the rest of the daemon is.
func TestBillsAreAcceptedWhileAllElseIsSlow(t *testing.T) {
	slow := devnet.Fault{Calls: []string{"/market-api/v1", "/activity-api/v1"}, Delay: 5 * time.Second}
	inWorld(t, &devnet.Server{Seed: 9, Faults: []devnet.Fault{slow}}, func(w *world) {
		w.mustRun("billed", billed, state.RunDone)
		w.checkAccepted("billed")
	})
}

// checkAccepted wants all bills accepted in full, and our books to say so.
func (w *world) checkAccepted(id state.RunID) {
	w.t.Helper()
	snap := w.srv.Inspect()
	for _, a := range snap.Agreements {
		if !a.Accepted.Equal(a.Due) {
			w.t.Errorf("agreement %s: accepted %s GLM of %s due", a.ID, a.Accepted, a.Due)
		}
	}
	w.view(func(tx *store.Tx) error {
		money, err := tx.Totals(id)
		if !money.Accepted.Equal(snap.Accepted) {
			w.t.Errorf("our books have %s GLM accepted, and the daemon %s", money.Accepted, snap.Accepted)
		}
		return err
	})
}
