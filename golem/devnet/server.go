package devnet

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"tasks/golem"
)

// DefaultAppKey is the key that a Server with no AppKey accepts.
const DefaultAppKey = "devnet"

// A Server is one simulated daemon, its requestor's identity, and the market
// of providers around it. It is an http.Handler; its zero value is a small
// working market. Set the fields before the first request and leave them alone
// after it. Safe for concurrent use.
type Server struct {
	// Seed draws the providers and every random delay and order. Identifiers
	// do not depend on it: they are unique across processes, as the daemon's.
	Seed uint64
	// AppKey is the only key that is let in; "" means DefaultAppKey.
	AppKey string
	// Identity is the requestor's node id; "" means one derived from AppKey.
	Identity golem.NodeID
	// Providers are the market. Nil means Count providers drawn from Seed;
	// empty but not nil means nobody.
	Providers []Provider
	// Count is how many providers are drawn when Providers is nil; 0 means 12.
	Count int
	// Subnet is what providers announce unless they say otherwise; "" means
	// "public".
	Subnet string
	// Release is the version that the daemon says it is, "" means Version. It
	// behaves as Version all the same.
	Release string
	// Network is the payment network of requests that name none; "" means
	// "holesky", as with the daemon. Every platform of the protocol (section 6.1)
	// works on any Server.
	Network string
	// Funds is what the account holds on each platform at the start; zero
	// means 1000 GLM.
	Funds golem.Amount
	// Dir is where activities get their directories; "" means a fresh
	// temporary directory, removed by Close.
	Dir string
	// Runtime makes the exe-units; nil means real processes on this computer.
	// See Instant for one that needs no process.
	Runtime Runtime
	// Timings are the delays and limits; the zero value is brisk.
	Timings Timings
	// Faults are what goes wrong with the daemon; none is a daemon that works.
	Faults []Fault

	once    sync.Once
	mux     *http.ServeMux
	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	work    sync.WaitGroup // everything that runs in the background
	files   workspace
	started time.Time
	timings Timings // with the defaults filled in

	mu        sync.Mutex // guards all below; never held across I/O or a wait
	closed    bool
	life      life
	restarts  int
	random    *rand.Rand
	faults    faults
	lastStamp time.Time
	providers []*provider
	ram       volatile
	disk      durable
}

// start builds the world on the first request.
func (s *Server) start() {
	s.once.Do(func() {
		s.ctx, s.cancel = context.WithCancel(context.Background())
		s.started = time.Now()
		s.timings = s.Timings.withDefaults()
		s.beginLocked(0) // nobody else is here yet
		s.random = rand.New(rand.NewPCG(s.Seed, streamDelays))
		s.files = workspace{root: s.Dir}
		s.ram = newVolatile()
		s.disk = newDurable(s.funds())
		s.providers = s.openMarket()
		s.mux = s.routes()
	})
}

// ServeHTTP answers as the daemon's REST API does: the key is checked before
// the path is looked at (protocol section 1.1).
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.start()
	ctx, release, listening := s.attend(r.Context())
	if !listening {
		panic(http.ErrAbortHandler)
	}
	defer release()
	if !s.authorized(w, r) {
		return
	}
	s.serveFaulty(w, r.WithContext(ctx))
}

// Close ends the world at once: long polls break off, processes are killed,
// directories removed. It returns when nothing is left running; nobody is
// billed. A second Close does nothing.
func (s *Server) Close() error {
	s.start()
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	live := s.disk.liveLocked()
	s.mu.Unlock()
	if !first {
		return nil
	}
	s.cancel()
	for _, a := range live {
		s.abandon(a)
	}
	s.work.Wait()
	return s.files.remove()
}

// runLocked does f in the background, unless the server is closed.
func (s *Server) runLocked(f func()) {
	if !s.closed {
		s.work.Go(f)
	}
}

// afterLocked does f, without the lock, once d has passed, unless ctx or the
// server ends first.
func (s *Server) afterLocked(ctx context.Context, d time.Duration, f func()) {
	s.runLocked(func() {
		if sleep(ctx, d) == nil {
			f()
		}
	})
}

// sleep waits for d to pass, or returns why ctx ended.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stampLocked returns the time with the microseconds that the daemon's
// database keeps, later than every stamp before it, so that a cursor on it
// never skips an event.
func (s *Server) stampLocked() time.Time {
	now := time.Now().UTC().Truncate(time.Microsecond)
	if !now.After(s.lastStamp) {
		now = s.lastStamp.Add(time.Microsecond)
	}
	s.lastStamp = now
	return now
}

// now is the time as the daemon's database keeps it.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func (s *Server) funds() golem.Amount {
	if s.Funds.IsZero() {
		return defaultFunds
	}
	return s.Funds
}
