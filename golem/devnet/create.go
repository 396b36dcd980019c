package devnet

import (
	"context"
	"errors"
	"net/http"
	"time"

	"tasks/golem"
)

// A birth is one call of POST /activity on its way. done is closed when it is
// decided; abandoned is set when the caller's time was over before.
type birth struct {
	activity  *activity
	done      chan struct{}
	err       error
	abandoned bool
}

// createActivity answers POST /activity once the exe-unit is up.
func (s *Server) createActivity(r *http.Request) (answer, error) {
	q := queryOf(r)
	timeout := q.seconds("timeout", activityTimeout) + activityMargin
	var body creation
	if err := decodePlain(r, &body); err != nil || q.err != nil {
		return answer{}, errors.Join(err, q.err)
	}
	b, err := s.conceive(body.Agreement)
	if err != nil {
		return answer{}, err
	}
	deadline, stop := context.WithTimeout(r.Context(), timeout)
	defer stop()
	select {
	case <-b.done:
	case <-deadline.Done():
	case <-s.ctx.Done():
		return answer{}, errAborted
	}
	return s.deliver(r.Context(), b, body.object)
}

// deliver answers a create that is done, or gives it up. A caller that broke
// the connection, unlike one whose time is over, finds the activity in the
// list later.
func (s *Server) deliver(ctx context.Context, b *birth, object bool) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-b.done:
	default:
		if ctx.Err() != nil {
			b.abandoned = context.Cause(ctx) == errRestarted
			return answer{}, errAborted
		}
		b.abandoned = true
		return answer{}, refuse(http.StatusRequestTimeout, "Timeout")
	}
	if b.err != nil {
		return answer{}, b.err
	}
	if object {
		return ok(map[string]golem.ActivityID{"activityId": b.activity.id})
	}
	return ok(b.activity.id)
}

// conceive checks that the agreement allows an activity and lets the provider
// begin.
func (s *Server) conceive(id golem.AgreementID) (*birth, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.disk.agreements[id]
	if g == nil {
		return nil, refuse(http.StatusNotFound, "Not found: %s", id)
	}
	g.expireLocked()
	switch {
	case g.State != golem.AgreementApproved:
		return nil, refuse(http.StatusBadRequest, "Bad request: Agreement %s is not Approved. Current state: %s", id, g.inner())
	case g.provider.offline(now()):
		return nil, refuse(http.StatusInternalServerError, "%s", g.provider.unreachable())
	case g.creating || g.live() != nil:
		return nil, abrupt(golem.ActivityID(randomHex(16)), "another activity of the agreement is running", "")
	}
	g.creating = true
	g.idle++ // the agreement is not idle while something is on its way
	ctx, cancel := context.WithCancel(s.ctx)
	b := &birth{done: make(chan struct{}), activity: &activity{
		id:        golem.ActivityID(randomHex(16)),
		agreement: g,
		state:     golem.ActivityNew,
		ctx:       ctx,
		cancel:    cancel,
		over:      make(chan struct{}),
		batches:   map[golem.BatchID]*batch{},
	}}
	noticed := s.timings.Create.draw(s.random)
	s.runLocked(func() { s.spawn(b, noticed) })
	return b, nil
}

func abrupt(id golem.ActivityID, reason, message string) error {
	return refuse(http.StatusInternalServerError,
		"Service error: Activity %s was abruptly terminated. Reason: %s, message: %s", id, reason, message)
}

// spawn is the provider's side of a create: it notices the request, starts the
// exe-unit, and reports it up.
func (s *Server) spawn(b *birth, noticed time.Duration) {
	a := b.activity
	p := a.agreement.provider
	err := sleep(a.ctx, noticed)
	a.conduct = p.conduct()
	if err == nil {
		a.spawned = time.Now()
		a.runner, err = s.runtime()(Activity{
			ID: a.id, Agreement: a.agreement.AgreementID, Provider: p.Provider,
			Demand: a.agreement.Demand.Properties, files: &s.files,
		})
	}
	if err == nil {
		a.runner = a.conduct.spoil(a.runner, a.spawned)
		err = sleep(a.ctx, p.StartUp)
	}
	if err == nil && a.conduct.StartFails != "" {
		err = errors.New(a.conduct.StartFails)
	}
	if err == nil && a.conduct.StartHangs {
		err = a.untilGivenUp()
	}
	if !s.born(b, err) {
		a.cancel()
		if a.runner != nil {
			_ = a.runner.Close()
		}
	}
}

