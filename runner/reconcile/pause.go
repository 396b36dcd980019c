package reconcile

import (
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/runner/state"
)

// A Pause is a run that waits for its budget: nobody works and nothing costs.
type Pause struct {
	Need  golem.Amount // GLM of room, in every window, that it waits for
	Until time.Time    // when that comes if nothing more is spent; zero where only the budget's expressions can say
}

// unit is the least amount there is: room for it is some room.
var unit = decimal.New(1, -18)

// exhaustedBy is what an exhausted run does: it waits, if it is to and that can
// help, or winds down. need is what the cheapest worker costs, zero while nobody
// is known.
func exhaustedBy(v View, need golem.Amount, note string) Action {
	if !v.PauseWhenExhausted {
		return Wind{State: state.RunExhausted, Note: note}
	}
	for i := range v.Agreements {
		// Whoever worked until now may be hired again, though no offer of theirs is here.
		a := &v.Agreements[i]
		if again := firstPeriod(a.Pricing, a.Threads, a.Interval); !need.IsPositive() || again.LessThan(need) {
			need = again
		}
	}
	if !need.IsPositive() {
		need = unit
	}
	// What is reserved by now is not for good, so it says nothing about later.
	until, ok := v.Book.NextRoom(v.Now, v.Windows, decimal.Zero, need)
	if !ok && v.FixedBudget {
		return Wind{State: state.RunExhausted, Note: note + ", and waiting would not change that"}
	}
	return PauseRun{Pause: Pause{Need: need, Until: until}, Note: note}
}

// paused is the turn of a run that waits: it goes on when every window has room,
// and looks again for how long it has to wait when the time has come without.
func paused(v View, m *money) []Action {
	out := append(allocation(v), activities(v, m)...)
	out = append(out, closeDemand(v)...)
	p := v.Pause
	if !v.Book.Room(v.Now, v.Windows, m.reserved).LessThan(p.Need) {
		return append(out, Resume{})
	}
	if p.Until.IsZero() || v.Now.Before(p.Until) {
		return out
	}
	next := exhaustedBy(v, p.Need, "the budget has no room yet")
	if again, ok := next.(PauseRun); ok && again.Until.Equal(p.Until) || ok && !again.Until.After(v.Now) {
		return out // what is reserved is in the way, and goes by itself
	}
	return []Action{next}
}
