package reconcile

import (
	"cmp"
	"slices"

	"tasks/golem"
	"tasks/runner/state"
)

const (
	// paceTasks is how many tasks a provider must have done to count as tried.
	paceTasks = 3
	// hopeShare is which share of the providers that were tried one that was not is
	// taken to be slower than: hope, so that cheap ones get their chance.
	hopeShare = 0.85
	// guess is how much faster and slower than the median providers are taken to
	// be before they are known.
	guess = 2
)

// Paces tell fast providers from slow ones. The zero Paces know nobody: all are
// alike, and a task keeps one thread busy.
type Paces struct {
	of      map[golem.NodeID]Pace
	shown   map[golem.NodeID]state.History
	median  float64 // seconds of a task
	threads float64 // that a task keeps busy
	hope    float64 // speed of those who were not tried
}

// A Pace is what is expected of a provider.
type Pace struct {
	Speed   float64 // 1 is the median of those that were tried
	Threads float64 // that a task keeps busy there
	Tried   bool    // it is measured, not guessed
}

// NewPaces compares what providers have shown, each of which is there once.
func NewPaces(shown []state.History) Paces {
	p := Paces{of: map[golem.NodeID]Pace{}, shown: map[golem.NodeID]state.History{}}
	var seconds, threads []float64
	for _, s := range shown {
		p.shown[s.Provider] = s
		if measured(s) {
			seconds = append(seconds, s.Busy/s.Tasks)
		}
		if s.Lived > 0 {
			threads = append(threads, s.CPU/s.Lived)
		}
	}
	p.threads = 1
	if len(threads) > 0 {
		p.threads = quantile(threads, 0.5)
	}
	p.median = quantile(seconds, 0.5)
	speeds := []float64{1 / guess, 1, guess}
	for _, s := range shown {
		if !measured(s) || p.median <= 0 {
			continue
		}
		// As if it had done one more at the median: few tasks prove little.
		pace := Pace{Speed: p.median * (s.Tasks + 1) / (s.Busy + p.median), Threads: p.threads, Tried: true}
		if s.Lived > 0 {
			pace.Threads = s.CPU / s.Lived
		}
		p.of[s.Provider] = pace
		speeds = append(speeds, pace.Speed)
	}
	p.hope = quantile(speeds, hopeShare)
	return p
}

func measured(s state.History) bool { return s.Tasks >= paceTasks && s.Busy > 0 }

// Known is what a provider has shown; zero for nothing.
func (p Paces) Known(id golem.NodeID) state.History { return p.shown[id] }

// Of is what is expected of a provider.
func (p Paces) Of(id golem.NodeID) Pace {
	if pace, ok := p.of[id]; ok {
		return pace
	}
	if len(p.of) == 0 {
		return Pace{Speed: 1, Threads: cmp.Or(p.threads, 1)}
	}
	return Pace{Speed: p.hope, Threads: p.threads}
}

// quantile is the number that a share of the list is below, 0 for an empty list.
func quantile(list []float64, share float64) float64 {
	if len(list) == 0 {
		return 0
	}
	list = slices.Sorted(slices.Values(list))
	return list[min(int(share*float64(len(list))), len(list)-1)]
}
