package reconcile

import (
	"cmp"
	"slices"
	"time"

	"tasks/golem"
)

const (
	// worthChange is which share of its cost a change of worker must save at least:
	// what was measured has errors.
	worthChange = 0.15
	// worthCost is how many times its cost a change must save, because most of
	// those that were never tried are not as fast as hoped.
	worthCost = 2
	// changing is which share of the workers may be new ones that are being tried.
	changing = 3
)

// A Crew is all that decides which workers to change for better offers.
type Crew struct {
	Members []Member
	Offers  []Prospect // of the market, in the order in which they would be hired
	Missing int        // workers there are too few
	Left    time.Duration
	StartUp time.Duration // until a new worker works
	Room    golem.Amount  // in the budget
}

// A Member is a worker, or one on its way.
type Member struct {
	Activity int64 // 0 for none that could be changed now
	Score    float64
	Hour     float64 // GLM for an hour of work
	Pace     Pace
}

// A Prospect is an offer that could be hired.
type Prospect struct {
	Provider golem.NodeID
	Score    float64
	Hour     float64 // GLM for an hour of work, the start left out
	Start    float64 // GLM for the start
	Pace     Pace
	Need     golem.Amount // that the budget must have for it
}

// A Change says which offer would take the place of a worker, and how much that
// saves until the run ends.
type Change struct {
	Activity int64
	For      golem.NodeID
	Saving   float64 // GLM, above 0
}

// Changes returns which workers to change for which offers. What is compared is
// the price of the same work, GLM an hour divided by speed, so that a machine that
// costs twice as much and is three times as fast is the better one.
//
// Few are changed at a time, and none for little or late in a run: what a change
// costs, two machines that do nothing while the new one comes up, must come back
// several times.
func Changes(c Crew) []Change {
	trying := 0
	known := make([]Member, 0, len(c.Members))
	for _, m := range c.Members {
		if !m.Pace.Tried {
			trying++
		} else if m.Activity != 0 {
			known = append(known, m)
		}
	}
	slices.SortStableFunc(known, func(a, b Member) int { return cmp.Compare(b.cost(), a.cost()) })
	free := max(1, len(c.Members)/changing) - trying - max(0, c.Missing)
	var out []Change
	for i := range min(free, len(known), len(c.Offers)) {
		m, o := known[i], c.Offers[i]
		saving := c.saving(m, o)
		if saving <= 0 || c.Room.LessThan(o.Need) {
			break
		}
		c.Room = c.Room.Sub(o.Need)
		out = append(out, Change{Activity: m.Activity, For: o.Provider, Saving: saving})
	}
	return out
}

// saving is what changing a worker for an offer saves, 0 where it is not worth it,
// or where the score is a rule of the user's own that would hire the same again.
func (c Crew) saving(m Member, o Prospect) float64 {
	if o.Score <= m.Score {
		return 0
	}
	share := 1 - o.cost()/m.cost()
	if share < worthChange {
		return 0
	}
	saved := share * m.Hour * c.Left.Hours()
	cost := o.Start + (m.Hour+o.Hour)*c.StartUp.Hours()
	if saved < worthCost*cost {
		return 0
	}
	return saved - cost
}

// Settled reports whether nobody is missing, somebody's pace is known, and the run
// goes on for long enough to look for something better.
func (c Crew) Settled() bool {
	return c.Missing <= 0 && c.Left > worthCost*c.StartUp &&
		slices.ContainsFunc(c.Members, func(m Member) bool { return m.Pace.Tried && m.Activity != 0 })
}

func (m Member) cost() float64   { return m.Hour / m.Pace.Speed }
func (o Prospect) cost() float64 { return o.Hour / o.Pace.Speed }

// Left is how long a run of so many tasks goes on with its workers, each kept busy.
func (p Paces) Left(tasks int64, members []Member) time.Duration {
	speed := 0.0
	for _, m := range members {
		speed += m.Pace.Speed
	}
	if speed == 0 || tasks <= 0 {
		return 0
	}
	const longest = 100 * 365 * 24 * 3600.0 // a Duration has room for it
	return time.Duration(min(float64(tasks)*p.median/speed, longest) * float64(time.Second))
}
