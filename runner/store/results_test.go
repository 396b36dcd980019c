package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/runner/state"
	"tasks/runner/store"
)

func TestEmittedTasks(t *testing.T) {
	w := newWorld(t)
	parent := w.add(t, state.Task{Stage: "keyspace"})[0]
	f := w.finish(t, store.AttemptEnd{
		Attempt: w.begin(t, parent).ID, State: state.AttemptDone, Task: state.TaskDone,
		Emitted: []state.Task{{Stage: "attack", Index: 0, Item: doc(`0`)}, {Stage: "attack", Index: 1, Item: doc(`4096`)}},
	})
	got := ask(t, w.Store, func(tx *store.Tx) ([]state.Task, error) { return tx.PendingTasks(w.run, true, 0, 10) })
	want := []state.Task{
		{ID: f.EmittedIDs[0], Stage: "attack", Index: 0, Item: doc(`0`), Parent: parent, State: state.TaskPending},
		{ID: f.EmittedIDs[1], Stage: "attack", Index: 1, Item: doc(`4096`), Parent: parent, State: state.TaskPending},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("emitted (-want +got):\n%s", diff)
	}
	if got, want := w.counts(t), (state.Counts{Pending: 2, Done: 1}); got != want {
		t.Errorf("counts are %+v, want %+v", got, want)
	}
}

func TestResultsAreNumberedWithoutGaps(t *testing.T) {
	const n = 60
	w := newWorld(t)
	tasks := make([]state.Task, n)
	for i := range tasks {
		tasks[i] = state.Task{Stage: "attack", Index: int64(i), Item: doc(fmt.Sprint(i))}
	}
	ids := w.add(t, tasks...)
	var wg sync.WaitGroup
	for i, id := range ids {
		at := w.begin(t, id)
		wg.Go(func() {
			err := w.Update(context.Background(), func(tx *store.Tx) error {
				_, err := tx.FinishAttempt(store.AttemptEnd{
					Attempt: at.ID, State: state.AttemptDone, Task: state.TaskDone, Value: doc(fmt.Sprint(i * i)), Count: 1,
				})
				if err == nil && i%3 == 0 {
					err = errMine
				}
				return err
			})
			if err != nil && !errors.Is(err, errMine) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	rows := ask(t, w.Store, func(tx *store.Tx) ([]store.ResultRow, error) { return tx.ResultRows(w.run, 0, n) })
	if len(rows) != n*2/3 {
		t.Errorf("%d results, want %d", len(rows), n*2/3)
	}
	for i, r := range rows {
		if r.Seq != int64(i+1) || r.Index%3 == 0 || string(r.Value) != fmt.Sprint(r.Index*r.Index) {
			t.Errorf("result %d is %+v", i, r)
		}
	}
	if got, want := w.counts(t), (state.Counts{Running: n / 3, Done: n * 2 / 3, Results: n * 2 / 3}); got != want {
		t.Errorf("counts are %+v, want %+v", got, want)
	}
}

func TestResultRows(t *testing.T) {
	w := newWorld(t)
	id := w.add(t, state.Task{Stage: "attack", Index: 9, Item: doc(`"hash"`)})[0]
	w.finish(t, store.AttemptEnd{Attempt: w.begin(t, id).ID, State: state.AttemptLost, Task: state.TaskPending})
	at := w.begin(t, id)
	f := w.finish(t, store.AttemptEnd{Attempt: at.ID, State: state.AttemptDone, Task: state.TaskDone, Value: doc(`"pw"`), Count: 2})
	result := state.Result{Seq: 1, Task: id, Attempt: at.ID, Value: doc(`"pw"`), Count: 2, FinishedAt: f.Task.FinishedAt}
	want := []store.ResultRow{{
		Result: result, Stage: "attack", Index: 9, Item: doc(`"hash"`), Attempts: 2, StartedAt: at.StartedAt,
		ActivityKey: w.activity, Activity: activityID, Provider: providerID, ProviderName: "golem-eu",
	}}
	got := ask(t, w.Store, func(tx *store.Tx) ([]store.ResultRow, error) { return tx.ResultRows(w.run, 0, 10) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	results := ask(t, w.Store, func(tx *store.Tx) ([]state.Result, error) { return tx.Results(w.run, 0, 10) })
	if diff := cmp.Diff([]state.Result{result}, results); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if rest := ask(t, w.Store, func(tx *store.Tx) ([]store.ResultRow, error) { return tx.ResultRows(w.run, 1, 10) }); len(rest) != 0 {
		t.Errorf("after the last come %+v", rest)
	}
}
