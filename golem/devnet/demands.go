package devnet

import (
	"net/http"
	"slices"
	"time"

	"tasks/golem"
)

// publishDemand answers POST /demands. Nothing is validated (protocol section
// 2.2).
func (s *Server) publishDemand(r *http.Request) (answer, error) {
	var spec demandBody
	if err := decodeMarket(r, &spec); err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetExpiredLocked()
	at := s.stampLocked()
	d := &demand{
		Demand: golem.Demand{
			DemandSpec:  spec.flat(),
			DemandID:    golem.DemandID(newSubscription()),
			RequestorID: s.identity(),
			Timestamp:   at,
		},
		expires: at.Add(s.timings.DemandTTL),
	}
	s.ram.demands[d.DemandID] = d
	for _, p := range s.providers {
		if p.matches(d.DemandSpec) {
			s.matchLocked(d, p, s.timings.Match.draw(s.random))
		}
	}
	return created(d.DemandID)
}

// forgetExpiredLocked drops demands whose time is up, and their proposals.
// Those of the last TTL are kept to say "expired" instead of "not found".
func (s *Server) forgetExpiredLocked() {
	limit := now().Add(-s.timings.DemandTTL)
	for id, d := range s.ram.demands {
		if d.expires.Before(limit) {
			delete(s.ram.demands, id)
		}
	}
	for id, p := range s.ram.proposals {
		if p.demand.expires.Before(limit) {
			delete(s.ram.proposals, id)
		}
	}
}

// listDemands answers GET /demands.
func (s *Server) listDemands(*http.Request) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []golem.Demand{}
	for _, d := range s.ram.demands {
		if d.alive(now()) {
			list = append(list, d.Demand)
		}
	}
	slices.SortFunc(list, func(a, b golem.Demand) int { return a.Timestamp.Compare(b.Timestamp) })
	return ok(list)
}

// deleteDemand answers DELETE /demands/{d}; whatever is not a living demand of
// ours is not found.
func (s *Server) deleteDemand(r *http.Request) (answer, error) {
	id := r.PathValue("d")
	if err := checkSubscription(id); err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.ram.demands[golem.DemandID(id)]
	if d == nil || !d.alive(now()) {
		return answer{}, refuse(http.StatusNotFound, "Demand [%s] not found.", id)
	}
	d.gone = true
	d.events = nil
	d.bell.ring()
	return noContent()
}

// collectOffers answers GET /demands/{d}/events: the events are consumed.
func (s *Server) collectOffers(r *http.Request) (answer, error) {
	id := r.PathValue("d")
	if err := checkSubscription(id); err != nil {
		return answer{}, err
	}
	timeout, limit, err := pollParams(queryOf(r), 20)
	if err != nil {
		return answer{}, err
	}
	events := []golem.DemandEvent{}
	var gone error
	_, err = s.poll(r.Context(), timeout, func() <-chan struct{} {
		d := s.ram.demands[golem.DemandID(id)]
		if gone = subscriptionGone(d, id); gone != nil {
			return nil
		}
		if len(d.events) == 0 {
			return d.bell.wait()
		}
		events = s.takeEventsLocked(d, limit)
		return nil
	})
	if err == nil {
		err = gone
	}
	if err != nil {
		return answer{}, err
	}
	return ok(events)
}

func subscriptionGone(d *demand, id string) error {
	switch {
	case d == nil || d.gone:
		return refuse(http.StatusNotFound, "Subscription [%s] not found. Could be unsubscribed.", id)
	case !d.alive(now()):
		return refuse(http.StatusNotFound, "Subscription [%s] expired.", id)
	}
	return nil
}

// takeEventsLocked removes up to limit events: rejections by time, then
// proposals in random order (protocol section 2.4).
func (s *Server) takeEventsLocked(d *demand, limit int) []golem.DemandEvent {
	var rejections, proposals []golem.DemandEvent
	for _, e := range d.events {
		if e.EventType == golem.EventProposal {
			proposals = append(proposals, e)
		} else {
			rejections = append(rejections, e)
		}
	}
	s.random.Shuffle(len(proposals), func(i, j int) { proposals[i], proposals[j] = proposals[j], proposals[i] })
	d.events = append(rejections, proposals...)
	n := min(limit, len(d.events))
	taken := slices.Clone(d.events[:n])
	d.events = slices.Clone(d.events[n:])
	return taken
}

// pollParams reads timeout and maxEvents of the market's event endpoints.
func pollParams(q *query, events int) (time.Duration, int, error) {
	timeout := q.seconds("timeout", 5*time.Second)
	limit := q.integer("maxEvents", events)
	if q.err != nil {
		return 0, 0, q.err
	}
	if limit < 1 || limit > 100 {
		return 0, 0, refuse(http.StatusBadRequest, "Invalid maxEvents '%d', should be between 1 and 100.", limit)
	}
	return timeout, limit, nil
}

// A demandBody is a demand as a requestor sends it; properties may be nested.
type demandBody struct {
	Properties  map[string]any `json:"properties"`
	Constraints string         `json:"constraints"`
}

// flat joins the keys of nested objects with dots; a key "@tag" collapses into
// its parent.
func (b demandBody) flat() golem.DemandSpec {
	spec := golem.DemandSpec{Properties: golem.Properties{}, Constraints: b.Constraints}
	flatten(spec.Properties, "", b.Properties)
	return spec
}

func flatten(into golem.Properties, prefix string, object map[string]any) {
	for key, value := range object {
		path := prefix + "." + key
		switch {
		case prefix == "":
			path = key
		case key == "@tag":
			path = prefix
		}
		if inner, nested := value.(map[string]any); nested {
			flatten(into, path, inner)
			continue
		}
		into[path] = value
	}
}
