package reconcile_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"tasks/golem"
	"tasks/runner/reconcile"
	"tasks/runner/state"
)

// shown is a provider that took so many seconds over each of its tasks.
func shown(id golem.NodeID, tasks, seconds float64) state.History {
	return state.History{Provider: id, Tasks: tasks, Busy: tasks * seconds, CPU: tasks * seconds, Lived: tasks * seconds}
}

func TestPaces(t *testing.T) {
	four := []state.History{shown("a", 99, 1), shown("b", 99, 2), shown("c", 99, 4), shown("d", 99, 8)}
	tests := []struct {
		name  string
		shown []state.History
		of    golem.NodeID
		want  reconcile.Pace
	}{
		{"nobody is known", nil, "x", reconcile.Pace{Speed: 1, Threads: 1}},
		{"two tasks are not enough", []state.History{shown("x", 2, 9)}, "x", reconcile.Pace{Speed: 1, Threads: 1}},
		{"the only one is the median", []state.History{shown("x", 3, 9)}, "x", reconcile.Pace{Speed: 1, Threads: 1, Tried: true}},
		{"the fastest of four", four, "a", reconcile.Pace{Speed: 4 * 100 / (99 + 4.0), Threads: 1, Tried: true}},
		{"the slowest of four", four, "d", reconcile.Pace{Speed: 4 * 100 / (99*8 + 4.0), Threads: 1, Tried: true}},
		{"who was not tried may be as fast as the best few", four, "x", reconcile.Pace{Speed: 2, Threads: 1}},
		{"where all are alike nobody is hoped to be much faster", []state.History{
			shown("a", 50, 3), shown("b", 50, 3), shown("c", 50, 3), shown("d", 50, 3), shown("e", 50, 3), shown("f", 50, 3),
		}, "x", reconcile.Pace{Speed: 1, Threads: 1}},
		{"only failures are no pace", []state.History{{Provider: "x", Busy: 100}, shown("a", 50, 1)}, "x", reconcile.Pace{Speed: 2, Threads: 1}},
		{"a program of two threads", []state.History{{Provider: "a", Tasks: 9, Busy: 9, CPU: 18, Lived: 9}}, "x", reconcile.Pace{Speed: 2, Threads: 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := reconcile.NewPaces(tt.shown).Of(tt.of)
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
				t.Errorf("Of(%s) (-want +got):\n%s", tt.of, diff)
			}
		})
	}
}

// known is a worker that costs so much an hour at speed 1.
func known(activity int64, hour float64) reconcile.Member {
	return reconcile.Member{Activity: activity, Score: -hour, Hour: hour, Pace: reconcile.Pace{Speed: 1, Threads: 1, Tried: true}}
}

// offered is an offer of a provider that is hoped to be so fast.
func offered(id golem.NodeID, hour, speed float64) reconcile.Prospect {
	return reconcile.Prospect{Provider: id, Score: -hour / speed, Hour: hour, Pace: reconcile.Pace{Speed: speed, Threads: 1}, Need: decimal.NewFromInt(1)}
}

