package runner

import (
	"math"
	"slices"
	"time"

	"tasks/golem"
	"tasks/runner/state"
)

const (
	// idlePatience is how long a worker with nothing else to do leaves a task that
	// failed on its provider to the workers of others.
	idlePatience = time.Minute
	// busyPatience is how long one that has other tasks does. It costs nothing, so
	// it is as long as workers with long tasks need to be free.
	busyPatience = time.Hour
	// restless is after how many tries a task is worth another machine, where it is
	// all that is left to do.
	restless = 3
	// retriesSeen bounds how many tasks that are due a worker looks at.
	retriesSeen = 64
)

// retries are tasks that were tried before, by NextTryAt.
type retries []retry

// A retry is a task that is tried again: if it can be, on a provider that it has
// not failed on.
type retry struct {
	state.Task
	passed time.Time // when a worker left it to others first; zero before
}

func (l *retries) add(t state.Task) {
	at, _ := slices.BinarySearchFunc(*l, t, func(r retry, t state.Task) int { return r.NextTryAt.Compare(t.NextTryAt) })
	*l = slices.Insert(*l, at, retry{Task: t})
}

// held reports whether a task is due that some worker may not want.
func (l retries) held(dueIn func(state.Task) time.Duration) bool {
	return len(l) > 0 && dueIn(l[0].Task) <= 0
}

// next is how long it takes until a worker with nothing to do may take one.
func (l retries) next(dueIn func(state.Task) time.Duration) time.Duration {
	wait := time.Duration(math.MaxInt64)
	for i := range l[:min(len(l), retriesSeen)] {
		if due := dueIn(l[i].Task); due > 0 {
			return min(wait, due)
		}
		wait = min(wait, max(0, idlePatience-time.Since(l[i].passed)))
	}
	return wait
}

// popRetryLocked returns the first task due that a worker of a provider does not
// leave to others, or no longer.
func (q *queue) popRetryLocked(provider golem.NodeID, patience time.Duration) (state.Task, bool) {
	for i := range q.retries[:min(len(q.retries), retriesSeen)] {
		r := &q.retries[i]
		if q.dueIn(r.Task) > 0 {
			break
		}
		if slices.Contains(r.FailedOn, provider) && q.r.hiredBeside(r.FailedOn) {
			if r.passed.IsZero() {
				r.passed = time.Now()
			}
			if time.Since(r.passed) < patience {
				continue
			}
		}
		t := r.Task
		q.retries = cutOut(q.retries, i)
		return t, true
	}
	return state.Task{}, false
}

// cutOut takes one out that is near the start, without moving all after it.
func cutOut[E any](from []E, i int) []E {
	var none E
	copy(from[1:i+1], from[:i])
	from[0] = none
	return from[1:]
}

// triedOn are the providers that all tasks left have failed on, each of them
// restless; nil where anything else waits. They fail there again, so somebody else
// is worth hiring.
func (q *queue) triedOn() []golem.NodeID {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.emitted.len() > 0 || q.fresh.len() > 0 || q.overflow || len(q.retries) == 0 || len(q.retries) > retriesSeen {
		return nil
	}
	on := slices.Clone(q.retries[0].FailedOn)
	for _, r := range q.retries {
		if r.Tries() < restless {
			return nil
		}
		on = slices.DeleteFunc(on, func(id golem.NodeID) bool { return !slices.Contains(r.FailedOn, id) })
	}
	return on
}
