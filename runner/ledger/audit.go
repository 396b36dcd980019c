package ledger

import (
	"fmt"
	"math"
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem"
)

// Codes of a Finding: what is wrong with a bill.
const (
	CodeUsageLength   = "usage_length"   // usage has not one value for each counter
	CodeUsageInvalid  = "usage_invalid"  // usage is negative or no number
	CodeUsageFell     = "usage_fell"     // a counter is lower than in an earlier note
	CodeUsageDuration = "usage_duration" // more seconds than have passed
	CodeUsageCPU      = "usage_cpu"      // more CPU time than the threads can have spent
	CodeTotalMismatch = "total_mismatch" // not the price of its usage, or of the final notes
	CodeTotalFell     = "total_fell"     // lower than in an earlier note
	CodeTooFrequent   = "too_frequent"   // more notes than were agreed
	CodeAboveBound    = "above_bound"    // more than can honestly have been used
	CodeUnbounded     = "unbounded"      // prices by a counter that nothing reports
	CodeBelowAccepted = "below_accepted" // an invoice for less than was accepted already
)

// A Finding is what an audit has against a bill. It is an error, so that it can
// be returned as one; nil is an honest bill.
type Finding struct {
	Code   string // one of the Code constants
	Detail string // the same with its figures, for a person
}

// Error returns Detail.
func (f *Finding) Error() string { return f.Detail }

// OfTime reports whether the bill asks for more time than there was, which an
// activity that ran on unseen would also have used.
func (f *Finding) OfTime() bool {
	return f.Code == CodeUsageDuration || f.Code == CodeUsageCPU || f.Code == CodeAboveBound
}

func found(code, format string, args ...any) *Finding {
	return &Finding{code, fmt.Sprintf(format, args...)}
}

const (
	// ClockSlack is how much longer an activity may say it ran than our clock
	// saw: the time a stop takes to reach the provider.
	ClockSlack = 15 * time.Second
	// clockDrift is the share by which two clocks may run apart on top of that,
	// twice what a clock being slewed by NTP does.
	clockDrift = 0.001
	// FrequencyGrace is how much too early debit notes may come, over the whole
	// life of an activity. yapapi allows as much (protocol section 10).
	FrequencyGrace = 30 * time.Second
)

// Tolerance returns how far a bill may be from what its usage costs and still
// count as right: a billionth of it and 1e-15 GLM. A provider reads each price
// and each usage from a float64, which holds 15 to 17 digits, and rounds at 18
// places; were it to do so at every step, it would be a thousand times closer.
func Tolerance(cost golem.Amount) golem.Amount {
	return cost.Abs().Mul(decimal.New(1, -9)).Add(decimal.New(1, -15))
}

// A Note is what a debit note says.
type Note struct {
	Total    golem.Amount // cumulative for its activity
	Usage    []float64    // in the order of the agreement's vector; nil if it has none
	IssuedAt time.Time    // by the provider's clock; zero means no note
}

// NoteFacts is what is known of a debit note beside its text. The zero value
// leaves out the checks that need more.
type NoteFacts struct {
	Interval time.Duration // agreed distance of notes; 0 means any
	Earlier  int           // notes of the activity before this one, each once, ignored ones too
	Previous Note          // the one of them with the highest total; zero if none
	Now      time.Time     // when the note arrived; zero means when it was issued
	EndedAt  time.Time     // when the activity was over; zero while it runs
	Final    bool          // the activity is over, so that this may be the note of its end
}

// AuditNote checks a debit note against the activity's meter as it was before
// the note. It returns nil for an honest one, and for one whose total is not
// above an earlier one's because it comes late or again: that means nothing and
// charges nothing (NoteIncrement).
//
// Checked are, in this order: the form of the usage; that neither usage nor
// total fell since facts.Previous; that the total is what the usage costs, give
// or take Tolerance; that the duration is not longer than our clock saw, and the
// CPU time not more than the threads can spend in it; and that there are no more
// notes than agreed. One note more than that is let pass, because the last one
// of an activity may be read here before the activity's end is.
func AuditNote(m Meter, note Note, facts NoteFacts) *Finding {
	if facts.Now.IsZero() {
		facts.Now = note.IssuedAt
	}
	for _, check := range []func(Meter, Note, NoteFacts) *Finding{
		checkForm, checkFall, checkTotal, checkClock, checkCPU, checkFrequency,
	} {
		if f := check(m, note, facts); f != nil {
			return f
		}
	}
	return nil
}

func checkForm(m Meter, note Note, _ NoteFacts) *Finding {
	if n := len(m.Pricing.Vector); len(note.Usage) != 0 && len(note.Usage) != n {
		return found(CodeUsageLength, "reports %d usage values, and the agreement has %d counters", len(note.Usage), n)
	}
	if fault := usageFault(m.Pricing.Vector, note.Usage); fault != "" {
		return found(CodeUsageInvalid, "%s", fault)
	}
	return nil
}

