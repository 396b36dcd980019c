package ledger

import (
	"math"
	"time"

	"tasks/golem"
)

// reportLag is how old the usage in a debit note may be when the note is
// written: the exe-unit reports every second, and a note lags by a few (protocol
// section 4). Whoever reckons from UsageAt has to add it.
const reportLag = 5 * time.Second

// cpuOverhead is the share of CPU time that a runtime may use beside the threads
// it offers: a virtual machine has threads of its own for I/O.
const cpuOverhead = 0.05

// A Meter is what is known of the cost of one activity. The caller fills it in
// from its records; nothing here changes it.
type Meter struct {
	Pricing   golem.Pricing // of its agreement
	Threads   int           // that it can keep busy; below 1 means 1
	StartedAt time.Time     // not later than its exe-unit started: when its creation was asked for
	Usage     []float64     // last known, in the order of Pricing.Vector; nil before the first report
	UsageAt   time.Time     // when Usage was true, by our clock
	Billed    golem.Amount  // highest total billed so far, in GLM
}

// Bounded reports whether Bound is a bound. A counter that grows by no rule known
// here, such as a custom runtime's, can cost anything unless its price is zero.
func (m Meter) Bounded() bool {
	for _, counter := range m.Pricing.Vector {
		if counter != golem.UsageCPU && counter != golem.UsageDuration && !m.Pricing.Coeffs[counter].IsZero() {
			return false
		}
	}
	return true
}

// Bound returns the most that the activity can honestly have cost at a time: the
// start price, the usage that is known, and from then on every second of every
// thread and a little for the runtime itself; never less than Billed. It does not fall as time goes on. Counters that
// cannot be bounded count as last known: see Bounded.
func (m Meter) Bound(at time.Time) golem.Amount {
	wall, since := seconds(m.StartedAt, at), m.unseen(at)
	if m.seen() != nil {
		since += reportLag.Seconds()
	}
	return m.cost(m.usage(
		min(m.used(golem.UsageDuration)+since, wall),
		min(m.used(golem.UsageCPU)+m.busiest()*since, m.busiest()*wall),
	))
}

// Estimate returns what the activity is expected to have cost at a time: its
// duration is certain, and of CPU it goes on using the share that it used so far,
// or one core while nothing is known. It does not fall as time goes on, and is
// not above Bound, nor below Billed.
func (m Meter) Estimate(at time.Time) golem.Amount {
	wall, since := seconds(m.StartedAt, at), m.unseen(at)
	cpu := m.used(golem.UsageCPU) + m.share()*since
	return m.cost(m.usage(
		min(m.used(golem.UsageDuration)+since, wall),
		min(cpu, float64(m.threads())*wall),
	))
}

// MaxCost returns the most that an activity can cost that lives for d, the start
// price included: the Bound of one of which nothing else is known.
func MaxCost(p golem.Pricing, threads int, d time.Duration) golem.Amount {
	var start time.Time
	return Meter{Pricing: p, Threads: threads, StartedAt: start}.Bound(start.Add(d))
}

func (m Meter) threads() int { return max(m.Threads, 1) }

// busiest is the most CPU time that can be used in a second.
func (m Meter) busiest() float64 { return float64(m.threads()) * (1 + cpuOverhead) }

// seen is the last usage, or nil if there is none or none that makes sense.
func (m Meter) seen() []float64 {
	if len(m.Usage) == len(m.Pricing.Vector) && usageFault(m.Pricing.Vector, m.Usage) == "" {
		return m.Usage
	}
	return nil
}

// used is the last known value of a counter.
func (m Meter) used(counter string) float64 {
	if at := m.index(counter); at >= 0 && m.seen() != nil {
		return m.Usage[at]
	}
	return 0
}

func (m Meter) index(counter string) int {
	for i, name := range m.Pricing.Vector {
		if name == counter {
			return i
		}
	}
	return -1
}

// unseen is the time in seconds that no usage report covers.
func (m Meter) unseen(at time.Time) float64 {
	if m.seen() == nil {
		return seconds(m.StartedAt, at)
	}
	return seconds(m.UsageAt, at)
}

// share is how many threads were busy on average, 1 while nothing is known.
func (m Meter) share() float64 {
	lived := m.used(golem.UsageDuration)
	if lived == 0 && m.seen() != nil {
		lived = seconds(m.StartedAt, m.UsageAt)
	}
	if lived == 0 || m.index(golem.UsageCPU) < 0 {
		return 1
	}
	return min(m.used(golem.UsageCPU)/lived, float64(m.threads()))
}

// usage is a report with those values; other counters are as last known.
func (m Meter) usage(duration, cpu float64) []float64 {
	report := make([]float64, len(m.Pricing.Vector))
	copy(report, m.seen())
	for i, counter := range m.Pricing.Vector {
		switch counter {
		case golem.UsageDuration:
			report[i] = duration
		case golem.UsageCPU:
			report[i] = cpu
		}
	}
	return report
}

// cost is the price of a report, at least what was billed.
func (m Meter) cost(usage []float64) golem.Amount {
	cost, err := m.Pricing.Cost(usage)
	if err != nil || cost.LessThan(m.Billed) {
		// The report was made to fit, so there is no error to tell of.
		return m.Billed
	}
	return cost
}

// seconds is the time between two moments, 0 if they are the other way round.
func seconds(from, to time.Time) float64 {
	return math.Max(0, to.Sub(from).Seconds())
}
