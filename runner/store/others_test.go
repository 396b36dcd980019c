package store_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

func TestProvidersAreRemembered(t *testing.T) {
	w := newWorld(t)
	if diff := cmp.Diff(state.Provider{ID: "0x9"}, ask(t, w.Store, func(tx *store.Tx) (state.Provider, error) { return tx.Provider("0x9") })); diff != "" {
		t.Errorf("a stranger (-want +got):\n%s", diff)
	}
	update(t, w.Store, func(tx *store.Tx) error {
		for _, name := range []string{"first name", "new name", ""} {
			if err := tx.CountRefusal("0x9", name); err != nil {
				return err
			}
		}
		return nil
	})
	want := state.Provider{ID: "0x9", Name: "new name", Refusals: 3}
	if diff := cmp.Diff(want, ask(t, w.Store, func(tx *store.Tx) (state.Provider, error) { return tx.Provider("0x9") })); diff != "" {
		t.Errorf("provider (-want +got):\n%s", diff)
	}
	for run, want := range map[state.RunID]int{"": 2, w.run: 1, "other": 0} {
		got := ask(t, w.Store, func(tx *store.Tx) ([]state.Provider, error) { return tx.Providers(run) })
		if len(got) != want {
			t.Errorf("providers of run %q are %+v, want %d", run, got, want)
		}
	}
}

func TestAllocations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		start := time.Now().UTC()
		key := tell(t, w.Store, func(tx *store.Tx) (int64, error) {
			return tx.AddAllocation(state.Allocation{Run: w.run, State: state.AllocationCreating, Platform: "p", Total: glm("10"), Timeout: start.Add(time.Hour)})
		})
		want := state.Allocation{Key: key, Run: w.run, State: state.AllocationCreating, Platform: "p", Total: glm("10"), Timeout: start.Add(time.Hour), CreatedAt: start}
		check := func(live bool, want ...state.Allocation) {
			t.Helper()
			got := ask(t, w.Store, func(tx *store.Tx) ([]state.Allocation, error) { return tx.Allocations(w.run, live) })
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("allocations (-want +got):\n%s", diff)
			}
		}
		check(true, want)
		update(t, w.Store, func(tx *store.Tx) error {
			return tx.MoveAllocation(key, state.AllocationCreating, state.AllocationActive, store.AllocationSet{ID: "a"})
		})
		want.State, want.ID = state.AllocationActive, "a"
		check(true, want)
		update(t, w.Store, func(tx *store.Tx) error { return tx.SetAllocation(key, glm("12"), start.Add(2*time.Hour)) })
		want.Total, want.Timeout = glm("12"), start.Add(2*time.Hour)
		check(true, want)
		update(t, w.Store, func(tx *store.Tx) error {
			return tx.MoveAllocation(key, state.AllocationActive, state.AllocationReleased, store.AllocationSet{})
		})
		want.State = state.AllocationReleased
		check(true)
		check(false, want)
	})
}

func TestDemands(t *testing.T) {
	w := newWorld(t)
	update(t, w.Store, func(tx *store.Tx) error {
		for _, id := range []golem.DemandID{"a", "b"} {
			if err := tx.AddDemand(state.Demand{ID: id, Run: w.run}); err != nil {
				return err
			}
		}
		return nil
	})
	for range 2 {
		update(t, w.Store, func(tx *store.Tx) error { return tx.EndDemand("a") })
	}
	got := ask(t, w.Store, func(tx *store.Tx) ([]state.Demand, error) { return tx.OpenDemands(w.run) })
	if len(got) != 1 || got[0].ID != "b" || got[0].Run != w.run || got[0].CreatedAt.IsZero() {
		t.Errorf("open demands are %+v", got)
	}
	if err := w.Update(context.Background(), func(tx *store.Tx) error { return tx.AddDemand(state.Demand{ID: "a", Run: w.run}) }); err == nil {
		t.Error("a demand was added twice")
	}
}
