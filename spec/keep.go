package spec

import (
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// What is kept where the document says nothing: of a run that may go on for ever,
// and of one that ends.
var (
	keepEndless = Keep{Tasks: 100_000, Time: 7 * day}
	keepFinite  = Keep{Tasks: 1_000_000}
)

const (
	day = 24 * time.Hour
	// restEndless and restFinite are how long bills and events are kept where no
	// time is said.
	restEndless = 7 * day
	restFinite  = 30 * day
	maxKeep     = maxDays * day
)

// keep reads how much the database keeps.
func (d *decoder) keep(v value) {
	const wants, hint = "all, a number of tasks, a time, or both", "write it such as 10000, 7d or {tasks: 10000, time: 7d}"
	k := &d.spec.Results.Keep
	k.Set = true
	if v.node.Kind == yaml.MappingNode || d.offered != nil && v.node.Kind != yaml.ScalarNode {
		d.fields(v,
			// how many of the tasks that are done are kept
			field{"tasks", func(v value) { k.Tasks = d.integer(v, "a whole number of at least 1", 1) }},
			// for how long what has ended is kept
			field{"time", func(v value) { k.Time = d.duration(v, time.Second, maxKeep) }},
		)
		return
	}
	s, ok := d.fixed(v, wants, hint)
	s = strings.TrimSpace(s)
	_, err := strconv.ParseFloat(s, 64)
	switch {
	case !ok:
	case s == "all":
		k.All = true
	case err == nil:
		k.Tasks = d.integer(v, "a whole number of at least 1", 1)
	case startsNumber(s):
		k.Time = d.duration(v, time.Second, maxKeep)
	default:
		d.wrong(v, wants, hint)
	}
}

func startsNumber(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

// text is a rule as a document writes it, "" where it says nothing.
func (k Keep) text() string {
	switch tasks := strconv.FormatInt(k.Tasks, 10); {
	case k.All:
		return "all"
	case k.Tasks > 0 && k.Time > 0:
		return "{tasks: " + tasks + ", time: " + showDuration(k.Time) + "}"
	case k.Tasks > 0:
		return tasks
	case k.Time > 0:
		return showDuration(k.Time)
	}
	return ""
}

// Keeping is what the database keeps: as the document says, or the default. rest
// is for how long bills, events and the like are kept, 0 for good.
func (s *Spec) Keeping() (k Keep, rest time.Duration) {
	k = s.Results.Keep
	switch {
	case k.All:
		return k, 0
	case k.Time > 0:
		return k, k.Time
	case k.Set:
		return k, restEndless
	case s.Endless():
		return keepEndless, restEndless
	}
	return keepFinite, restFinite
}

// Endless reports whether a source may give items for ever: one without an end,
// one that is repeated for ever, and a program or standard input, which may go on
// as long as they like.
func (s *Spec) Endless() bool {
	for i := range s.Stages {
		from := s.Stages[i].From
		if from != nil && (from.Endless || from.Repeat == 0 || from.Kind == SourceCommand || from.Path == Stdin) {
			return true
		}
	}
	return false
}
