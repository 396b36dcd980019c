package runner

import (
	"context"
	"slices"
	"sync"
	"time"

	"tasks/golem"
	"tasks/runner/state"
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
	retries  retries
	fresh    fifo
	waiting  []waiter    // in order of arrival
	timer    *time.Timer // fires when one of retries may be handed out
	closed   bool
	waits    []*feed // sources that wait for the end of other stages
	appetite int     // how many tasks the next batches of all workers may have
	overflow bool    // the store has emitted tasks after last
	loading  bool
	missed   bool  // a task overflowed while others were being loaded
	last     int64 // highest id of an emitted task that was ever held
	loaded   span  // ids of the window loaded last

	feeds []*feed // sources that are read and have not ended; a change is another slice
}

func newQueue(r *runner) *queue { return &queue{r: r} }

// A waiter is a worker without a task.
type waiter struct {
	provider golem.NodeID
	task     chan state.Task
}

// take waits for a task for a worker of a provider. It returns false when ctx
// ends or the queue is closed.
func (q *queue) take(ctx context.Context, provider golem.NodeID) (state.Task, bool) {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return state.Task{}, false
	}
	if t, ok := q.popLocked(provider); ok {
		q.mu.Unlock()
		q.refill()
		return t, true
	}
	me := waiter{provider, make(chan state.Task, 1)}
	q.waiting = append(q.waiting, me)
	q.serveLocked() // sets the timer for what is not due yet
	q.mu.Unlock()
	q.refill()
	select {
	case t, ok := <-me.task:
		return t, ok
	case <-ctx.Done():
		return q.giveUp(me)
	}
}

// takeNow returns a task if one is at hand.
func (q *queue) takeNow(provider golem.NodeID) (t state.Task, ok bool) {
	q.mu.Lock()
	if !q.closed {
		t, ok = q.popLocked(provider)
	}
	q.mu.Unlock()
	q.refill()
	return t, ok
}

// together adds to a task that was taken what may share its batch: new tasks of the
// same stage that are at hand. A task that has failed is tried alone, so that it
// costs its neighbours no time.
func (w *worker) together(rev *revision, t state.Task) []state.Task {
	tasks := []state.Task{t}
	n := w.most(rev.policies.Stage(t.Stage))
	if n == 1 || t.Attempts > 0 {
		return tasks
	}
	return append(tasks, w.r.queue.alike(t, n-1, w.r.workerCount())...)
}

// alike hands out up to n more tasks like one that was taken. When no more will
// come, a worker gets no more than its share of what is left.
func (q *queue) alike(t state.Task, n, workers int) (more []state.Task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	from := &q.fresh
	if t.Parent != 0 {
		from = &q.emitted
	}
	q.appetite = (n + 1) * workers
	if len(q.feeds)+len(q.waits) == 0 && !q.overflow {
		n = min(n, from.len()/max(1, workers))
	}
	for len(more) < n && !q.closed {
		next, ok := from.peek()
		if !ok || next.Stage != t.Stage || next.Attempts > 0 {
			break
		}
		from.pop()
		more = append(more, next)
	}
	return more
}

// giveUp takes a worker off the waiting list. A task that was handed to it in
// that moment is its own: it is returned after all.
func (q *queue) giveUp(me waiter) (state.Task, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(q.waiting, me); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
		return state.Task{}, false
	}
	t, ok := <-me.task
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

// placeLocked puts a task where it belongs. Of the emitted ones that were never
// held it keeps to the window: what does not fit is loaded from the store later,
// in the order of its id.
func (q *queue) placeLocked(t state.Task) {
	if t.Attempts == 0 && q.loaded.has(t.ID) {
		return // the window was faster than who emitted it
	}
	if t.Parent != 0 && t.ID > q.last {
		if q.overflow || q.emitted.len() >= emittedWindow {
			q.overflow, q.missed = true, q.loading
			return
		}
		q.last = t.ID
	}
	switch {
	case q.dueIn(t) > 0 || len(t.FailedOn) > 0:
		q.retries.add(t)
	case t.Parent != 0:
		q.emitted.push(t)
	default:
		q.fresh.push(t)
	}
}

// popLocked returns the next task that a worker of a provider may run now.
func (q *queue) popLocked(provider golem.NodeID) (state.Task, bool) {
	if t, ok := q.emitted.pop(); ok {
		return t, true
	}
	if t, ok := q.popRetryLocked(provider, busyPatience); ok {
		return t, true
	}
	if t, ok := q.fresh.pop(); ok {
		return t, true
	}
	return q.popRetryLocked(provider, idlePatience)
}

// serveLocked hands tasks to waiting workers and sets the timer for the rest.
func (q *queue) serveLocked() {
	for i := 0; i < len(q.waiting); {
		t, ok := q.popLocked(q.waiting[i].provider)
		switch {
		case ok:
			q.waiting[i].task <- t
			q.waiting = cutOut(q.waiting, i)
		case q.retries.held(q.dueIn):
			i++ // there may be something for the next one
		default:
			i = len(q.waiting)
		}
	}
	// Without a worker that waits, the next one to come finds what is due by itself.
	if len(q.retries) == 0 || len(q.waiting) == 0 || q.closed {
		return
	}
	delay := q.retries.next(q.dueIn)
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

// due looks again at what the waiting workers may take.
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
	low, feeds := q.fresh.len() < q.lowLocked(), q.feeds
	q.mu.Unlock()
	if load {
		q.r.effects.start("queue", q.load)
	}
	if !low {
		return
	}
	for _, f := range feeds {
		select {
		case f.room <- struct{}{}:
		default:
		}
	}
}

// lowLocked is how many fresh tasks are enough for now: what all workers may want
// while more are being recorded.
func (q *queue) lowLocked() int {
	return max(lookAhead, 2*len(q.waiting), q.appetite, q.r.workerCount())
}

// more reports whether a source may bring tasks now, and later whether some wait
// for the end of other stages.
func (q *queue) more() (more, later bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.feeds) > 0, len(q.waits) > 0
}

// dry reports whether no source will bring more and nothing is held that could
// run now: from here on the end of a task can be that of a stage or of the run.
func (q *queue) dry() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.feeds) == 0 && q.emitted.len() == 0 && q.fresh.len() == 0
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
		close(me.task)
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

func (f *fifo) peek() (state.Task, bool) {
	if f.head == len(f.items) {
		return state.Task{}, false
	}
	return f.items[f.head], true
}

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
