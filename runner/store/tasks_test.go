package store_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

func (w world) counts(t testing.TB) state.Counts {
	t.Helper()
	return ask(t, w.Store, func(tx *store.Tx) (state.Counts, error) { return tx.Counts(w.run) })
}

func (w world) task(t testing.TB, id int64) state.Task {
	t.Helper()
	return ask(t, w.Store, func(tx *store.Tx) (state.Task, error) { return tx.Task(id) })
}

func (w world) activityNow(t testing.TB) state.Activity {
	t.Helper()
	return ask(t, w.Store, func(tx *store.Tx) (state.Activity, error) { return tx.Activity(w.activity) })
}

func (w world) provider(t testing.TB) state.Provider {
	t.Helper()
	return ask(t, w.Store, func(tx *store.Tx) (state.Provider, error) { return tx.Provider(providerID) })
}

func TestCursors(t *testing.T) {
	w := newWorld(t)
	update(t, w.Store, func(tx *store.Tx) error {
		if _, err := tx.AddTasks(w.run, []state.Task{{Stage: "emitted"}}); err != nil {
			return err
		}
		if err := tx.SaveCursor(w.run, state.Cursor{Stage: "keyspace", Next: 1, Position: doc(`{"offset":5}`)}); err != nil {
			return err
		}
		return tx.SaveCursor(w.run, state.Cursor{Stage: "empty", Ended: true})
	})
	update(t, w.Store, func(tx *store.Tx) error {
		return tx.SaveCursor(w.run, state.Cursor{Stage: "keyspace", Next: 2, Position: doc(`{"offset":9}`)})
	})
	got := ask(t, w.Store, func(tx *store.Tx) (map[string]state.Cursor, error) { return tx.Cursors(w.run) })
	want := map[string]state.Cursor{
		"keyspace": {Stage: "keyspace", Next: 2, Position: doc(`{"offset":9}`)},
		"empty":    {Stage: "empty", Ended: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cursors (-want +got):\n%s", diff)
	}
}

func TestAddTasks(t *testing.T) {
	w := newWorld(t)
	later := time.Date(2026, 12, 1, 0, 0, 0, 5000, time.UTC)
	ids := w.add(t,
		state.Task{Stage: "keyspace", Index: 3, Item: doc(`{"mask":"?a"}`)},
		state.Task{Stage: "attack", Index: 0, NextTryAt: later},
		state.Task{Stage: "keyspace", Index: 4, Item: doc(`12345678901234567890`)},
	)
	want := []state.Task{
		{ID: ids[0], Stage: "keyspace", Index: 3, Item: doc(`{"mask":"?a"}`), State: state.TaskPending},
		{ID: ids[1], Stage: "attack", NextTryAt: later, State: state.TaskPending},
		{ID: ids[2], Stage: "keyspace", Index: 4, Item: doc(`12345678901234567890`), State: state.TaskPending},
	}
	got := ask(t, w.Store, func(tx *store.Tx) ([]state.Task, error) { return tx.PendingTasks(w.run, false, 0, 10) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pending tasks (-want +got):\n%s", diff)
	}
	for i, id := range ids {
		if diff := cmp.Diff(want[i], w.task(t, id)); diff != "" {
			t.Errorf("task (-want +got):\n%s", diff)
		}
	}
	stages := ask(t, w.Store, func(tx *store.Tx) (map[string]state.Counts, error) { return tx.StageCounts(w.run) })
	if diff := cmp.Diff(map[string]state.Counts{"keyspace": {Pending: 2}, "attack": {Pending: 1}}, stages); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestPendingTasksComeInPages(t *testing.T) {
	w := newWorld(t)
	parent := w.add(t, state.Task{Stage: "keyspace"})[0]
	var fresh, emitted []int64
	for i := range int64(6) {
		k := state.Task{Stage: "attack", Index: i}
		if i%2 == 1 {
			k.Parent = parent
		}
		id := w.add(t, k)[0]
		if i%2 == 1 {
			emitted = append(emitted, id)
		} else {
			fresh = append(fresh, id)
		}
	}
	w.begin(t, parent)
	w.begin(t, emitted[1])
	for _, c := range []struct {
		name    string
		emitted bool
		after   int64
		limit   int
		want    []int64
	}{
		{"of the source", false, 0, 10, fresh},
		{"of the source, the first", false, 0, 1, fresh[:1]},
		{"of the source, after the first", false, fresh[0], 1, fresh[1:2]},
		{"emitted, one running", true, 0, 10, []int64{emitted[0], emitted[2]}},
		{"emitted, after the last", true, emitted[2], 10, nil},
	} {
		tasks := ask(t, w.Store, func(tx *store.Tx) ([]state.Task, error) {
			return tx.PendingTasks(w.run, c.emitted, c.after, c.limit)
		})
		var got []int64
		for _, k := range tasks {
			got = append(got, k.ID)
			if (k.Parent != 0) != c.emitted {
				t.Errorf("%s: task is %+v", c.name, k)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestATaskIsBegunOnce(t *testing.T) {
	w := newWorld(t)
	id := w.add(t, state.Task{Stage: "attack"})[0]
	var wg sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		wg.Go(func() {
			errs[i] = w.Update(context.Background(), func(tx *store.Tx) error {
				_, err := tx.BeginAttempt(w.run, state.Task{ID: id}, w.activity)
				return err
			})
		})
	}
	wg.Wait()
	begun := 0
	for _, err := range errs {
		if err == nil {
			begun++
		} else if !errors.Is(err, store.ErrStale) {
			t.Error(err)
		}
	}
	if begun != 1 {
		t.Errorf("begun %d times", begun)
	}
	if got, want := w.counts(t), (state.Counts{Running: 1}); got != want {
		t.Errorf("counts are %+v, want %+v", got, want)
	}
}

func TestBeginWithWhatIsKnownOfATask(t *testing.T) {
	w := newWorld(t)
	id := w.add(t, state.Task{Stage: "attack", Index: 7, Item: doc(`"a"`)})[0]
	for number, c := range []struct {
		name  string
		run   state.RunID
		known state.Task
	}{
		{"all of it", w.run, state.Task{ID: id, Stage: "attack", Index: 7, Item: doc(`"a"`)}},
		{"its id", w.run, state.Task{ID: id}},
		{"as it was", w.run, state.Task{ID: id, Stage: "attack", Index: 7, Item: doc(`"a"`), Attempts: 1}},
		{"another stage", w.run, state.Task{ID: id, Stage: "crack", Index: 3, Item: doc(`"b"`), Attempts: 3}},
		{"another run", "another", state.Task{ID: id, Stage: "attack", Attempts: 4}},
	} {
		at := tell(t, w.Store, func(tx *store.Tx) (state.Attempt, error) { return tx.BeginAttempt(c.run, c.known, w.activity) })
		if at.Number != number+1 {
			t.Errorf("%s: attempt %d", c.name, at.Number)
		}
		got := w.finish(t, store.AttemptEnd{Attempt: at.ID, State: state.AttemptLost, Task: state.TaskPending}).Task
		want := state.Task{ID: id, Stage: "attack", Index: 7, Item: doc(`"a"`), State: state.TaskPending, Attempts: number + 1}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(state.Task{}, "NextTryAt")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if got, want := w.counts(t), (state.Counts{Pending: 1}); got != want {
			t.Errorf("%s: counts are %+v, want %+v", c.name, got, want)
		}
	}
}

func TestAttemptsAreGuarded(t *testing.T) {
	w := newWorld(t)
	ids := w.add(t, state.Task{Stage: "attack"}, state.Task{Stage: "attack"})
	at := tell(t, w.Store, func(tx *store.Tx) (state.Attempt, error) {
		return tx.BeginAttempt(w.run, state.Task{ID: ids[0]}, w.activity)
	})
	success := store.AttemptEnd{Attempt: at.ID, State: state.AttemptDone, Task: state.TaskDone}
	finish := func(end store.AttemptEnd) func(*store.Tx) error {
		return func(tx *store.Tx) error { _, err := tx.FinishAttempt(end); return err }
	}
	refused(t, w.Store, store.ErrStale, finish(success)) // without a batch
	refused(t, w.Store, store.ErrForbidden, finish(store.AttemptEnd{Attempt: at.ID, State: state.AttemptRunning, Task: state.TaskDone}))
	refused(t, w.Store, store.ErrForbidden, finish(store.AttemptEnd{Attempt: at.ID, State: state.AttemptLost, Task: state.TaskRunning}))
	update(t, w.Store, func(tx *store.Tx) error { return tx.SetBatch(at.ID, batchID, 0) })
	refused(t, w.Store, store.ErrStale, func(tx *store.Tx) error { return tx.SetBatch(at.ID, "another", 0) })
	w.finish(t, success)
	refused(t, w.Store, store.ErrStale, finish(success))
	refused(t, w.Store, store.ErrStale, func(tx *store.Tx) error { return tx.SetBatch(at.ID, batchID, 0) })
	refused(t, w.Store, store.ErrStale, func(tx *store.Tx) error {
		_, err := tx.BeginAttempt(w.run, state.Task{ID: ids[0]}, w.activity)
		return err
	})
	refused(t, w.Store, store.ErrStale, func(tx *store.Tx) error {
		_, err := tx.BeginAttempt(w.run, state.Task{ID: 4711}, w.activity)
		return err
	})
	if got, want := w.counts(t), (state.Counts{Pending: 1, Done: 1}); got != want {
		t.Errorf("counts are %+v, want %+v", got, want)
	}
}

func TestBeginInAnActivityThatIsNotThere(t *testing.T) {
	w := newWorld(t)
	id := w.add(t, state.Task{Stage: "attack"})[0]
	err := w.Update(context.Background(), func(tx *store.Tx) error { _, err := tx.BeginAttempt(w.run, state.Task{ID: id}, 4711); return err })
	if err == nil {
		t.Error("begun")
	}
	if got := w.task(t, id); got.State != state.TaskPending || got.Attempts != 0 {
		t.Errorf("task is %+v", got)
	}
}

func TestFinishAttempt(t *testing.T) {
	busy := 90 * time.Second
	for _, c := range []struct {
		name     string
		end      store.AttemptEnd
		counts   state.Counts
		activity state.Activity
		provider state.Provider
		seq      int64
	}{
		{
			name: "a success with a result", end: store.AttemptEnd{State: state.AttemptDone, Task: state.TaskDone, Value: doc(`{"a":1}`), Count: 3},
			counts:   state.Counts{Done: 1, Results: 3},
			activity: state.Activity{Batches: 1, Results: 3}, provider: state.Provider{Successes: 1, Results: 3}, seq: 1,
		},
		{
			name: "a success without a result", end: store.AttemptEnd{State: state.AttemptDone, Task: state.TaskDone, Count: 3},
			counts: state.Counts{Done: 1}, activity: state.Activity{Batches: 1}, provider: state.Provider{Successes: 1},
		},
		{
			name: "a failure to be repeated", end: store.AttemptEnd{State: state.AttemptFailed, Task: state.TaskPending, Fault: state.FaultTask},
			counts: state.Counts{Pending: 1}, activity: state.Activity{Batches: 1, Failures: 1, Streak: 1},
		},
		{
			name: "a timeout for good", end: store.AttemptEnd{State: state.AttemptFailed, Task: state.TaskFailed, Fault: state.FaultTimeout},
			counts: state.Counts{Failed: 1}, activity: state.Activity{Batches: 1, Failures: 1, Streak: 1},
		},
		{
			name: "lost by the provider", end: store.AttemptEnd{State: state.AttemptLost, Task: state.TaskPending, Fault: state.FaultProvider},
			counts: state.Counts{Pending: 1}, activity: state.Activity{Batches: 1, Failures: 1, Streak: 1}, provider: state.Provider{Failures: 1},
		},
		{
			name: "given back by us", end: store.AttemptEnd{State: state.AttemptLost, Task: state.TaskPending},
			counts: state.Counts{Pending: 1}, activity: state.Activity{Batches: 1, Failures: 1},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				id := w.add(t, state.Task{Stage: "attack"})[0]
				at := w.begin(t, id)
				time.Sleep(busy)
				c.end.Attempt = at.ID
				f := w.finish(t, c.end)
				if f.Seq != c.seq {
					t.Errorf("seq is %d, want %d", f.Seq, c.seq)
				}
				answered := f.Task
				answered.FailedOn = nil // which is for those that hand it out
				if diff := cmp.Diff(w.task(t, id), answered); diff != "" {
					t.Errorf("answered task (-stored +answered):\n%s", diff)
				}
				if got := f.Task; got.State != c.end.Task || got.Attempts != 1 || got.FinishedAt.IsZero() != (c.end.Task == state.TaskPending) {
					t.Errorf("task is %+v", got)
				}
				if got := w.counts(t); got != c.counts {
					t.Errorf("counts are %+v, want %+v", got, c.counts)
				}
				a := w.activityNow(t)
				got := state.Activity{Batches: a.Batches, Results: a.Results, Failures: a.Failures, Streak: a.Streak}
				if diff := cmp.Diff(c.activity, got); diff != "" || a.Busy != busy || !a.LastTask.Equal(time.Now()) {
					t.Errorf("activity busy for %v, last at %v (-want +got):\n%s", a.Busy, a.LastTask, diff)
				}
				p := w.provider(t)
				if p.LastFailure.IsZero() != (c.provider.Failures == 0) {
					t.Errorf("last failure at %v", p.LastFailure)
				}
				p.ID, p.Name, p.LastFailure = "", "", time.Time{}
				if diff := cmp.Diff(c.provider, p); diff != "" {
					t.Errorf("provider (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestStreakEndsWithASuccess(t *testing.T) {
	w := newWorld(t)
	want := []int{1, 2, 2, 0, 1}
	for i, end := range []store.AttemptEnd{
		{State: state.AttemptFailed, Task: state.TaskFailed, Fault: state.FaultTask},
		{State: state.AttemptLost, Task: state.TaskPending, Fault: state.FaultProvider},
		{State: state.AttemptLost, Task: state.TaskPending},
		{State: state.AttemptDone, Task: state.TaskDone},
		{State: state.AttemptFailed, Task: state.TaskFailed, Fault: state.FaultTask},
	} {
		end.Attempt = w.begin(t, w.add(t, state.Task{Stage: "attack"})[0]).ID
		w.finish(t, end)
		if got := w.activityNow(t).Streak; got != want[i] {
			t.Errorf("after attempt %d the streak is %d, want %d", i+1, got, want[i])
		}
	}
}

func TestAttemptsRememberHowTheyEnded(t *testing.T) {
	w := newWorld(t)
	id := w.add(t, state.Task{Stage: "attack"})[0]
	next := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	long := append(bytes.Repeat([]byte("x"), 64<<10), []byte("the end")...)
	first := w.begin(t, id)
	f := w.finish(t, store.AttemptEnd{
		Attempt: first.ID, State: state.AttemptFailed, Fault: state.FaultTask, ExitCode: 137, Message: "exit code 137",
		Stdout: long, Stderr: []byte("killed\n"), Task: state.TaskPending, NextTryAt: next.In(time.FixedZone("x", 3600)),
	})
	if !f.Task.NextTryAt.Equal(next) || f.Task.NextTryAt.Location() != time.UTC {
		t.Errorf("next try at %v", f.Task.NextTryAt)
	}
	second := w.begin(t, id)
	if got := w.task(t, id); !got.NextTryAt.IsZero() || got.Attempts != 2 {
		t.Errorf("task is %+v", got)
	}
	w.finish(t, store.AttemptEnd{Attempt: second.ID, State: state.AttemptDone, Task: state.TaskDone, Stdout: []byte("kept as the result")})
	got := ask(t, w.Store, func(tx *store.Tx) ([]state.Attempt, error) { return tx.Attempts(id) })
	if len(got) != 2 {
		t.Fatalf("attempts are %+v", got)
	}
	want := []state.Attempt{
		{
			ID: first.ID, Task: id, Number: 1, Activity: w.activity, State: state.AttemptFailed, Batch: batchID,
			StartedAt: first.StartedAt, FinishedAt: got[0].FinishedAt, Fault: state.FaultTask, ExitCode: 137, Message: "exit code 137",
			Stdout: long[len(long)-64<<10:], Stderr: []byte("killed\n"),
		},
		{
			ID: second.ID, Task: id, Number: 2, Activity: w.activity, State: state.AttemptDone, Batch: batchID,
			StartedAt: second.StartedAt, FinishedAt: got[1].FinishedAt,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
}

func TestBlame(t *testing.T) {
	w := newWorld(t)
	other := w
	other.agreement = w.hire(t, "second agreement", "0x2", "keeper")
	other.activity = w.activate(t, other.agreement, "second activity")
	third := w
	third.agreement = w.hire(t, "third agreement", "0x3", "leaver")
	third.activity = w.activate(t, third.agreement, "third activity")
	id := w.add(t, state.Task{Stage: "attack"})[0]
	failed := func(s state.AttemptState, f state.Fault) store.AttemptEnd {
		return store.AttemptEnd{State: s, Fault: f, Task: state.TaskPending}
	}
	blame := func(fault state.Fault) store.Blame {
		return ask(t, w.Store, func(tx *store.Tx) (store.Blame, error) { return tx.Blame(id, providerID, fault) })
	}
	// The one it fails with now counts before its attempt is recorded.
	if got, want := blame(state.FaultTask), (store.Blame{Providers: 1, Own: 1}); got != want {
		t.Errorf("at the first attempt: %+v, want %+v", got, want)
	}
	for i, c := range []struct {
		where    world
		end      store.AttemptEnd
		want     store.Blame
		failedOn []golem.NodeID
	}{
		{w, failed(state.AttemptFailed, state.FaultTimeout), store.Blame{Providers: 1}, []golem.NodeID{providerID}},
		{w, failed(state.AttemptFailed, state.FaultTask), store.Blame{Providers: 1, Own: 1}, []golem.NodeID{providerID}},
		{other, failed(state.AttemptLost, state.FaultNone), store.Blame{Providers: 1, Own: 1}, []golem.NodeID{providerID}},
		{other, failed(state.AttemptLost, state.FaultProvider), store.Blame{Providers: 2, Own: 1}, []golem.NodeID{"0x2", providerID}},
		{third, failed(state.AttemptFailed, state.FaultTask), store.Blame{Providers: 3, Own: 2}, []golem.NodeID{"0x3", "0x2", providerID}},
		{w, failed(state.AttemptFailed, state.FaultTask), store.Blame{Providers: 3, Own: 2}, []golem.NodeID{providerID, "0x3", "0x2"}},
	} {
		c.end.Attempt = c.where.begin(t, id).ID
		finished := tell(t, w.Store, func(tx *store.Tx) (store.Finished, error) { return tx.FinishAttempt(c.end) })
		if got := blame(state.FaultTimeout); got != c.want {
			t.Errorf("after attempt %d: %+v, want %+v", i+1, got, c.want)
		}
		if diff := cmp.Diff(c.failedOn, finished.Task.FailedOn); diff != "" {
			t.Errorf("after attempt %d, failed on (-want +got):\n%s", i+1, diff)
		}
		pending := ask(t, w.Store, func(tx *store.Tx) ([]state.Task, error) { return tx.PendingTasks(w.run, false, 0, 1) })
		if diff := cmp.Diff(c.failedOn, pending[0].FailedOn); diff != "" {
			t.Errorf("after attempt %d, a restart reads failed on (-want +got):\n%s", i+1, diff)
		}
	}
}

// TestResultsAreNumberedWithoutGaps lets many workers finish at once, a third of
// them with an error after the result was written.
func TestOpenAttempts(t *testing.T) {
	w := newWorld(t)
	ids := w.add(t, state.Task{Stage: "a"}, state.Task{Stage: "a"}, state.Task{Stage: "a"})
	starting := tell(t, w.Store, func(tx *store.Tx) (state.Attempt, error) {
		return tx.BeginAttempt(w.run, state.Task{ID: ids[0]}, w.activity)
	})
	running := w.begin(t, ids[1])
	w.finish(t, store.AttemptEnd{Attempt: w.begin(t, ids[2]).ID, State: state.AttemptDone, Task: state.TaskDone})
	running.State, running.Batch = state.AttemptRunning, golem.BatchID(batchID)
	got := ask(t, w.Store, func(tx *store.Tx) ([]state.Attempt, error) { return tx.OpenAttempts(w.run) })
	if diff := cmp.Diff([]state.Attempt{starting, running}, got); diff != "" {
		t.Errorf("open attempts (-want +got):\n%s", diff)
	}
}

// Tasks that are put back are as good as new, but for the numbers of their tries.
func TestPutBack(t *testing.T) {
	w := newWorld(t)
	ids := w.add(t, state.Task{Stage: "attack"}, state.Task{Stage: "attack"}, state.Task{Stage: "attack"}, state.Task{Stage: "attack"})
	for i, id := range ids[:3] {
		w.finish(t, store.AttemptEnd{
			Attempt: w.begin(t, id).ID, State: state.AttemptFailed, Fault: state.FaultTask, Task: state.TaskFailed, Quarantined: i == 0,
		})
	}
	w.finish(t, store.AttemptEnd{Attempt: w.begin(t, ids[3]).ID, State: state.AttemptDone, Task: state.TaskDone})
	update(t, w.Store, func(tx *store.Tx) error { return tx.MoveRun(w.run, state.RunFailed, "some tasks failed for good") })
	var got []state.Task
	update(t, w.Store, func(tx *store.Tx) error {
		first, last, err := tx.PutBack(w.run, 0, 2)
		if err != nil {
			return err
		}
		rest, _, err := tx.PutBack(w.run, last, 2)
		got = append(first, rest...)
		return err
	})
	var want []state.Task
	for _, id := range ids[:3] {
		want = append(want, state.Task{ID: id, Stage: "attack", State: state.TaskPending, Attempts: 1, Forgiven: 1})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("put back (-want +got):\n%s", diff)
	}
	if got, want := w.counts(t), (state.Counts{Pending: 3, Done: 1}); got != want {
		t.Errorf("counts are %+v, want %+v", got, want)
	}
	run := ask(t, w.Store, func(tx *store.Tx) (state.Run, error) { return tx.Run(w.run) })
	if run.State != state.RunInterrupted || run.FinishedAt.IsZero() {
		t.Errorf("the run is %s, finished at %v", run.State, run.FinishedAt)
	}
	// What failed before does not count any more, for the policy or for who takes it.
	pending := ask(t, w.Store, func(tx *store.Tx) ([]state.Task, error) { return tx.PendingTasks(w.run, false, 0, 10) })
	if diff := cmp.Diff(want, pending); diff != "" {
		t.Errorf("pending (-want +got):\n%s", diff)
	}
	blame := ask(t, w.Store, func(tx *store.Tx) (store.Blame, error) { return tx.Blame(ids[0], "0x2", state.FaultTask) })
	if want := (store.Blame{Providers: 1, Own: 1}); blame != want {
		t.Errorf("blame is %+v, want %+v", blame, want)
	}
	left := ask(t, w.Store, func(tx *store.Tx) ([]store.LogRow, error) { return tx.FailedTasks(w.run, 0, 10) })
	if len(left) != 0 {
		t.Errorf("still failed: %+v", left)
	}
}
