package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// median is the middle one, or the mean of the middle two; NaN of none.
func median(all []float64) float64 {
	if len(all) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(all))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// each applies f to all.
func each[T, U any](all []T, f func(T) U) []U {
	out := make([]U, len(all))
	for i, v := range all {
		out[i] = f(v)
	}
	return out
}

// speed is how many things ended in a second, by the moments of their ends in
// order. The first and the last tenth are left out, in which workers come and go.
func speed(ends []time.Time) float64 {
	n := len(ends)
	return speedOf(ends, n/10, n-1-n/10)
}

// speedOf is the speed from one end to another.
func speedOf(ends []time.Time, first, last int) float64 {
	if last <= first {
		return math.NaN()
	}
	return float64(last-first) / ends[last].Sub(ends[first]).Seconds()
}

// speedAround is the speed in the part of ends around the i-th, a fifth of i on
// both sides.
func speedAround(ends []time.Time, i int) float64 {
	first, last := max(0, i-i/5-1), min(len(ends)-1, i+i/5)
	return speedOf(ends, first, last)
}

// A sample is what a process had used at one moment.
type sample struct {
	at    time.Time
	bytes float64       // resident memory
	cpu   time.Duration // since its start
}

// used is the processor time that was used until a moment.
func used(samples []sample, at time.Time) time.Duration {
	var last time.Duration
	for _, s := range samples {
		if s.at.After(at) {
			break
		}
		last = max(last, s.cpu)
	}
	return last
}

func peak(samples []sample) float64 {
	if len(samples) == 0 {
		return math.NaN()
	}
	return slices.MaxFunc(samples, func(a, b sample) int { return cmp.Compare(a.bytes, b.bytes) }).bytes
}

// between is the median of the samples of a span of time, or the nearest one.
func between(samples []sample, from, to time.Time) float64 {
	var in []float64
	nearest, distance := math.NaN(), time.Duration(math.MaxInt64)
	for _, s := range samples {
		if !s.at.Before(from) && !s.at.After(to) {
			in = append(in, s.bytes)
		}
		if d := s.at.Sub(to).Abs(); d < distance {
			nearest, distance = s.bytes, d
		}
	}
	if len(in) == 0 {
		return nearest
	}
	return median(in)
}

const (
	mib  = 1 << 20
	milw = float64(time.Millisecond)
)

func milliseconds(d time.Duration) float64 { return float64(d) / milw }

// round shows a number with three figures.
func round(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	digits := 2 - int(math.Floor(math.Log10(math.Max(math.Abs(v), 0.01))))
	return fmt.Sprintf("%.*f", max(0, digits), v)
}
