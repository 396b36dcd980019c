package devnet

import (
	"context"
	"errors"
	"time"
)

// errRestarted ends what a request waits for when the daemon goes down.
var errRestarted = errors.New("daemon restarted")

// A life is the time of the daemon between two restarts. ctx ends with it.
type life struct {
	ctx context.Context
	end context.CancelCauseFunc
	up  time.Time // when it begins to listen
}

func (s *Server) beginLocked(down time.Duration) {
	s.life.up = time.Now().Add(down)
	s.life.ctx, s.life.end = context.WithCancelCause(s.ctx)
}

// listeningLocked reports whether a connection is taken.
func (s *Server) listeningLocked() bool {
	return !s.closed && !time.Now().Before(s.life.up)
}

// Restart stops the daemon and starts it again, as a crash and a supervisor
// would (protocol section 8): demands, proposals, their events, scans and event
// streams are forgotten; agreements, activities, allocations, bills and events
// are kept, and providers carry on with what they do. Requests on their way
// break off, and for Timings.Restart connections are refused, which over a
// network shows as connections that break. An activity whose creation was on
// its way is given up. Restart returns at once; on a closed server it does
// nothing.
func (s *Server) Restart() {
	s.start()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	for _, d := range s.ram.demands {
		d.gone = true // for providers that still have something to say to it
	}
	s.ram = newVolatile()
	s.restarts++
	end := s.life.end
	s.beginLocked(s.timings.Restart)
	end(errRestarted)
}

// attend ties a request to the present life of the daemon. It reports false
// when the daemon is down; else release must be called.
func (s *Server) attend(request context.Context) (ctx context.Context, release func(), listening bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.listeningLocked() {
		return nil, nil, false
	}
	now := s.life.ctx
	ctx, cancel := context.WithCancelCause(request)
	stop := context.AfterFunc(now, func() { cancel(context.Cause(now)) })
	return ctx, func() { stop(); cancel(nil) }, true
}
