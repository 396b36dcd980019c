package devnet

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"tasks/golem"
)

// Version is the yagna release whose behaviour is simulated.
const Version = "0.17.6"

// me answers GET /me.
func (s *Server) me(*http.Request) (answer, error) {
	return ok(map[string]any{"identity": s.identity(), "name": "devnet", "role": "manager"})
}

// version answers GET /version/get, with times that have no zone.
func (s *Server) version(*http.Request) (answer, error) {
	release := cmp.Or(s.Release, Version)
	at := s.started.UTC().Format("2006-01-02T15:04:05")
	return ok(map[string]any{
		"current": map[string]any{
			"version": release, "name": "v" + release + " devnet", "seen": true,
			"releaseTs": "2026-03-28T10:00:00", "insertionTs": at, "updateTs": at,
		},
		"pending": nil,
	})
}

// healthcheck answers GET /healthcheck.
func (s *Server) healthcheck(*http.Request) (answer, error) {
	return ok(map[string]string{"status": "ok"})
}

// netStatus answers GET /net-api/v2/net/status.
func (s *Server) netStatus(*http.Request) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return ok(map[string]any{"nodeId": s.identity(), "listenIp": nil, "publicIp": nil, "sessions": len(s.providers)})
}

// requestorAccounts answers GET /requestorAccounts.
func (s *Server) requestorAccounts(*http.Request) (answer, error) {
	list := []golem.Account{}
	for _, p := range platforms {
		list = append(list, golem.Account{
			Platform: p.name(), Address: string(s.identity()), Driver: "erc20",
			Network: p.network, Token: p.symbol(), Send: true,
		})
	}
	return ok(list)
}

// demandDecorations answers GET /demandDecorations: what a demand paid from
// these allocations must carry (protocol section 6.4).
func (s *Server) demandDecorations(r *http.Request) (answer, error) {
	q := queryOf(r)
	ids := strings.Split(q.text("allocationIds"), ",")
	if q.err != nil {
		return answer{}, q.err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var used []*allocation
	for _, id := range ids {
		a := s.disk.allocations[golem.AllocationID(id)]
		if a == nil || !a.active(now()) || slices.Contains(used, a) {
			return answer{}, refuseNull(http.StatusNotFound)
		}
		used = append(used, a)
	}
	return ok(decorate(used))
}

func decorate(used []*allocation) any {
	type property struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	}
	var properties []property
	var addresses []string
	for _, a := range used {
		key := golem.PropPlatformAddress(a.PaymentPlatform)
		properties = append(properties, property{key, a.Address})
		addresses = append(addresses, "("+key+"=*)")
	}
	properties = append(properties, property{golem.PropProtocolVersion, "3"})
	first := addresses[0]
	if len(addresses) > 1 {
		first = "(|\n  " + strings.Join(addresses, "\n  ") + "\n)"
	}
	return map[string]any{
		"properties":  properties,
		"constraints": []string{first, "(" + golem.PropProtocolVersion + ">1)"},
	}
}

// A cycle is the payout schedule of one platform.
type cycle struct {
	NodeID      golem.NodeID `json:"nodeId"`
	Platform    string       `json:"platform"`
	IntervalSec int64        `json:"intervalSec"`
	ExtraPaySec int64        `json:"extraPayTimeSec"`
	NextProcess time.Time    `json:"nextProcess"`
}

func (s *Server) cycleOf(p platform) cycle {
	return cycle{
		NodeID: s.identity(), Platform: p.name(),
		IntervalSec: int64(s.timings.PayoutCycle / time.Second), ExtraPaySec: 240,
		NextProcess: s.nextCycle().UTC(),
	}
}

// listCycles answers GET /batchCycles.
func (s *Server) listCycles(*http.Request) (answer, error) {
	list := []cycle{}
	for _, p := range platforms {
		list = append(list, s.cycleOf(p))
	}
	return ok(list)
}

// getCycle answers GET /batchCycle/{platform}.
func (s *Server) getCycle(r *http.Request) (answer, error) {
	p, known := platformNamed(r.PathValue("platform"))
	if !known {
		return answer{}, refuseNull(http.StatusNotFound)
	}
	return ok(s.cycleOf(p))
}

// payNow answers POST /batchCycle/{platform}/now.
func (s *Server) payNow(r *http.Request) (answer, error) {
	p, known := platformNamed(r.PathValue("platform"))
	if !known {
		return answer{}, refuseNull(http.StatusNotFound)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.payoutLocked(p.name())
	return ok(null)
}