func TestChanges(t *testing.T) {
	crew := func(edit func(*reconcile.Crew)) reconcile.Crew {
		c := reconcile.Crew{
			Members: []reconcile.Member{known(1, 2), known(2, 9), known(3, 3), known(4, 3)},
			Offers:  []reconcile.Prospect{offered("x", 1, 1), offered("y", 1.1, 1)},
			Left:    10 * time.Hour, StartUp: time.Hour / 10, Room: decimal.NewFromInt(100),
		}
		edit(&c)
		return c
	}
	untried := reconcile.Member{Activity: 9, Hour: 1, Pace: reconcile.Pace{Speed: 1}}
	tests := []struct {
		name string
		edit func(*reconcile.Crew)
		want []reconcile.Change
	}{
		{"the dearest for the best, one of four", func(*reconcile.Crew) {}, []reconcile.Change{{Activity: 2, For: "x", Saving: 8.0/9*90 - 1}}},
		{"two of eight", func(c *reconcile.Crew) {
			c.Members = append(c.Members, known(5, 1), known(6, 1), known(7, 1), known(8, 1))
		}, []reconcile.Change{{Activity: 2, For: "x", Saving: 79}, {Activity: 3, For: "y", Saving: (1-1.1/3)*30 - .41}}},
		{"speed counts as much as the price", func(c *reconcile.Crew) { c.Offers = []reconcile.Prospect{offered("x", 18, 4)} },
			[]reconcile.Change{{Activity: 2, For: "x", Saving: 45 - 2.7}}},
		{"not while another one is tried", func(c *reconcile.Crew) { c.Members = append(c.Members, untried) }, nil},
		{"not while somebody is missing", func(c *reconcile.Crew) { c.Missing = 1 }, nil},
		{"not for little", func(c *reconcile.Crew) { c.Offers = []reconcile.Prospect{offered("x", 8, 1)} }, nil},
		{"not shortly before the end", func(c *reconcile.Crew) { c.Left = 10 * time.Minute }, nil},
		{"not for a start price that eats it up", func(c *reconcile.Crew) { c.Offers[0].Start = 45 }, nil},
		{"not without room in the budget", func(c *reconcile.Crew) { c.Room = decimal.RequireFromString("0.9") }, nil},
		{"not by a rule of one's own that would hire somebody worse", func(c *reconcile.Crew) {
			c.Offers = []reconcile.Prospect{offered("x", 20, 1), offered("y", 1, 1)}
		}, nil},
		{"not where the same would be hired again", func(c *reconcile.Crew) { c.Members[1].Score = 1 }, nil},
		{"nobody to change", func(c *reconcile.Crew) { c.Members = nil }, nil},
		{"nobody on the market", func(c *reconcile.Crew) { c.Offers = nil }, nil},
		{"the only worker too", func(c *reconcile.Crew) { c.Members = []reconcile.Member{known(2, 9)} },
			[]reconcile.Change{{Activity: 2, For: "x", Saving: 79}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := reconcile.Changes(crew(tt.edit))
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
				t.Errorf("Changes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestChangesEnd changes workers for as long as there is something better, on a
// market whose speeds come out only by trying. It comes to an end, having tried
// nobody twice.
func TestChangesEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "providers")
		workers := rapid.IntRange(1, n).Draw(t, "workers")
		market := drawMarket(t, n)
		for round := 0; ; round++ {
			if round > 2*n {
				t.Fatalf("changed %d times on a market of %d", round, n)
			}
			if !market.change(workers) {
				return
			}
		}
	})
}

// A bazaar is a market with true speeds, and who works.
type bazaar struct {
	hour, speed []float64
	tried       []bool
	working     []int
}

func drawMarket(t *rapid.T, n int) *bazaar {
	return &bazaar{
		hour:  rapid.SliceOfN(rapid.Float64Range(1, 20), n, n).Draw(t, "hours"),
		speed: rapid.SliceOfN(rapid.Float64Range(0.1, 1), n, n).Draw(t, "speeds"),
		tried: make([]bool, n),
	}
}

// change lets everybody work, and makes the changes that are then worth it.
func (b *bazaar) change(workers int) bool {
	b.fill(workers)
	c := reconcile.Crew{Left: 1000 * time.Hour, StartUp: time.Minute, Room: decimal.NewFromInt(1000)}
	for _, i := range b.working {
		b.tried[i] = true
	}
	paces := b.paces()
	for _, i := range b.working {
		pace := paces.Of(b.id(i))
		c.Members = append(c.Members, reconcile.Member{Activity: int64(i) + 1, Score: -b.hour[i] / pace.Speed, Hour: b.hour[i], Pace: pace})
	}
	for _, i := range b.ranked() {
		c.Offers = append(c.Offers, offered(b.id(i), b.hour[i], paces.Of(b.id(i)).Speed))
	}
	changes := reconcile.Changes(c)
	for _, change := range changes {
		b.leave(int(change.Activity) - 1)
	}
	return len(changes) > 0
}

func (b *bazaar) id(i int) golem.NodeID { return golem.NodeID(rune('A' + i)) }

func (b *bazaar) paces() reconcile.Paces {
	var all []state.History
	for i, tried := range b.tried {
		if tried {
			all = append(all, shown(b.id(i), 1000, 1/b.speed[i]))
		}
	}
	return reconcile.NewPaces(all)
}

// ranked are those who do not work, in the order in which they would be hired.
func (b *bazaar) ranked() (out []int) {
	paces := b.paces()
	free := map[int]bool{}
	for i := range b.hour {
		free[i] = true
	}
	for _, i := range b.working {
		delete(free, i)
	}
	for len(free) > 0 {
		best, least := -1, math.Inf(1)
		for i := range b.hour {
			if cost := b.hour[i] / paces.Of(b.id(i)).Speed; free[i] && cost < least {
				best, least = i, cost
			}
		}
		delete(free, best)
		out = append(out, best)
	}
	return out
}

func (b *bazaar) fill(workers int) {
	for _, i := range b.ranked() {
		if len(b.working) == workers {
			return
		}
		b.working = append(b.working, i)
	}
}

func (b *bazaar) leave(who int) {
	for at, i := range b.working {
		if i == who {
			b.working = append(b.working[:at:at], b.working[at+1:]...)
			return
		}
	}
}
