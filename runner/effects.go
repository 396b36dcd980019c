package runner

import (
	"context"
	"sync"
	"time"
)

// Pace of an effect that keeps failing.
const (
	firstRetry = time.Second
	lastRetry  = 30 * time.Second
)

// effects are the calls under way, by the record they are about. A record with
// a call under way, or one that failed a moment ago, is busy: nothing is decided
// about it.
type effects struct {
	ctx  context.Context
	wg   *sync.WaitGroup
	done func() // called after every effect

	mu    sync.Mutex
	calls map[string]*call
}

// A call is one effect: running, or failed and waiting for its next turn.
type call struct {
	running  bool
	failures int
	again    time.Time
}

func newEffects(ctx context.Context, wg *sync.WaitGroup, done func()) *effects {
	return &effects{ctx: ctx, wg: wg, done: done, calls: map[string]*call{}}
}

// start runs fn in its own goroutine unless the record is busy. A failing fn
// keeps the record busy for a while that doubles with every failure in a row.
func (e *effects) start(key string, fn func(context.Context) error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.calls[key]
	if c == nil {
		c = &call{}
		e.calls[key] = c
	}
	if c.running || time.Now().Before(c.again) {
		return
	}
	c.running = true
	e.wg.Go(func() {
		err := fn(e.ctx)
		e.end(key, err)
		e.done()
	})
}

func (e *effects) end(key string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.calls[key]
	if err == nil {
		delete(e.calls, key)
		return
	}
	c.running = false
	c.again = time.Now().Add(min(firstRetry<<min(c.failures, 10), lastRetry))
	c.failures++
}

// busy reports whether nothing must be decided about the record now.
func (e *effects) busy(key string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.calls[key]
	return c != nil && (c.running || time.Now().Before(c.again))
}

// cuttable is the context of an effect that cut can end ahead of its time. The
// effect calls done when it is over.
func (r *runner) cuttable(life context.Context, key string) (ctx context.Context, done func()) {
	ctx, cancel := context.WithCancel(life)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cancels[key] = cancel
	return ctx, func() {
		cancel()
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.cancels, key)
	}
}

// cut ends the effect about a record, if there is one that can be cut short.
func (r *runner) cut(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if cancel := r.cancels[key]; cancel != nil {
		cancel()
	}
}
