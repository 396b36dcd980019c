package ledger

import (
	"strconv"
	"time"

	"tasks/golem"
)

// A Window is one limit of a budget: in every stretch of Span no more than Limit
// may be spent. Span 0 means the whole run.
type Window struct {
	Span  time.Duration
	Limit golem.Amount // GLM
}

// String returns the window as a person would write it: "10/h", "0.5/24h",
// "50 in all".
func (w Window) String() string {
	if w.Span <= 0 {
		return w.Limit.String() + " in all"
	}
	return w.Limit.String() + "/" + spanText(w.Span)
}

// spanText is a duration in its largest whole unit, and without a 1: "h", "24h",
// "90m".
func spanText(d time.Duration) string {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		switch {
		case d == unit.length:
			return unit.name
		case d%unit.length == 0:
			return strconv.FormatInt(int64(d/unit.length), 10) + unit.name
		}
	}
	return d.String()
}
