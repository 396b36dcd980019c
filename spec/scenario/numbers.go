package scenario

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"tasks/spec"
)

// A spread is a distribution of numbers: one of choices; or from low to high,
// evenly; or lognormal around low, where two of three values are less than high
// times away.
type spread struct {
	choices   []float64
	low, high float64
	lognormal bool
}

func (s spread) draw(random *rand.Rand) float64 {
	switch {
	case len(s.choices) > 0:
		return s.choices[random.IntN(len(s.choices))]
	case s.lognormal:
		return s.low * math.Exp(math.Log(s.high)*random.NormFloat64())
	}
	return s.low + (s.high-s.low)*random.Float64()
}

// exact reports whether the file itself says every value.
func (s spread) exact() bool { return len(s.choices) > 0 }

// A reader reads a number of some kind.
type reader func(spec.Value) (float64, bool)

// spread reads a number, a list of numbers, or a mapping.
func (d *decoder) spread(v spec.Value, number reader) (spread, bool) {
	switch {
	case v.IsList():
		return d.choices(v, number)
	case v.IsMapping():
		return d.between(v, number)
	}
	n, ok := number(v)
	return spread{choices: []float64{n}}, ok
}

func (d *decoder) choices(v spec.Value, number reader) (spread, bool) {
	var s spread
	all := true
	d.List(v, "a list", "", func(v spec.Value) {
		n, ok := number(v)
		s.choices, all = append(s.choices, n), all && ok
	})
	if all && len(s.choices) == 0 {
		d.Report(v, "there is nothing to choose from", "put values into the list, or leave out the key")
	}
	return s, all && len(s.choices) > 0
}

// spreadHint is the ways to write a distribution.
const spreadHint = "a distribution is {from: 1, to: 4} or {median: 2, factor: 1.5}"

func (d *decoder) between(v spec.Value, number reader) (spread, bool) {
	var s spread
	fine := true
	take := func(into *float64, number reader) func(spec.Value) {
		return func(v spec.Value) {
			n, ok := number(v)
			*into, fine = n, fine && ok
		}
	}
	var from, to, median, factor float64
	has := d.Fields(v,
		spec.Field{Key: "from", Read: take(&from, number)},
		spec.Field{Key: "to", Read: take(&to, number)},
		spec.Field{Key: "median", Read: take(&median, number)},
		spec.Field{Key: "factor", Read: take(&factor, d.numbers(1, 1000))},
	)
	switch {
	case has["from"] && has["to"] && !has["median"] && !has["factor"]:
		s = spread{low: from, high: to}
		if fine && to < from {
			d.Report(v, "from is above to", "swap the two")
			return s, false
		}
	case has["median"] && has["factor"] && !has["from"] && !has["to"]:
		s = spread{low: median, high: factor, lognormal: true}
	case fine:
		d.Report(v, "this is no distribution", spreadHint)
		return s, false
	}
	return s, fine
}

// numbers reads numbers without a unit between two bounds, both included.
func (d *decoder) numbers(low, high float64) reader {
	return func(v spec.Value) (float64, bool) {
		wants := "a number from " + plain(low) + " to " + plain(high)
		if math.IsInf(high, 1) {
			wants = "a number of at least " + plain(low)
		}
		s, ok := d.Text(v, wants, "")
		if !ok {
			return 0, false
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		if err != nil || math.IsNaN(n) || n < low || n > high {
			d.Wrong(v, wants, "")
			return 0, false
		}
		return n, true
	}
}

// wholes reads whole numbers between two bounds.
func (d *decoder) wholes(low, high float64) reader {
	return func(v spec.Value) (float64, bool) {
		n, ok := d.numbers(low, high)(v)
		if ok && n != math.Trunc(n) {
			d.Wrong(v, "a whole number", "")
			return 0, false
		}
		return n, ok
	}
}

func plain(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// sizes reads sizes with a unit, in GiB.
func (d *decoder) sizes(v spec.Value) (float64, bool) {
	n := d.Size(v)
	return n, n > 0
}

// aDay is as long as anything in a scenario may last.
const aDay = 24 * time.Hour

// seconds reads times with a unit.
func (d *decoder) seconds(v spec.Value) (float64, bool) {
	t, ok := d.Time(v, 0, aDay)
	return t.Seconds(), ok
}

// portion reads a part of a whole above 0: 30% or 0.3.
func (d *decoder) portion(v spec.Value) (float64, bool) {
	const wants = "a share such as 30% or 0.3"
	s, ok := d.Text(v, wants, "")
	if !ok {
		return 0, false
	}
	text, percent := strings.CutSuffix(strings.TrimSpace(s), "%")
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if percent {
		n /= 100
	}
	switch {
	case err != nil || math.IsNaN(n):
		d.Wrong(v, wants, "")
	case n <= 0 || n > 1:
		d.Report(v, "wants a share above 0 and at most 100%, and this is "+s, percentHint(text, percent, n))
	default:
		return n, true
	}
	return 0, false
}

func percentHint(text string, percent bool, n float64) string {
	if percent || n < 1 {
		return ""
	}
	return "write " + text + "% if that is what you mean"
}

// truth reads true or false.
func (d *decoder) truth(v spec.Value) bool {
	s, ok := d.Text(v, "true or false", "")
	if ok && s != "true" && s != "false" {
		d.Wrong(v, "true or false", "")
	}
	return s == "true"
}
