package store_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

var errUndo = errors.New("undo")

// TestMovedAddsUp changes rows at random, some of them in updates that are undone, and
// holds what is kept from one look to the next against what is read anew.
func TestMovedAddsUp(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &mess{world: newWorld(t), rand: rand.New(rand.NewPCG(seed, 7))}
				m.agreements, m.activities = []int64{m.agreement}, []int64{m.activity}
				seen := map[int64]store.Engagement{}
				for range 100 {
					m.change(t)
					if m.rand.IntN(3) > 0 {
						m.check(t, seen)
					}
				}
			})
		})
	}
}

// A mess is a run whose rows are changed without much sense.
type mess struct {
	world
	rand                   *rand.Rand
	agreements, activities []int64
}

func (m *mess) change(t *testing.T) {
	undo := m.rand.IntN(5) == 0
	switch m.rand.IntN(8) {
	case 0:
		time.Sleep(time.Duration(m.rand.IntN(40)) * time.Second)
	case 1:
		n := len(m.agreements)
		m.agreements = append(m.agreements, m.hire(t, golem.AgreementID(fmt.Sprint("a", n)), golem.NodeID(fmt.Sprint("0x", n)), "golem"))
	case 2:
		key := m.one(m.agreements)
		if !m.agreementNow(t, key).State.Done() {
			m.activities = append(m.activities, m.activate(t, key, golem.ActivityID(fmt.Sprint("v", len(m.activities)))))
		}
	default:
		err := m.Update(t.Context(), func(tx *store.Tx) error {
			if err := m.move(tx); err != nil || !undo {
				return err
			}
			return errUndo
		})
		if err != nil && !errors.Is(err, errUndo) {
			t.Fatal(err)
		}
	}
}

func (m *mess) one(keys []int64) int64 { return keys[m.rand.IntN(len(keys))] }

// move moves an agreement or an activity on, or its bills.
func (m *mess) move(tx *store.Tx) error {
	act, err := tx.Activity(m.one(m.activities))
	if err != nil {
		return err
	}
	a, err := tx.Agreement(m.one(m.agreements))
	if err != nil {
		return err
	}
	switch m.rand.IntN(6) {
	case 0:
		return tx.Authorise(act.Key, glm(fmt.Sprint(m.rand.IntN(100))))
	case 1:
		return tx.SetUsage(act.Key, []float64{m.rand.Float64(), 1}, tx.Now())
	case 2:
		switch act.State {
		case state.ActivityReady:
			return tx.MoveActivity(act.Key, act.State, state.ActivityStopping, store.ActivitySet{Reason: "over"})
		case state.ActivityStopping:
			return tx.MoveActivity(act.Key, act.State, state.ActivityEnded, store.ActivitySet{})
		}
	case 3:
		switch a.State {
		case state.AgreementApproved:
			return tx.MoveAgreement(a.Key, a.State, state.AgreementEnding, store.AgreementSet{Reason: "over"})
		case state.AgreementEnding:
			return tx.MoveAgreement(a.Key, a.State, state.AgreementEnded,
				store.AgreementSet{WaitUntil: tx.Now().Add(time.Duration(m.rand.IntN(60)) * time.Second)})
		}
	case 4:
		if a.State.Done() {
			states := []state.BillState{state.BillAccepting, state.BillAccepted, state.BillRefused, ""}
			return tx.SetInvoice(a.Key, "invoice", glm("1"), states[m.rand.IntN(len(states))])
		}
	case 5:
		_, _, err := tx.Live(m.run)
		return err
	}
	return nil
}

// check compares what is kept with what an update reads, which keeps nothing.
func (m *mess) check(t *testing.T, seen map[int64]store.Engagement) {
	t.Helper()
	snapshot := func(tx *store.Tx) (store.Snapshot, error) { return tx.Snapshot(m.run) }
	want := tell(t, m.Store, snapshot)
	if m.rand.IntN(2) == 0 {
		if diff := gocmp.Diff(want, ask(t, m.Store, snapshot)); diff != "" {
			t.Errorf("snapshot (-read anew +kept):\n%s", diff)
		}
		m.checkLive(t)
	}
	moved := ask(t, m.Store, func(tx *store.Tx) (store.Moved, error) { return tx.Moved(m.run) })
	if moved.All {
		clear(seen)
	}
	for _, e := range moved.Now {
		seen[e.Key] = *e
	}
	for _, key := range moved.Gone {
		delete(seen, key)
	}
	var got store.Snapshot
	for _, key := range slices.Sorted(maps.Keys(seen)) {
		got.Agreements = append(got.Agreements, seen[key].Agreement)
		got.Activities = append(got.Activities, seen[key].Activities...)
	}
	slices.SortFunc(got.Activities, func(x, y state.Activity) int { return cmp.Compare(x.Key, y.Key) })
	if diff := gocmp.Diff(want.Agreements, got.Agreements, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("agreements (-read anew +moved):\n%s", diff)
	}
	if diff := gocmp.Diff(want.Activities, got.Activities, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("activities (-read anew +moved):\n%s", diff)
	}
	if t.Failed() {
		t.FailNow()
	}
}

func (m *mess) checkLive(t *testing.T) {
	t.Helper()
	type both struct {
		Agreements []state.Agreement
		Activities []state.Activity
	}
	live := func(tx *store.Tx) (b both, err error) {
		b.Agreements, b.Activities, err = tx.Live(m.run)
		return b, err
	}
	if diff := gocmp.Diff(tell(t, m.Store, live), ask(t, m.Store, live)); diff != "" {
		t.Errorf("live (-read anew +kept):\n%s", diff)
	}
}
