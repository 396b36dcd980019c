package store_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

// open makes a store in a directory of its own.
func open(t testing.TB) *store.Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "tasks.db"))
}

func openAt(t testing.TB, path string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func update(t testing.TB, s *store.Store, fn func(*store.Tx) error) {
	t.Helper()
	if err := s.Update(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

// ask reads one thing.
func ask[T any](t testing.TB, s *store.Store, fn func(*store.Tx) (T, error)) T {
	t.Helper()
	var out T
	err := s.View(context.Background(), func(tx *store.Tx) (err error) {
		out, err = fn(tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// tell writes and returns one thing.
func tell[T any](t testing.TB, s *store.Store, fn func(*store.Tx) (T, error)) T {
	t.Helper()
	var out T
	update(t, s, func(tx *store.Tx) (err error) {
		out, err = fn(tx)
		return err
	})
	return out
}

func glm(s string) golem.Amount { return decimal.RequireFromString(s) }

func doc(s string) json.RawMessage { return json.RawMessage(s) }

// A world is a run with one approved agreement and one ready activity.
type world struct {
	*store.Store
	path      string
	run       state.RunID
	agreement int64
	activity  int64
}

const (
	agreementID golem.AgreementID = "0e91b4445ec8c5372d58ee82b1164445aa0187d6ea1d1420b660d3a78800d913"
	activityID  golem.ActivityID  = "1eff08da52126ffc6c719451701917af"
	providerID  golem.NodeID      = "0x60526e8be075e6c3c29735dfb88249f308371e8c"
	batchID     golem.BatchID     = "b7e4f1d2a9c84a53b0d6e8f7a1c2d3e4"
)

func newWorld(t testing.TB) world {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tasks.db")
	w := world{Store: openAt(t, path), path: path, run: "yacat"}
	update(t, w.Store, func(tx *store.Tx) error {
		if err := tx.CreateRun(state.Run{ID: w.run, Name: "yacat", Payload: "vm image", Session: "tasks-yacat"}, state.Revision{Text: []byte("name: yacat")}); err != nil {
			return err
		}
		return tx.StartRun(w.run, "embedded", "0x1")
	})
	w.agreement = w.hire(t, agreementID, providerID, "golem-eu")
	w.activity = w.activate(t, w.agreement, activityID)
	return w
}

// hire takes an agreement from the intent to its approval.
func (w world) hire(t testing.TB, id golem.AgreementID, provider golem.NodeID, name string) (key int64) {
	t.Helper()
	update(t, w.Store, func(tx *store.Tx) (err error) {
		key, err = tx.AddAgreement(state.Agreement{
			Run: w.run, State: state.AgreementCreating, Provider: provider, ProviderName: name,
			Demand: "demand", Proposal: "R-1", Offer: golem.Properties{"golem.inf.cpu.cores": 4.0},
			Pricing:  state.Pricing{Start: glm("0.1"), Coeffs: map[string]golem.Amount{golem.UsageCPU: glm("0.0000001")}, Vector: []string{golem.UsageCPU, golem.UsageDuration}},
			Platform: "erc20-hoodi-tglm", Interval: 2 * time.Minute,
		})
		if err != nil {
			return err
		}
		return walk(
			func() error {
				return tx.MoveAgreement(key, state.AgreementCreating, state.AgreementCreated, store.AgreementSet{ID: id})
			},
			func() error {
				return tx.MoveAgreement(key, state.AgreementCreated, state.AgreementConfirmed, store.AgreementSet{})
			},
			func() error {
				return tx.MoveAgreement(key, state.AgreementConfirmed, state.AgreementApproved, store.AgreementSet{AgreedAt: tx.Now()})
			},
		)
	})
	return key
}

// activate takes an activity from the intent to readiness.
func (w world) activate(t testing.TB, agreement int64, id golem.ActivityID) (key int64) {
	t.Helper()
	update(t, w.Store, func(tx *store.Tx) (err error) {
		key, err = tx.AddActivity(state.Activity{Run: w.run, Agreement: agreement, State: state.ActivityCreating})
		if err != nil {
			return err
		}
		return walk(
			func() error {
				return tx.MoveActivity(key, state.ActivityCreating, state.ActivityCreated, store.ActivitySet{ID: id})
			},
			func() error {
				return tx.MoveActivity(key, state.ActivityCreated, state.ActivityPreparing, store.ActivitySet{PrepareBatch: batchID})
			},
			func() error {
				return tx.MoveActivity(key, state.ActivityPreparing, state.ActivityReady, store.ActivitySet{})
			},
		)
	})
	return key
}

func walk(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// add records pending tasks.
func (w world) add(t testing.TB, tasks ...state.Task) []int64 {
	t.Helper()
	return tell(t, w.Store, func(tx *store.Tx) ([]int64, error) { return tx.AddTasks(w.run, tasks) })
}

// begin brings a task to the point where its batch runs.
func (w world) begin(t testing.TB, task int64) state.Attempt {
	t.Helper()
	return tell(t, w.Store, func(tx *store.Tx) (state.Attempt, error) {
		k, err := tx.Task(task)
		if err != nil {
			return state.Attempt{}, err
		}
		at, err := tx.BeginAttempt(w.run, k, w.activity)
		if err != nil {
			return at, err
		}
		return at, tx.SetBatch(at.ID, batchID, 0)
	})
}

func (w world) finish(t testing.TB, end store.AttemptEnd) store.Finished {
	t.Helper()
	return tell(t, w.Store, func(tx *store.Tx) (store.Finished, error) { return tx.FinishAttempt(end) })
}
