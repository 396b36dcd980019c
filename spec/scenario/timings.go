package scenario

import (
	"time"

	"tasks/golem/devnet"
	"tasks/spec"
)

// timings reads how long the daemon and its providers take: a word for all, or a
// mapping with what is different.
func (d *decoder) timings(v spec.Value) {
	t := &d.scenario.Timings
	if !v.IsMapping() && !v.IsList() {
		*t = d.base(v)
		return
	}
	var set []func()
	delay := func(key string, of *devnet.Span) spec.Field {
		return spec.Field{Key: key, Read: func(v spec.Value) {
			s := d.span(v)
			// The zero Span would be the devnet's own.
			s = devnet.Span{Min: max(1, s.Min), Max: max(1, s.Max)}
			set = append(set, func() { *of = s })
		}}
	}
	limit := func(key string, of *time.Duration) spec.Field {
		return spec.Field{Key: key, Read: func(v spec.Value) {
			l := d.Duration(v, time.Millisecond, 100*aDay)
			set = append(set, func() { *of = l })
		}}
	}
	d.Fields(v,
		spec.Field{Key: "base", Read: func(v spec.Value) { *t = d.base(v) }},
		delay("match", &t.Match),
		delay("answer", &t.Answer),
		delay("approve", &t.Approve),
		delay("commit", &t.Commit),
		delay("create", &t.Create),
		delay("deploy", &t.Deploy),
		delay("start", &t.Start),
		delay("invoice", &t.Invoice),
		limit("usage_report", &t.UsageReport),
		limit("no_activity", &t.NoActivity),
		limit("demand_ttl", &t.DemandTTL),
		limit("debit_note", &t.DebitNote),
		limit("payout_cycle", &t.PayoutCycle),
		limit("min_work", &t.MinWork),
		limit("max_work", &t.MaxWork),
		limit("restart", &t.Restart),
	)
	for _, s := range set { // after base, wherever it stands
		s()
	}
}

// base reads the word for a set of timings.
func (d *decoder) base(v spec.Value) devnet.Timings {
	const wants = "none, brisk, real, or a mapping of what takes how long"
	s, ok := d.Text(v, wants, "")
	switch {
	case s == "none":
		return devnet.NoDelays()
	case s == "real":
		return devnet.RealTimings()
	case ok && s != "brisk":
		d.Wrong(v, wants, "")
	}
	return devnet.Timings{}
}
