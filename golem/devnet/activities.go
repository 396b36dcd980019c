package devnet

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"tasks/golem"
)

// An activity is one exe-unit and what was billed for it. state, reason and
// message are what the provider's daemon says; the batches live in the exe-unit
// and die with it.
type activity struct {
	id              golem.ActivityID
	agreement       *agreement
	state, pending  golem.ActivityState
	reason, message string

	spawned  time.Time // metering starts
	conduct  *Provider // how its provider treats it
	runner   Runner
	ctx      context.Context // ends with the exe-unit
	cancel   context.CancelFunc
	over     chan struct{} // closed when the exe-unit is gone
	hung     bool          // it answers nothing any more
	usage    []float64     // the last report, nil before the first
	reported time.Time

	batches map[golem.BatchID]*batch
	recent  []golem.BatchID // in order of exec
	running *batch
	command *golem.Command

	lastNote            golem.DebitNoteID
	notes               int        // written so far
	held                *debitNote // written, to be delivered after the next one
	due, accepted, paid golem.Amount
	open                []*debitNote                       // not settled yet
	newest              map[golem.DocumentStatus]time.Time // time of the newest note that reached a status
}

func (a *activity) ended() bool {
	return a.state == golem.ActivityTerminated || a.pending == golem.ActivityTerminated
}

// live returns the agreement's activity that is not over yet, or nil.
func (g *agreement) live() *activity {
	for _, a := range g.activities {
		if a.state != golem.ActivityTerminated {
			return a
		}
	}
	return nil
}

// activityTimeout is the default of the activity API, and its margin.
const (
	activityTimeout = 5 * time.Second
	activityMargin  = time.Second
)

// activityLocked finds an activity; one that is not known is a server error
// (protocol section 5.1).
func (s *Server) activityLocked(r *http.Request) (*activity, error) {
	id := golem.ActivityID(r.PathValue("id"))
	a := s.disk.activities[id]
	if a == nil {
		return nil, refuse(http.StatusInternalServerError, "DAO error: Not found: agreement id for activity: %s", id)
	}
	return a, nil
}

// exeUnitLocked finds an activity whose exe-unit can be called.
func (s *Server) exeUnitLocked(r *http.Request) (*activity, error) {
	a, err := s.activityLocked(r)
	if err != nil {
		return nil, err
	}
	if a.agreement.provider.offline(now()) {
		return nil, a.unreachable()
	}
	if a.ended() {
		return nil, exeUnitGone(a.id)
	}
	return a, nil
}

func (a *activity) unreachable() error {
	return refuse(http.StatusInternalServerError, "%s", a.agreement.provider.unreachable())
}

func exeUnitGone(id golem.ActivityID) error {
	return refuse(http.StatusInternalServerError,
		"GSB error: Bad request: GSB failure: endpoint address not found: /public/exeunit/%s", id)
}

// listActivities answers GET /activity?agreementId=.
func (s *Server) listActivities(r *http.Request) (answer, error) {
	id := golem.AgreementID(queryOf(r).text("agreementId"))
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := []golem.ActivityID{}
	if g := s.disk.agreements[id]; g != nil {
		for _, a := range g.activities {
			ids = append(ids, a.id)
		}
	}
	return ok(ids)
}

// activityState answers GET /activity/{id}/state, from the provider's daemon
// while the activity lives and from our own after it.
func (s *Server) activityState(r *http.Request) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.activityLocked(r)
	if err != nil {
		return answer{}, err
	}
	if a.state != golem.ActivityTerminated && a.agreement.provider.offline(now()) {
		return answer{}, a.unreachable()
	}
	return ok(golem.ActivityStatus{Current: a.state, Pending: a.pending, Reason: a.reason, ErrorMessage: a.message})
}

// activityAgreement answers GET /activity/{id}/agreement.
func (s *Server) activityAgreement(r *http.Request) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.activityLocked(r)
	if err != nil {
		return answer{}, err
	}
	return ok(a.agreement.AgreementID)
}

// activityUsage answers GET /activity/{id}/usage.
func (s *Server) activityUsage(r *http.Request) (answer, error) {
	s.mu.Lock()
	a, err := s.activityLocked(r)
	if err == nil && !a.ended() && a.agreement.provider.offline(now()) {
		err = a.unreachable()
	}
	s.mu.Unlock()
	if err != nil {
		return answer{}, err
	}
	if time.Since(a.spawned) >= s.timings.UsageReport {
		s.measure(a, s.timings.UsageReport)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.usage == nil {
		return ok(golem.Usage{Timestamp: now().Unix()}) // the first report is yet to come
	}
	return ok(golem.Usage{CurrentUsage: a.usage, Timestamp: a.reported.Unix()})
}

// activityCommand answers GET /activity/{id}/command.
func (s *Server) activityCommand(r *http.Request) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.exeUnitLocked(r)
	if err != nil {
		return answer{}, err
	}
	if a.command == nil {
		return answer{}, refuse(http.StatusNotFound, "Not found: no command is running in activity %s", a.id)
	}
	name, params := describe(*a.command)
	return ok(struct {
		Command string   `json:"command"`
		Params  []string `json:"params,omitempty"`
	}{name, params})
}

func describe(c golem.Command) (name string, params []string) {
	switch {
	case c.Deploy != nil:
		return "Deploy", nil
	case c.Start != nil:
		return "Start", c.Start.Args
	case c.Run != nil:
		return "Run", append([]string{c.Run.EntryPoint}, c.Run.Args...)
	case c.Transfer != nil:
		return "Transfer", []string{c.Transfer.From, c.Transfer.To}
	case c.Terminate != nil:
		return "Terminate", nil
	}
	return "Sign", nil
}

// measure takes a usage report, unless the last one is younger than maxAge.
// The runtime is asked without the lock, because it may have to read files.
func (s *Server) measure(a *activity, maxAge time.Duration) {
	s.mu.Lock()
	stale := !a.ended() && !a.hung && time.Since(a.reported) >= maxAge
	s.mu.Unlock()
	if !stale {
		return
	}
	used := a.runner.CPU()
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.state != golem.ActivityTerminated {
		a.report(time.Now(), used)
	}
}

// report sets the usage counters in the order of the agreement's vector. They
// never shrink, even when two reports overtake each other.
func (a *activity) report(at time.Time, cpu time.Duration) {
	values := make([]float64, len(a.agreement.pricing.Vector))
	for i, counter := range a.agreement.pricing.Vector {
		switch counter {
		case golem.UsageCPU:
			values[i] = cpu.Seconds()
		case golem.UsageDuration:
			values[i] = at.Sub(a.spawned).Seconds()
		}
		if a.usage != nil {
			values[i] = max(values[i], a.usage[i])
		}
	}
	a.usage, a.reported = values, at
}

// A creation is the body of POST /activity: a bare id, or an object.
type creation struct {
	Agreement golem.AgreementID
	object    bool
}

// UnmarshalJSON reads both forms.
func (c *creation) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &c.Agreement) == nil {
		return nil
	}
	var object struct {
		AgreementID *golem.AgreementID `json:"agreementId"`
	}
	if err := json.Unmarshal(b, &object); err != nil {
		return err
	}
	if object.AgreementID == nil {
		return fmt.Errorf("missing field `agreementId`")
	}
	c.Agreement, c.object = *object.AgreementID, true
	return nil
}