// untilGivenUp waits for the end of the agreement.
func (a *activity) untilGivenUp() error {
	select {
	case <-a.agreement.ctx.Done():
		return nil
	case <-a.ctx.Done():
		return a.ctx.Err()
	}
}

func (s *Server) runtime() Runtime {
	if s.Runtime != nil {
		return s.Runtime
	}
	return s.processes
}

// born decides a create and reports whether the activity lives.
func (s *Server) born(b *birth, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer close(b.done)
	a, g := b.activity, b.activity.agreement
	g.creating = false
	switch {
	case s.closed:
		b.err = errAborted
	case err != nil:
		b.err = abrupt(a.id, "Initialization failed", err.Error())
		s.runLocked(func() { s.leave(g, "InitializationError", "Failed to initialize ExeUnit: "+err.Error()) })
	case g.State != golem.AgreementApproved:
		b.err = abrupt(a.id, "Agreement terminated", "")
		s.invoiceLocked(g)
	case b.abandoned:
		s.idleLocked(g)
	default:
		s.registerLocked(a)
		return true
	}
	return false
}

// registerLocked makes a new activity known and starts what runs beside it.
func (s *Server) registerLocked(a *activity) {
	a.state = golem.ActivityInitialized
	a.agreement.activities = append(a.agreement.activities, a)
	s.disk.activities[a.id] = a
	s.runLocked(func() { s.billWhileRunning(a) })
	if age := a.conduct.DiesAfter; age > 0 {
		s.afterLocked(a.ctx, time.Until(a.spawned.Add(age)), func() {
			s.end(a, "ExeUnit process exited", "exit status: 137")
		})
	}
	if age := a.conduct.HangsAfter; age > 0 {
		s.afterLocked(a.ctx, time.Until(a.spawned.Add(age)), func() { s.hang(a) })
	}
}

// How long the provider bears an exe-unit without usage reports (protocol
// section 5.3).
const (
	unresponsiveAfter = 5 * time.Second
	lostAfter         = 10 * time.Second
)

// hang freezes an exe-unit until the provider ends it.
func (s *Server) hang(a *activity) {
	s.mu.Lock()
	a.hung = true
	s.mu.Unlock()
	if sleep(a.ctx, unresponsiveAfter) != nil {
		return
	}
	s.mu.Lock()
	if !a.ended() {
		a.state = golem.ActivityUnresponsive
	}
	s.mu.Unlock()
	if sleep(a.ctx, lostAfter-unresponsiveAfter) == nil {
		s.end(a, "Unresponsive", "no usage report for "+lostAfter.String())
	}
}

// destroyActivity answers DELETE /activity/{id}; an activity that is over is
// fine too.
func (s *Server) destroyActivity(r *http.Request) (answer, error) {
	s.mu.Lock()
	a, err := s.activityLocked(r)
	if err == nil && a.state != golem.ActivityTerminated && a.agreement.provider.offline(now()) {
		err = a.unreachable()
	}
	s.mu.Unlock()
	if err != nil {
		return answer{}, err
	}
	s.end(a, "", "")
	return ok(null)
}

// end ends an activity and returns when its exe-unit is gone and its last bill
// is written. The first caller's reason counts.
func (s *Server) end(a *activity, reason, message string) {
	s.measure(a, 0)
	s.mu.Lock()
	first := !a.ended()
	if first {
		a.pending, a.reason, a.message = golem.ActivityTerminated, reason, message
	}
	s.mu.Unlock()
	if !first {
		<-a.over
		return
	}
	a.cancel()
	_ = a.runner.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endedLocked(a)
}

func (s *Server) endedLocked(a *activity) {
	g := a.agreement
	a.state, a.pending = golem.ActivityTerminated, ""
	for _, b := range a.batches {
		b.bell.ring()
	}
	a.batches, a.running, a.command = nil, nil, nil
	close(a.over)
	s.finalNoteLocked(a)
	if g.State == golem.AgreementApproved {
		s.idleLocked(g)
		if !g.Demand.Properties.Bool(golem.PropMultiActivity) {
			s.runLocked(func() { s.leave(g, "Success", "Activity finished") })
		}
	}
	s.invoiceLocked(g)
}

// abandon kills an exe-unit without a bill, for the end of the world.
func (s *Server) abandon(a *activity) {
	a.cancel()
	_ = a.runner.Close()
}
