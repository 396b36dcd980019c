package devnet

import (
	"cmp"
	"encoding/json"
	"net/http"
	"sort"
	"time"

	"tasks/golem"
)

// An agreementEvent is an event as the database has it.
type agreementEvent struct {
	at        time.Time
	agreement *agreement
	golem.AgreementEvent
}

// agreementEventLocked records a change of g and wakes those who poll for it.
func (s *Server) agreementEventLocked(g *agreement, e golem.AgreementEvent) golem.AgreementEvent {
	at := s.stampLocked()
	e.EventDate = golem.NewTimestamp(at)
	e.AgreementID = g.AgreementID
	s.disk.agreementEvents = append(s.disk.agreementEvents, agreementEvent{at, g, e})
	s.disk.agreementBell.ring()
	return e
}

// listAgreementEvents answers GET /agreementEvents: kept, not consumed, later than
// the cursor.
func (s *Server) listAgreementEvents(r *http.Request) (answer, error) {
	q := queryOf(r)
	timeout, limit, err := pollParams(q, 20)
	after, session := q.time("afterTimestamp"), q.text("appSessionId")
	if err = cmp.Or(q.err, err); err != nil {
		return answer{}, err
	}
	events := []eventWire{}
	_, err = s.poll(r.Context(), timeout, func() <-chan struct{} {
		all := s.disk.agreementEvents
		first := sort.Search(len(all), func(i int) bool { return all[i].at.After(after) })
		for _, e := range all[first:] {
			if (session == "" || e.agreement.AppSessionID == session) && len(events) < limit {
				events = append(events, eventWire(e.AgreementEvent))
			}
		}
		if len(events) == 0 {
			return s.disk.agreementBell.wait()
		}
		return nil
	})
	if err != nil {
		return answer{}, err
	}
	return ok(events)
}

// An eventWire writes an agreement event as the daemon does: a termination has
// its signature even though it is empty.
type eventWire golem.AgreementEvent

// MarshalJSON adds the empty signature.
func (e eventWire) MarshalJSON() ([]byte, error) {
	if e.EventType != golem.EventAgreementTerminated {
		return json.Marshal(golem.AgreementEvent(e))
	}
	return json.Marshal(struct {
		golem.AgreementEvent
		Signature string `json:"signature"`
	}{AgreementEvent: golem.AgreementEvent(e)})
}
