package devnet

import (
	"cmp"
	"math/rand/v2"
	"time"
)

// A Span is a delay drawn evenly between Min and Max. The zero Span means the
// default; Span{1, 1} is as good as none.
type Span struct{ Min, Max time.Duration }

// draw picks a delay.
func (p Span) draw(random *rand.Rand) time.Duration {
	if p.Max <= p.Min {
		return p.Min
	}
	return p.Min + time.Duration(random.Int64N(int64(p.Max-p.Min)+1))
}

// Timings are the delays and limits of daemon and providers. A zero field
// means its default, which is brisk enough for a whole run in seconds; limits
// that a requestor can run into are the protocol's own. RealTimings has the
// delays of a real network, NoDelays has none.
type Timings struct {
	Match   Span // from a demand to each of its matches; 5 to 80 ms
	Answer  Span // a provider's answer to a counter proposal; 50 to 150 ms
	Approve Span // a provider's answer to an agreement; 60 to 120 ms
	Commit  Span // the second phase of an approval, "Approving"; 1 to 5 ms
	Create  Span // until a provider notices a new activity, before its StartUp; 20 to 100 ms
	Deploy  Span // the deploy command; 100 to 500 ms
	Start   Span // the start command; 20 to 60 ms
	Invoice Span // from the end of the agreement to its invoice; 50 to 150 ms

	UsageReport time.Duration // how old a usage report may be; 1 s
	NoActivity  time.Duration // an agreement without activity ends; 90 s
	DemandTTL   time.Duration // a demand is forgotten; 1 h
	DebitNote   time.Duration // distance of debit notes when none was negotiated; 120 s
	PayoutCycle time.Duration // accepted amounts are paid; 5 min
	MinWork     time.Duration // the nearest expiration a provider takes; 5 min
	MaxWork     time.Duration // the farthest, without an accept-timeout; 30 min
	Restart     time.Duration // how long a daemon that restarts is away; 1 s
}

// RealTimings returns what a requestor meets on the real network (protocol
// sections 3 to 6): matches after up to tens of seconds, a provider that looks
// for new activities every four seconds, images to fetch.
func RealTimings() Timings {
	return Timings{
		Match:   Span{100 * time.Millisecond, 20 * time.Second},
		Answer:  Span{300 * time.Millisecond, 3 * time.Second},
		Approve: Span{500 * time.Millisecond, 10 * time.Second},
		Commit:  Span{50 * time.Millisecond, 300 * time.Millisecond},
		Create:  Span{200 * time.Millisecond, 4 * time.Second},
		Deploy:  Span{2 * time.Second, 30 * time.Second},
		Start:   Span{time.Second, 3 * time.Second},
		Invoice: Span{time.Second, 10 * time.Second},
		Restart: 5 * time.Second,
	}
}

// NoDelays returns what a benchmark wants: nobody takes time that is not needed.
// Limits are the defaults. A provider's StartUp is its own.
func NoDelays() Timings {
	none := Span{1, 1}
	return Timings{
		Match: none, Answer: none, Approve: none, Commit: none,
		Create: none, Deploy: none, Start: none, Invoice: none, Restart: 1,
	}
}

func (t Timings) withDefaults() Timings {
	const ms = time.Millisecond
	orSpan := func(p *Span, low, high time.Duration) { *p = cmp.Or(*p, Span{low, high}) }
	orSpan(&t.Match, 5*ms, 80*ms)
	orSpan(&t.Answer, 50*ms, 150*ms)
	orSpan(&t.Approve, 60*ms, 120*ms)
	orSpan(&t.Commit, 1*ms, 5*ms)
	orSpan(&t.Create, 20*ms, 100*ms)
	orSpan(&t.Deploy, 100*ms, 500*ms)
	orSpan(&t.Start, 20*ms, 60*ms)
	orSpan(&t.Invoice, 50*ms, 150*ms)
	t.UsageReport = cmp.Or(t.UsageReport, time.Second)
	t.NoActivity = cmp.Or(t.NoActivity, 90*time.Second)
	t.DemandTTL = cmp.Or(t.DemandTTL, time.Hour)
	t.DebitNote = cmp.Or(t.DebitNote, 2*time.Minute)
	t.PayoutCycle = cmp.Or(t.PayoutCycle, 5*time.Minute)
	t.MinWork = cmp.Or(t.MinWork, 5*time.Minute)
	t.MaxWork = cmp.Or(t.MaxWork, 30*time.Minute)
	t.Restart = cmp.Or(t.Restart, time.Second)
	return t
}
