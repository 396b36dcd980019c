package report

import (
	"slices"
	"time"
)

// rateSpan is how far back a rate looks.
const rateSpan = time.Minute

// A Sample is how far a run was at one moment.
type Sample struct {
	At    time.Time
	Tasks Tasks
}

// Progress is how fast a run gets on.
type Progress struct {
	Rate float64       // tasks ended a second over the last minute or so
	Left time.Duration // until the end at that rate; meaningless unless Known
	// Known tells whether Left can be said: the total is known and something ends.
	Known bool
}

// enough is how many tasks must have ended in the last minute to tell a rate from
// them; with fewer, all that was seen counts.
const enough = 3

// ProgressOf computes the progress at the last of the samples, which are in the
// order of time.
func ProgressOf(samples []Sample) Progress {
	if len(samples) < 2 {
		return Progress{}
	}
	last := samples[len(samples)-1]
	first := samples[recent(samples)]
	if last.Tasks.Ended()-first.Tasks.Ended() < enough {
		first = samples[0]
	}
	seconds := last.At.Sub(first.At).Seconds()
	ended := last.Tasks.Ended() - first.Tasks.Ended()
	if seconds <= 0 || ended <= 0 {
		return Progress{}
	}
	p := Progress{Rate: float64(ended) / seconds}
	if last.Tasks.Total == nil {
		return p
	}
	remaining := max(0, *last.Tasks.Total-last.Tasks.Ended())
	p.Left = time.Duration(float64(remaining) / p.Rate * float64(time.Second)).Round(time.Second)
	p.Known = true
	return p
}

// recent is the index of the first sample of the last minute.
func recent(samples []Sample) int {
	last := samples[len(samples)-1]
	return slices.IndexFunc(samples, func(s Sample) bool { return last.At.Sub(s.At) <= rateSpan })
}

// Trim drops, in place, the samples that ProgressOf no longer looks at: all
// before the last minute but the very first.
func Trim(samples []Sample) []Sample {
	if len(samples) < 2 {
		return samples
	}
	return slices.Delete(samples, 1, max(1, recent(samples)))
}
