package process

import (
	"maps"
	"os"
	"slices"
	"time"
)

// A group is the process group of one command, which can outlive the command.
// The Sandbox's mutex guards everything but id.
type group struct {
	id      int
	running bool          // the command itself has not ended
	own     time.Duration // CPU time of the command once it ended
	cpu     time.Duration // the most that was seen of the whole group
}

// track enters the group of a command that was started.
func (s *Sandbox) track(id int) *group {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := &group{id: id, running: true}
	s.groups[id] = g
	return g
}

// ended notes the end of the group's command.
func (s *Sandbox) ended(g *group, state *os.ProcessState) {
	s.mu.Lock()
	g.running = false
	if state != nil {
		g.own = state.UserTime() + state.SystemTime()
		g.cpu = max(g.cpu, g.own)
	}
	s.mu.Unlock()
	if !groupAlive(g.id) {
		s.forget(g)
	}
}

// forget drops a group that is gone, but not its CPU time. It must be done soon
// after the end, since the system may give the group's id to others.
func (s *Sandbox) forget(g *group) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.groups[g.id] == g {
		delete(s.groups, g.id)
		s.past += g.cpu
	}
}

// CPU returns the user and system time of everything that ran so far, commands
// under way included. It never falls. On Linux running commands are read from
// /proc, with a resolution of 10 ms; elsewhere they count when they end.
// Processes that left their command's group count only while their parents live.
func (s *Sandbox) CPU() time.Duration {
	s.mu.Lock()
	groups := slices.Collect(maps.Values(s.groups))
	s.mu.Unlock()
	for _, g := range groups {
		s.measure(g)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	total := s.past
	for _, g := range s.groups {
		total += g.cpu
	}
	return total
}

// measure brings the CPU time of a group up to date.
func (s *Sandbox) measure(g *group) {
	s.mu.Lock()
	running, own := g.running, g.own
	s.mu.Unlock()
	var seen time.Duration
	living := 1
	if running {
		seen = treeCPU(g.id)
	} else {
		seen, living = groupCPU(g.id)
	}
	s.mu.Lock()
	g.cpu = max(g.cpu, own+seen)
	s.mu.Unlock()
	if living == 0 {
		s.forget(g)
	}
}

func (s *Sandbox) killGroups() {
	s.mu.Lock()
	ids := slices.Collect(maps.Keys(s.groups))
	s.mu.Unlock()
	for _, id := range ids {
		killGroup(id)
	}
}

func (s *Sandbox) closeStreams() {
	s.mu.Lock()
	streams := slices.Collect(maps.Keys(s.streams))
	s.mu.Unlock()
	for _, f := range streams {
		_ = f.Close()
	}
}
