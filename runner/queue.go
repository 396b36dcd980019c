package runner

import (
	"context"
	"slices"
	"sync"
	"time"

	"tasks/runner/state"
	"tasks/runner/store"
)

const (
	// emittedWindow is how many emitted tasks are held in memory; more wait in
	// the store.
	emittedWindow = 4096
	// lookAhead is the least number of tasks read from a source ahead of the
	// workers.
	lookAhead = 64
)

// A queue holds the tasks that a worker could take now or soon, and hands them
// out: tasks that a result emitted first, then tasks to be tried again, then new
// ones from the sources. The store has them all; the queue is a window on it.
type queue struct {
	r *runner

	mu       sync.Mutex
	emitted  fifo
	retries  []state.Task // by NextTryAt
	fresh    fifo
	waiting  []chan state.Task // workers without a task, in order of arrival
	timer    *time.Timer       // fires when the first of retries is due
	closed   bool
	sources  int  // stages whose source has not ended
	overflow bool // the store has emitted tasks after lastLoaded
	loading  bool
	last     int64 // highest id of an emitted task that was ever held

	rooms []chan struct{} // one a source, capacity 1: it may read on; not changed once set
}

func newQueue(r *runner) *queue { return &queue{r: r} }

// take waits for a task. It returns false when ctx ends or the queue is closed.
func (q *queue) take(ctx context.Context) (state.Task, bool) {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return state.Task{}, false
	}
	if t, ok := q.popLocked(); ok {
		q.mu.Unlock()
		q.refill()
		return t, true
	}
	me := make(chan state.Task, 1)
	q.waiting = append(q.waiting, me)
	q.serveLocked() // sets the timer for what is not due yet
	q.mu.Unlock()
	q.refill()
	select {
	case t, ok := <-me:
		return t, ok
	case <-ctx.Done():
		return q.giveUp(me)
	}
}

// giveUp takes a worker off the waiting list. A task that was handed to it in
// that moment is its own: it is returned after all.
func (q *queue) giveUp(me chan state.Task) (state.Task, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(q.waiting, me); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
		return state.Task{}, false
	}
	t, ok := <-me
	return t, ok
}

// add brings tasks that are pending in the store.
func (q *queue) add(tasks ...state.Task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, t := range tasks {
		q.placeLocked(t)
	}
	q.serveLocked()
}

// placeLocked puts a task where it belongs.
func (q *queue) placeLocked(t state.Task) {
	switch {
	case q.dueIn(t) > 0:
		at, _ := slices.BinarySearchFunc(q.retries, t, func(a, b state.Task) int { return a.NextTryAt.Compare(b.NextTryAt) })
		q.retries = slices.Insert(q.retries, at, t)
	case t.Parent != 0 && t.Attempts == 0:
		q.placeEmittedLocked(t)
	case t.Parent != 0:
		q.emitted.push(t)
	default:
		q.fresh.push(t)
	}
}

// placeEmittedLocked keeps to the window: what does not fit is loaded from the
// store later, in the order of its id.
func (q *queue) placeEmittedLocked(t state.Task) {
	if q.overflow || q.emitted.len() >= emittedWindow {
		q.overflow = true
		return
	}
	q.last = max(q.last, t.ID)
	q.emitted.push(t)
}

// popLocked returns the next task that may run now.
func (q *queue) popLocked() (state.Task, bool) {
	if t, ok := q.emitted.pop(); ok {
		return t, true
	}
	if len(q.retries) > 0 && q.dueIn(q.retries[0]) <= 0 {
		t := q.retries[0]
		q.retries = slices.Delete(q.retries, 0, 1)
		return t, true
	}
	return q.fresh.pop()
}

// serveLocked hands tasks to waiting workers and sets the timer for the rest.
func (q *queue) serveLocked() {
	for len(q.waiting) > 0 {
		t, ok := q.popLocked()
		if !ok {
			break
		}
		q.waiting[0] <- t
		q.waiting = q.waiting[1:]
	}
	// Without a worker that waits, the next one to come finds what is due by itself.
	if len(q.retries) == 0 || len(q.waiting) == 0 || q.closed {
		return
	}
	delay := q.dueIn(q.retries[0])
	if q.timer == nil {
		q.timer = time.AfterFunc(delay, q.due)
		return
	}
	q.timer.Reset(delay)
}

// dueIn is how long a task still waits for its next try. None waits for longer
// than maxRetryDelay: one that seems to was put off by a clock that has been set
// back since, and is due.
func (q *queue) dueIn(t state.Task) time.Duration {
	if wait := t.NextTryAt.Sub(q.r.Store.Now()); wait <= maxRetryDelay {
		return wait
	}
	return 0
}

func (q *queue) due() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.serveLocked()
}

// refill asks for more where the window runs low.
func (q *queue) refill() {
	q.mu.Lock()
	load := q.overflow && !q.loading && q.emitted.len() == 0 && !q.closed
	q.loading = q.loading || load
	low, rooms := q.fresh.len() < q.lowLocked(), q.rooms
	q.mu.Unlock()
	if load {
		q.r.effects.start("queue", q.load)
	}
	if !low {
		return
	}
	for _, room := range rooms {
		select {
		case room <- struct{}{}:
		default:
		}
	}
}

// lowLocked is how many fresh tasks are enough for now.
func (q *queue) lowLocked() int { return max(lookAhead, 2*len(q.waiting)) }

// load brings the next window of emitted tasks from the store.
func (q *queue) load(ctx context.Context) error {
	q.mu.Lock()
	after := q.last
	q.mu.Unlock()
	var tasks []state.Task
	err := q.r.Store.View(ctx, func(tx *store.Tx) (err error) {
		tasks, err = tx.PendingTasks(q.r.Run, true, after, emittedWindow)
		return err
	})
	q.mu.Lock()
	defer q.mu.Unlock()
	q.loading = false
	if err != nil {
		return err
	}
	q.overflow = len(tasks) == emittedWindow
	for _, t := range tasks {
		q.last = t.ID
		q.emitted.push(t)
	}
	q.serveLocked()
	return nil
}

// more reports whether a source may still bring tasks.
func (q *queue) more() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.sources > 0
}

// dry reports whether no source will bring more and nothing is held that could
// run now: from here on the end of a task can be the end of the run.
func (q *queue) dry() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.sources == 0 && q.emitted.len() == 0 && q.fresh.len() == 0
}

// close ends every take; tasks that nobody took stay pending in the store.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	q.closed = true
	for _, me := range q.waiting {
		close(me)
	}
	q.waiting = nil
	if q.timer != nil {
		q.timer.Stop()
	}
}

// A fifo is a queue of tasks that lets go of its memory as it empties.
type fifo struct {
	items []state.Task
	head  int
}

func (f *fifo) len() int          { return len(f.items) - f.head }
func (f *fifo) push(t state.Task) { f.items = append(f.items, t) }

func (f *fifo) pop() (state.Task, bool) {
	if f.head == len(f.items) {
		return state.Task{}, false
	}
	t := f.items[f.head]
	f.items[f.head] = state.Task{}
	f.head++
	if f.head == len(f.items) {
		f.items, f.head = f.items[:0], 0
	} else if f.head > 1024 && f.head > len(f.items)/2 {
		f.items, f.head = slices.Clone(f.items[f.head:]), 0
	}
	return t, true
}
