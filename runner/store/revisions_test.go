package store_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/runner/state"
	"tasks/runner/store"
)

func TestRevisionsWaitUntilTheyAreTakenOver(t *testing.T) {
	w := newWorld(t)
	propose := func(text string) (number int) {
		update(t, w.Store, func(tx *store.Tx) (err error) {
			number, err = tx.Propose(state.Revision{Run: w.run, Text: []byte(text)})
			return err
		})
		return number
	}
	check := func(revision, proposed int) {
		t.Helper()
		if got := w.runNow(t); got.Revision != revision || got.Proposed != proposed {
			t.Errorf("in force %d, waiting %d; want %d, %d", got.Revision, got.Proposed, revision, proposed)
		}
	}
	second := propose("second")
	check(1, second)
	third := propose("third")
	check(1, third)
	err := w.Update(t.Context(), func(tx *store.Tx) error { return tx.Adopt(w.run, second, "") })
	if !errors.Is(err, store.ErrStale) {
		t.Errorf("a forgotten revision was taken over: %v", err)
	}
	check(1, third)
	update(t, w.Store, func(tx *store.Tx) error { return tx.Adopt(w.run, third, "") })
	check(3, 0)
	fourth := propose("fourth")
	update(t, w.Store, func(tx *store.Tx) error { return tx.Refuse(w.run, fourth, "because") })
	check(3, 0)
	all := ask(t, w.Store, func(tx *store.Tx) ([]state.Revision, error) { return tx.Revisions(w.run) })
	var got []string
	for _, r := range all {
		text := string(r.Text) + " " + r.Refused
		if !r.AdoptedAt.IsZero() {
			text += "adopted"
		}
		got = append(got, text)
	}
	if diff := cmp.Diff([]string{"second ", "third adopted", "fourth because"}, got[1:]); diff != "" {
		t.Errorf("revisions (-want +got):\n%s", diff)
	}
}

// A decision that is recorded after an edit was taken over keeps the revision that
// it was made by; one that says nothing has the one in force.
func TestEventsKnowTheirRevision(t *testing.T) {
	w := newWorld(t)
	update(t, w.Store, func(tx *store.Tx) error { _, err := tx.AddRevision(state.Revision{Run: w.run}); return err })
	update(t, w.Store, func(tx *store.Tx) error {
		tx.By(1)
		return tx.AddEvent(w.run, "late", "", "")
	})
	update(t, w.Store, func(tx *store.Tx) error { return tx.AddEvent(w.run, "now", "", "") })
	all := ask(t, w.Store, func(tx *store.Tx) ([]state.Event, error) { return tx.Events(w.run, 0, 100) })
	last := all[len(all)-2:]
	if last[0].Revision != 1 || last[1].Revision != 2 || all[0].Revision != 1 {
		t.Errorf("revisions of the first event and the last two: %d, %d, %d; want 1, 1, 2", all[0].Revision, last[0].Revision, last[1].Revision)
	}
}
