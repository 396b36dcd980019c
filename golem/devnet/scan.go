package devnet

import (
	"net/http"
	"strconv"
	"time"

	"tasks/golem"
	"tasks/golem/devnet/match"
)

// A scan walks over the offers of the market without negotiating (protocol
// section 2.10). It is forgotten when nobody reads it for its idle time.
type scan struct {
	wanted *match.Expr // nil means every offer
	next   int         // index of the next provider to look at
	idle   time.Duration
	read   time.Time
	empty  bell // never rung: no offer appears later
}

// defaultScanIdle is the lifetime of an iterator that is not read.
const defaultScanIdle = 300 * time.Second

// beginScan answers POST /scan. Here constraints are checked.
func (s *Server) beginScan(r *http.Request) (answer, error) {
	var body struct {
		Type        string   `json:"type"`
		Constraints *string  `json:"constraints"`
		Timeout     *float64 `json:"timeout"`
	}
	if err := decodeMarket(r, &body); err != nil {
		return answer{}, err
	}
	it := &scan{idle: defaultScanIdle, read: now()}
	if body.Timeout != nil {
		it.idle = time.Duration(*body.Timeout * float64(time.Second))
	}
	if body.Constraints != nil {
		wanted, err := match.Parse(*body.Constraints)
		if err != nil {
			return answer{}, refuse(http.StatusBadRequest, "Invalid constraints: %v", err)
		}
		it.wanted = wanted
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if body.Type != "offer" {
		it.next = len(s.providers) // demands are not scanned
	}
	s.ram.nextScan++
	id := golem.ScanID(strconv.Itoa(s.ram.nextScan))
	s.ram.scans[id] = it
	return created(id)
}

func (s *Server) scanLocked(r *http.Request) (*scan, error) {
	id := golem.ScanID(r.PathValue("s"))
	it := s.ram.scans[id]
	if it == nil {
		return nil, refuse(http.StatusNotFound, "Scan [%s] not found.", id)
	}
	if time.Since(it.read) > it.idle {
		delete(s.ram.scans, id)
		return nil, refuse(http.StatusGone, "Scan [%s] was removed.", id)
	}
	it.read = now()
	return it, nil
}

// collectScan answers GET /scan/{s}/events with offers not seen before.
func (s *Server) collectScan(r *http.Request) (answer, error) {
	if wantsEvents(r) {
		return s.streamScan(r)
	}
	q := queryOf(r)
	timeout := q.seconds("timeout", 5*time.Second)
	limit := q.integer("maxEvents", 500)
	if q.err != nil {
		return answer{}, q.err
	}
	offers := []golem.Offer{}
	var gone error
	_, err := s.poll(r.Context(), timeout, func() <-chan struct{} {
		var it *scan
		if it, gone = s.scanLocked(r); gone != nil {
			return nil
		}
		if offers = it.take(s.providers, limit); len(offers) == 0 {
			return it.empty.wait()
		}
		return nil
	})
	if err == nil {
		err = gone
	}
	if err != nil {
		return answer{}, err
	}
	return ok(offers)
}

func (it *scan) take(market []*provider, limit int) []golem.Offer {
	offers := []golem.Offer{}
	for ; it.next < len(market) && len(offers) < limit; it.next++ {
		p := market[it.next]
		if !p.offline(now()) && (it.wanted == nil || it.wanted.Eval(p.offer.Properties) == match.True) {
			offers = append(offers, p.offer)
		}
	}
	return offers
}

// endScan answers DELETE /scan/{s}.
func (s *Server) endScan(r *http.Request) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.scanLocked(r); err != nil {
		return answer{}, err
	}
	delete(s.ram.scans, golem.ScanID(r.PathValue("s")))
	return noContent()
}
