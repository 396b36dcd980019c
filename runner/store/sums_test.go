package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"tasks/runner/state"
	"tasks/runner/store"
)

// TestCountersOfOneGroup has many jobs share a commit. Some look at the counters
// while they work, and some of those fail.
func TestCountersOfOneGroup(t *testing.T) {
	const n = 90
	w := newWorld(t)
	commits := 0
	w.BeforeCommit = func(int) error { commits++; return nil }
	tasks := make([]state.Task, n)
	for i := range tasks {
		tasks[i] = state.Task{Stage: "attack", Index: int64(i)}
	}
	ids := w.add(t, tasks...)
	regret := errors.New("regret")
	var wg sync.WaitGroup
	// The first job holds the others up, so that they come as one group.
	all := make(chan struct{})
	wg.Go(func() {
		update(t, w.Store, func(*store.Tx) error { <-all; return nil })
	})
	var queued sync.WaitGroup
	for i, id := range ids {
		queued.Add(1)
		wg.Go(func() {
			queued.Done()
			err := w.Update(context.Background(), func(tx *store.Tx) error {
				if err := w.workOne(tx, id); err != nil || i%3 == 0 {
					return err
				}
				if err := w.look(tx, n); err != nil {
					return err
				}
				if i%3 == 1 {
					return regret
				}
				_, err := tx.Provider(providerID)
				return err
			})
			if err != nil && !(i%3 == 1 && errors.Is(err, regret)) {
				t.Errorf("job %d: %v", i, err)
			}
		})
	}
	queued.Wait()
	close(all)
	wg.Wait()
	want := state.Counts{Pending: n / 3, Done: n * 2 / 3, Results: n * 2 / 3}
	if got := ask(t, w.Store, func(tx *store.Tx) (state.Counts, error) { return tx.Counts(w.run) }); got != want {
		t.Errorf("counts are %+v, want %+v", got, want)
	}
	a := ask(t, w.Store, func(tx *store.Tx) (state.Activity, error) { return tx.Activity(w.activity) })
	if a.Batches != n*2/3 || a.Results != n*2/3 || a.LastTask.IsZero() {
		t.Errorf("activity has %d batches and %d results, the last %v", a.Batches, a.Results, a.LastTask)
	}
	p := ask(t, w.Store, func(tx *store.Tx) (state.Provider, error) { return tx.Provider(providerID) })
	if p.Successes != n*2/3 || p.Results != n*2/3 {
		t.Errorf("provider has %d successes and %d results", p.Successes, p.Results)
	}
	results := ask(t, w.Store, func(tx *store.Tx) ([]state.Result, error) { return tx.Results(w.run, 0, n) })
	if last := results[len(results)-1].Seq; len(results) != n*2/3 || last != n*2/3 {
		t.Errorf("%d results, the last with number %d", len(results), last)
	}
	if next := w.finish(t, store.AttemptEnd{
		Attempt: w.begin(t, w.add(t, state.Task{Stage: "attack"})[0]).ID, State: state.AttemptDone, Task: state.TaskDone, Value: doc(`1`),
	}); next.Seq != n*2/3+1 {
		t.Errorf("the next result has number %d", next.Seq)
	}
	t.Logf("%d commits", commits)
}

// look wants the counters to have everything that came before.
func (w world) look(tx *store.Tx, n int64) error {
	c, err := tx.Counts(w.run)
	if err != nil {
		return err
	}
	a, err := tx.Activity(w.activity)
	if err == nil && (c.Pending+c.Running+c.Done != n || c.Running != 0 || int64(a.Batches) != c.Done) {
		err = fmt.Errorf("counts are %+v, and the activity has %d batches", c, a.Batches)
	}
	return err
}

// TestStreakOverOneGroup adds failures and successes in one job, in order.
func TestStreakOverOneGroup(t *testing.T) {
	w := newWorld(t)
	var ids []int64
	for i := range 6 {
		ids = append(ids, w.add(t, state.Task{Stage: "attack", Index: int64(i)})...)
	}
	end := func(tx *store.Tx, id int64, ok bool) error {
		at, err := tx.BeginAttempt(w.run, state.Task{ID: id}, w.activity)
		if err != nil {
			return err
		}
		e := store.AttemptEnd{Attempt: at.ID, Batch: batchID, State: state.AttemptDone, Task: state.TaskDone}
		if !ok {
			e.State, e.Task, e.Fault = state.AttemptFailed, state.TaskFailed, state.FaultProvider
		}
		_, err = tx.FinishAttempt(e)
		return err
	}
	for _, group := range []struct {
		oks  []bool
		want int
	}{{[]bool{false, false}, 2}, {[]bool{false, true, false}, 1}, {[]bool{false}, 2}} {
		update(t, w.Store, func(tx *store.Tx) error {
			for _, ok := range group.oks {
				if err := end(tx, ids[0], ok); err != nil {
					return err
				}
				ids = ids[1:]
			}
			return nil
		})
		a := ask(t, w.Store, func(tx *store.Tx) (state.Activity, error) { return tx.Activity(w.activity) })
		if a.Streak != group.want {
			t.Errorf("streak after %v is %d, want %d", group.oks, a.Streak, group.want)
		}
	}
	p := ask(t, w.Store, func(tx *store.Tx) (state.Provider, error) { return tx.Provider(providerID) })
	if p.Failures != 5 || p.Successes != 1 || p.LastFailure.IsZero() {
		t.Errorf("provider has %d failures and %d successes, last failure %v", p.Failures, p.Successes, p.LastFailure)
	}
}
