package runner_test

import (
	"testing"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/runner/state"
	"tasks/runner/store"
)

// hours is a run of some hours.
const hours = `
name: hours
payload: golem/alpine:latest
workers: 1
budget: {total: 100}
tasks:
  from: {range: [1, 30]}
  run: [sleep, 5m]
`

// A daemon does not pay what is accepted from an allocation older than thirty days.
// A run that lasts longer has another one by then, and all its bills are paid.
func TestOldAllocationIsReplaced(t *testing.T) {
	long(t)
	inWorld(t, &devnet.Server{Seed: 53}, func(w *world) {
		w.leaveAfter(10*time.Minute, "hours", hours)
		w.keepAllocations(32 * 24 * time.Hour)
		time.Sleep(30*24*time.Hour - time.Hour)
		w.mustRun("hours", hours, state.RunDone)
		time.Sleep(10 * time.Minute)
		if snap := w.srv.Inspect(); !snap.Paid.Equal(snap.Accepted) {
			t.Errorf("%s GLM of %s were paid", snap.Paid, snap.Accepted)
		}
		w.checkBooks("hours")
		w.view(func(tx *store.Tx) error {
			all, err := tx.Allocations("hours", false)
			if len(all) != 2 || all[0].State != state.AllocationReleased || all[1].State != state.AllocationReleased {
				t.Errorf("allocations = %+v, want two, both released", all)
			}
			return err
		})
	})
}

// keepAllocations amends what is set aside as a live process would, which for a
// month is too slow for a test.
func (w *world) keepAllocations(d time.Duration) {
	w.t.Helper()
	client := &golem.Client{BaseURL: "http://devnet", AppKey: devnet.DefaultAppKey, HTTP: w.srv.Client()}
	for _, al := range w.srv.Inspect().Allocations {
		if _, err := client.AmendAllocation(w.t.Context(), al.AllocationID, golem.AllocationChange{Timeout: new(time.Now().Add(d))}); err != nil {
			w.t.Fatal(err)
		}
	}
}
