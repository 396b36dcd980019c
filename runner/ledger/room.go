package ledger

import (
	"time"

	"tasks/golem"
)

// Room returns what may still be spent now: the least, over all windows, of the
// limit less what was spent in it and what is reserved. It is negative where a
// window is overdrawn, which an edited budget can do at any time. Without
// windows there is no room.
func (b *Book) Room(now time.Time, windows []Window, reserved golem.Amount) golem.Amount {
	room, _ := b.tightest(now, windows, reserved)
	return room
}

// Blocking returns the window that has no room for need, the tightest if there
// are several; ok is false if every window has it. What costs nothing is never
// blocked. Without windows anything else is, by the zero Window.
func (b *Book) Blocking(now time.Time, windows []Window, reserved, need golem.Amount) (w Window, ok bool) {
	if !need.IsPositive() {
		return Window{}, false
	}
	room, w := b.tightest(now, windows, reserved)
	if room.LessThan(need) {
		return w, true
	}
	return Window{}, false
}

// tightest is the window with the least room, the first of equals.
func (b *Book) tightest(now time.Time, windows []Window, reserved golem.Amount) (room golem.Amount, at Window) {
	for i, w := range windows {
		left := w.Limit.Sub(b.Spent(now, w.Span)).Sub(reserved)
		if i == 0 || left.LessThan(room) {
			room, at = left, w
		}
	}
	return room, at
}

// NextRoom returns when every window will have room for need, if nothing more is
// spent and as much stays reserved as now; that is now itself if they have it
// already. It is false if that time never comes: the limit of a window is too low
// for it, or the whole run's is used up.
func (b *Book) NextRoom(now time.Time, windows []Window, reserved, need golem.Amount) (at time.Time, ok bool) {
	if !need.IsPositive() {
		return now, true
	}
	at = now
	for _, w := range windows {
		t, ok := b.roomIn(now, w, w.Limit.Sub(reserved).Sub(need))
		if !ok {
			return time.Time{}, false
		}
		if t.After(at) {
			at = t
		}
	}
	return at, len(windows) > 0
}

// roomIn is when no more than allowed will have been spent in the window.
func (b *Book) roomIn(now time.Time, w Window, allowed golem.Amount) (time.Time, bool) {
	switch {
	case !b.Spent(now, w.Span).GreaterThan(allowed):
		return now, true
	case w.Span <= 0 || allowed.IsNegative():
		return time.Time{}, false
	}
	excess := b.Total().Sub(allowed)
	for i := b.since(now.Add(-w.Span)); ; i++ {
		if !b.entries[i].total.LessThan(excess) {
			return b.entries[i].at.Add(w.Span), true
		}
	}
}
