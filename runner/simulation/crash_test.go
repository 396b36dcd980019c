package simulation_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"sync"
)

// errDead is all that a dead process gets to hear.
var errDead = errors.New("this process is dead")

// A moment is where a process dies.
type moment string

const (
	never       moment = ""
	beforeWrite moment = "before write" // the write is lost
	afterWrite  moment = "after write"
	beforeCall  moment = "before call" // the request never leaves
	afterCall   moment = "after call"  // the daemon did it, and nobody heard
)

// A crash is the end of a process at the n-th write or call of it, from 1.
type crash struct {
	at moment
	n  int
}

func (c crash) String() string { return fmt.Sprintf("%s %d", c.at, c.n) }

func drawCrash(r *rand.Rand) crash {
	return crash{pick(r, beforeWrite, afterWrite, beforeCall, afterCall), int(math.Exp(r.Float64() * math.Log(250)))}
}

// A mortal counts what a process does, and ends it at its crash: from that moment
// on nothing that it does has an effect.
type mortal struct {
	crash
	life context.Context // ends at the crash
	die  context.CancelFunc
	last chan struct{} // closed at the crash, which makes the runner leave

	mu            sync.Mutex
	writes, calls int
	dying         bool // the next thing it does is the first that fails
}

func newMortal(ctx context.Context, c crash) *mortal {
	m := &mortal{crash: c, last: make(chan struct{})}
	m.life, m.die = context.WithCancel(ctx)
	context.AfterFunc(m.life, func() { close(m.last) })
	return m
}

func (m *mortal) dead() bool { return m.life.Err() != nil }

// write is asked before each commit.
func (m *mortal) write(int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	return m.step(beforeWrite, afterWrite, m.writes)
}

// step is one write or call, the n-th.
func (m *mortal) step(before, after moment, n int) error {
	if m.dying || m.at == before && m.n == n {
		m.die()
	}
	m.dying = m.at == after && m.n == n
	if m.dead() {
		return errDead
	}
	return nil
}

// through is a way to the daemon that ends with the process.
func (m *mortal) through(next http.RoundTripper) http.RoundTripper { return mortalCalls{m, next} }

type mortalCalls struct {
	*mortal
	next http.RoundTripper
}

func (m mortalCalls) RoundTrip(r *http.Request) (*http.Response, error) {
	m.mu.Lock()
	m.calls++
	mine := m.calls
	err := m.step(beforeCall, never, m.calls)
	m.mu.Unlock()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel() // answers are whole: the runner reads no streams
	defer context.AfterFunc(m.life, cancel)()
	answer, err := m.next.RoundTrip(r.WithContext(ctx))
	if m.at == afterCall && m.n == mine {
		m.die()
	}
	if m.dead() {
		return nil, errDead
	}
	return answer, err
}
