package runner

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

// queued is a queue of a run that has agreements with some providers.
func queued(t testing.TB, hired ...golem.NodeID) *queue {
	t.Helper()
	st, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "queue.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	r := newRunner(Options{Store: st})
	for _, id := range hired {
		r.hires[id] = true
	}
	r.queue = newQueue(r)
	t.Cleanup(r.queue.close)
	return r.queue
}

// after is how long a worker of a provider waits for a task, and which one it is.
func (q *queue) after(provider golem.NodeID) (time.Duration, int64) {
	began := time.Now()
	t, ok := q.take(context.Background(), provider)
	if !ok {
		return time.Since(began), 0
	}
	return time.Since(began), t.ID
}

func TestRetryPrefersAnotherProvider(t *testing.T) {
	failed := state.Task{ID: 1, Attempts: 1, FailedOn: []golem.NodeID{"bad"}}
	fresh := state.Task{ID: 2}
	for _, c := range []struct {
		name  string
		hired []golem.NodeID
		tasks []state.Task
		by    golem.NodeID
		waits time.Duration
		task  int64
	}{
		{"another one takes it first", []golem.NodeID{"bad", "good"}, []state.Task{fresh, failed}, "good", 0, 1},
		{"its own takes something else", []golem.NodeID{"bad", "good"}, []state.Task{failed, fresh}, "bad", 0, 2},
		{"its own waits for the others", []golem.NodeID{"bad", "good"}, []state.Task{failed}, "bad", idlePatience, 1},
		{"there are no others", []golem.NodeID{"bad"}, []state.Task{failed, fresh}, "bad", 0, 1},
		{
			"nor others that it did not fail on", []golem.NodeID{"bad", "worse"},
			[]state.Task{{ID: 3, Attempts: 2, FailedOn: []golem.NodeID{"worse", "bad"}}}, "bad", 0, 3,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := queued(t, c.hired...)
				q.add(c.tasks...)
				if waits, task := q.after(c.by); waits != c.waits || task != c.task {
					t.Errorf("task %d after %v, want task %d after %v", task, waits, c.task, c.waits)
				}
			})
		})
	}
}

// A worker that waits for others is handed the task when the last of them goes.
func TestRetryIsFreeWhenTheOthersGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := queued(t, "bad", "good")
		q.add(state.Task{ID: 1, Attempts: 1, FailedOn: []golem.NodeID{"bad"}})
		time.AfterFunc(10*time.Second, func() { q.r.setHired("good", false) })
		if waits, task := q.after("bad"); waits != 10*time.Second || task != 1 {
			t.Errorf("task %d after %v, want task 1 after 10s", task, waits)
		}
	})
}

// Who came later is served where who came first would rather not.
func TestRetryPassesOverWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := queued(t, "bad", "good")
		got := make(chan golem.NodeID, 2)
		for _, id := range []golem.NodeID{"bad", "good"} {
			go func() {
				if _, ok := q.take(context.Background(), id); ok {
					got <- id
				}
			}()
			synctest.Wait()
		}
		began := time.Now()
		q.add(state.Task{ID: 1, Attempts: 1, NextTryAt: q.r.Store.Now().Add(2 * time.Second), FailedOn: []golem.NodeID{"bad"}})
		if by := <-got; by != "good" || time.Since(began) != 2*time.Second {
			t.Errorf("taken by %s after %v, want good after 2s", by, time.Since(began))
		}
		q.add(state.Task{ID: 2})
		if by := <-got; by != "bad" {
			t.Errorf("the next one taken by %s, want bad", by)
		}
	})
}

// A worker with other tasks leaves one that failed on its provider alone for long,
// and not for ever.
func TestRetryIsNotLeftForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := queued(t, "bad", "good")
		q.add(state.Task{ID: 1, Attempts: 1, FailedOn: []golem.NodeID{"bad"}})
		began := time.Now()
		for id := int64(2); ; id++ {
			q.add(state.Task{ID: id})
			if _, task := q.after("bad"); task == 1 {
				break
			}
			time.Sleep(time.Minute)
		}
		if took := time.Since(began); took != busyPatience {
			t.Errorf("taken after %v, want %v", took, busyPatience)
		}
	})
}

// Emitted tasks that come late, or beyond the window, are neither lost nor handed
// out twice.
func TestEmittedTasksOverflowWithoutLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := queued(t, "p")
		emitted := func(id int64) state.Task { return state.Task{ID: id, Parent: 1} }
		q.add(emitted(7)) // it was faster than 5 and 6
		for id := int64(8); q.emitted.len() < emittedWindow; id++ {
			q.add(emitted(id))
		}
		q.add(emitted(5), emitted(6), emitted(100_000))
		if n := q.emitted.len(); n != emittedWindow+2 || !q.overflow {
			t.Errorf("%d tasks held, want the late ones too and none beyond the window", n)
		}
		q.loaded, q.last = span{90_000, 100_000}, 100_000
		q.add(emitted(95_000))
		if n := q.emitted.len(); n != emittedWindow+2 {
			t.Error("a task that the window brought is held twice")
		}
	})
}

func BenchmarkQueue(b *testing.B) {
	for _, c := range []struct {
		name string
		held int // tasks due that the worker leaves to others
	}{{"new tasks", 0}, {"10 held back", 10}, {"10000 held back", 10_000}} {
		b.Run(c.name, func(b *testing.B) {
			q := queued(b, "bad", "good")
			for i := range c.held {
				q.add(state.Task{ID: int64(i + 1), Attempts: 1, FailedOn: []golem.NodeID{"bad"}})
			}
			var chunk [feedLeast]state.Task
			for n := 0; b.Loop(); n++ {
				if n%feedLeast == 0 {
					q.add(chunk[:]...)
				}
				q.take(context.Background(), "bad")
			}
		})
	}
}
