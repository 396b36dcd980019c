package devnet

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"path"
	"strings"
	"time"
)

// A Fault is something that goes wrong with the daemon itself. It hits the
// requests that Calls, From, Until, Share and Times leave, once their key has
// been checked. Of several faults that hit one request the delays add up, and the
// first with Status, Drop or Restart ends it.
//
// Nothing of the answer is seen before it is whole, so that for an event stream
// Effect means nothing.
type Fault struct {
	// Calls are the requests that are hit, as beginnings of their path with or
	// without a method before it: "/payment-api/v1" or "POST
	// /activity-api/v1/activity/*/exec", where a * stands for anything within a
	// segment. None means all of them.
	Calls []string
	// From and Until bound the time since the devnet's start; a zero Until means
	// for ever.
	From, Until time.Duration
	// Share is how many of the requests are hit, at random, above 0 and at most 1;
	// 0 means all.
	Share float64
	// Times is how many requests are hit before the fault is over; 0 means any
	// number.
	Times int

	// Delay is how long the daemon waits before it does anything.
	Delay time.Duration
	// Status is answered instead of what the daemon has to say.
	Status int
	// Drop breaks the connection instead of an answer.
	Drop bool
	// Restart crashes the daemon and starts it again, as Server.Restart does, which
	// breaks this connection and all others.
	Restart bool
	// Effect carries the request out before Status, Drop or Restart; without it
	// nothing happens.
	Effect bool
	// RepeatEvents gives every event of an answer twice.
	RepeatEvents bool
}

// hits reports whether a request is one of the fault's calls, at its time.
func (f *Fault) hits(r *http.Request, age time.Duration) bool {
	if age < f.From || f.Until > 0 && age >= f.Until {
		return false
	}
	for _, call := range f.Calls {
		if callMatches(call, r) {
			return true
		}
	}
	return len(f.Calls) == 0
}

func callMatches(call string, r *http.Request) bool {
	method, prefix, both := strings.Cut(call, " ")
	if !both {
		method, prefix = r.Method, call
	}
	want := strings.Split(strings.Trim(prefix, "/"), "/")
	have := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if method != r.Method || len(have) < len(want) {
		return false
	}
	for i, segment := range want {
		if ok, err := path.Match(segment, have[i]); err != nil || segment != "" && !ok {
			return false
		}
	}
	return true
}

// A mishap is what is to go wrong with one request.
type mishap struct {
	Fault
	ends bool // with Status, Drop or Restart
}

// faults draws what goes wrong. Its state is under the server's lock.
type faults struct {
	random *rand.Rand
	hits   []int // so far, by fault
}

func (s *Server) mishapOf(r *http.Request) mishap {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults.random == nil {
		s.faults = faults{rand.New(rand.NewPCG(s.Seed, streamFaults)), make([]int, len(s.Faults))}
	}
	var m mishap
	for i := range s.Faults {
		f := &s.Faults[i]
		if !f.hits(r, time.Since(s.started)) || f.Times > 0 && s.faults.hits[i] >= f.Times {
			continue
		}
		if f.Share > 0 && s.faults.random.Float64() >= f.Share {
			continue
		}
		s.faults.hits[i]++
		m.add(f)
	}
	return m
}

func (m *mishap) add(f *Fault) {
	m.Delay += f.Delay
	m.RepeatEvents = m.RepeatEvents || f.RepeatEvents
	if !m.ends && (f.Status != 0 || f.Drop || f.Restart) {
		m.ends, m.Status, m.Drop, m.Restart, m.Effect = true, f.Status, f.Drop, f.Restart, f.Effect
	}
}

// serveFaulty serves a request, or lets it go wrong.
func (s *Server) serveFaulty(w http.ResponseWriter, r *http.Request) {
	if len(s.Faults) == 0 {
		s.mux.ServeHTTP(w, r)
		return
	}
	m := s.mishapOf(r)
	s.stall(r, m.Delay)
	m.RepeatEvents = m.RepeatEvents && isEvents(r.URL.Path)
	m.Effect = m.Effect && !strings.Contains(r.Header.Get("Accept"), "text/event-stream")
	if !m.ends && !m.RepeatEvents {
		s.mux.ServeHTTP(w, r)
		return
	}
	held := &heldAnswer{header: http.Header{}, status: http.StatusOK}
	if !m.ends || m.Effect {
		s.mux.ServeHTTP(held, r)
	}
	if m.Restart {
		s.Restart()
	}
	switch {
	case m.Drop || m.Restart:
		panic(http.ErrAbortHandler)
	case m.ends:
		write(w, m.Status, typeJSON, []byte(refuse(m.Status, "%s", http.StatusText(m.Status)).body))
	default:
		held.repeatEvents()
		maps.Copy(w.Header(), held.header)
		w.WriteHeader(held.status)
		_, _ = w.Write(held.body.Bytes())
	}
}

// stall waits, unless the client or the server goes away.
func (s *Server) stall(r *http.Request, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	case <-s.ctx.Done():
		panic(http.ErrAbortHandler)
	}
}

// A heldAnswer is an answer that nobody has seen yet.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (h *heldAnswer) Header() http.Header         { return h.header }
func (h *heldAnswer) WriteHeader(status int)      { h.status = status }
func (h *heldAnswer) Write(b []byte) (int, error) { return h.body.Write(b) }

// repeatEvents doubles every element of a list of events.
func (h *heldAnswer) repeatEvents() {
	var list, twice []json.RawMessage
	if h.status != http.StatusOK || json.Unmarshal(h.body.Bytes(), &list) != nil || len(list) == 0 {
		return
	}
	for _, each := range list {
		twice = append(twice, each, each)
	}
	text, err := json.Marshal(twice)
	if err != nil {
		panic("devnet: events cannot be written: " + err.Error())
	}
	h.body = *bytes.NewBuffer(text)
}

// isEvents reports whether a path is one of events: agreementEvents,
// debitNoteEvents, invoiceEvents, and those of demands and scans.
func isEvents(p string) bool {
	last := path.Base(p)
	return last == "events" || strings.HasSuffix(last, "Events")
}