// usageFault says what is wrong with usage values as such, or "".
func usageFault(vector []string, usage []float64) string {
	for i, v := range usage {
		if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
			return fmt.Sprintf("reports %v of %s", v, vector[i])
		}
	}
	return ""
}

// checkFall compares notes by the provider's own clock alone: ours may differ.
func checkFall(m Meter, note Note, facts NoteFacts) *Finding {
	before := facts.Previous
	if before.IssuedAt.IsZero() || !note.IssuedAt.After(before.IssuedAt) {
		return nil
	}
	if len(before.Usage) == len(note.Usage) {
		for i, v := range note.Usage {
			if v < before.Usage[i] {
				return found(CodeUsageFell, "reports %v of %s after %v", v, m.Pricing.Vector[i], before.Usage[i])
			}
		}
	}
	if note.Total.LessThan(before.Total.Sub(Tolerance(before.Total))) {
		return found(CodeTotalFell, "bills %s GLM after %s GLM", note.Total, before.Total)
	}
	return nil
}

func checkTotal(m Meter, note Note, facts NoteFacts) *Finding {
	if len(note.Usage) == 0 && note.Total.GreaterThan(m.Pricing.Start) {
		return checkBound(m, note, facts)
	}
	cost, err := m.Pricing.Cost(note.Usage)
	if err != nil {
		return found(CodeUsageInvalid, "reports usage without a price: %v", err)
	}
	if note.Total.Sub(cost).Abs().GreaterThan(Tolerance(cost)) {
		return found(CodeTotalMismatch, "bills %s GLM for usage that costs %s GLM at the agreed prices", note.Total, cost)
	}
	return nil
}

// checkBound is for a note without usage, which the protocol allows: it can only
// be held against the clock.
func checkBound(m Meter, note Note, facts NoteFacts) *Finding {
	if !m.Bounded() {
		return found(CodeUnbounded, "bills %s GLM and reports no usage, and the prices cannot be checked without", note.Total)
	}
	m.Usage, m.Billed = nil, golem.Amount{}
	bound := m.Bound(m.StartedAt.Add(wallTime(m, facts)))
	if note.Total.GreaterThan(bound.Add(Tolerance(bound))) {
		return found(CodeAboveBound, "bills %s GLM and reports no usage, and at most %s GLM can have come together", note.Total, bound)
	}
	return nil
}

func checkClock(m Meter, note Note, facts NoteFacts) *Finding {
	at, wall := m.index(golem.UsageDuration), wallTime(m, facts)
	if at < 0 || len(note.Usage) == 0 || note.Usage[at] <= wall.Seconds() {
		return nil
	}
	return found(CodeUsageDuration, "reports %.0f s of running, and it was asked for only %.0f s ago",
		note.Usage[at], (wall - ClockSlack).Seconds())
}

func checkCPU(m Meter, note Note, facts NoteFacts) *Finding {
	at := m.index(golem.UsageCPU)
	if at < 0 || len(note.Usage) == 0 {
		return nil
	}
	ran := wallTime(m, facts).Seconds()
	if d := m.index(golem.UsageDuration); d >= 0 {
		ran = min(ran, note.Usage[d]+ClockSlack.Seconds())
	}
	if note.Usage[at] <= m.busiest()*ran {
		return nil
	}
	return found(CodeUsageCPU, "reports %.0f s of CPU time, and %d threads ran for at most %.0f s", note.Usage[at], m.threads(), ran)
}

// wallTime is how long the activity can have run when the note was written, by
// our clock and generously. The note's own date does not count: it is the
// provider's to choose.
func wallTime(m Meter, facts NoteFacts) time.Duration {
	until := facts.Now
	if !facts.EndedAt.IsZero() && facts.EndedAt.Before(until) {
		until = facts.EndedAt
	}
	return generous(until.Sub(m.StartedAt))
}

func generous(d time.Duration) time.Duration {
	d = max(d, 0)
	return d + ClockSlack + time.Duration(clockDrift*float64(d))
}

// checkFrequency counts over the whole life, not from note to note: notes that
// were held up arrive together, and that is no offence.
func checkFrequency(m Meter, _ Note, facts NoteFacts) *Finding {
	due := time.Duration(facts.Earlier-1)*facts.Interval - FrequencyGrace
	lived := facts.Now.Sub(m.StartedAt)
	if facts.Interval <= 0 || facts.Final || lived >= due {
		return nil
	}
	return found(CodeTooFrequent, "is number %d in %.0f s, and one every %s was agreed", facts.Earlier+1, lived.Seconds(), facts.Interval)
}
