package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tasks/runner/state"
	"tasks/runner/store"
)

// Offers are counted by rule and revision; the cheapest stays the example.
func TestRejections(t *testing.T) {
	w := newWorld(t)
	count := func(list ...state.Rejection) {
		update(t, w.Store, func(tx *store.Tx) error { return tx.AddRejections(w.run, list) })
	}
	read := func(revision int) []state.Rejection {
		return ask(t, w.Store, func(tx *store.Tx) ([]state.Rejection, error) { return tx.Rejections(w.run, revision) })
	}
	dear := state.Rejection{Rule: "offer.accept", Count: 2, Provider: "0x1", ProviderName: "dear", PerHour: glm("2"), Why: "a"}
	cheap := state.Rejection{Rule: "offer.accept", Count: 3, Provider: "0x2", ProviderName: "cheap", PerHour: glm("1"), Why: "b"}
	other := state.Rejection{Rule: "offer.score", Count: 6, Provider: "0x1", ProviderName: "dear", PerHour: glm("2")}
	count(dear)
	count(cheap, other)
	count(dear)

	want := cheap
	want.Count = 7
	times := cmpopts.IgnoreFields(state.Rejection{}, "FirstAt", "LastAt", "Revision")
	if diff := cmp.Diff([]state.Rejection{want, other}, read(1), times); diff != "" {
		t.Errorf("rejections (-want +got):\n%s", diff)
	}

	update(t, w.Store, func(tx *store.Tx) error { _, err := tx.AddRevision(state.Revision{Run: w.run}); return err })
	count(dear)
	if got := read(2); len(got) != 1 || got[0].Count != 2 {
		t.Errorf("under the second revision: %+v, want the dear one twice", got)
	}
	if got := read(1); len(got) != 2 || got[0].Count != 7 {
		t.Errorf("under the first revision: %+v, want what it was", got)
	}
}
