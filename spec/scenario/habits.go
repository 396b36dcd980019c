package scenario

import (
	"math"
	"time"

	"tasks/golem/devnet"
	"tasks/spec"
)

// A habit is one way to misbehave.
type habit func(*devnet.Provider)

// habitFields are the ways to misbehave. Times are those since an event, not
// since the start.
func (d *decoder) habitFields(into *[]habit) []spec.Field {
	reason := func(key string, of func(*devnet.Provider) *string) spec.Field {
		return spec.Field{Key: key, Read: func(v spec.Value) {
			if s, ok := d.Text(v, "the reason that it gives", ""); ok {
				*into = append(*into, func(p *devnet.Provider) { *of(p) = s })
			}
		}}
	}
	flag := func(key string, of func(*devnet.Provider) *bool) spec.Field {
		return spec.Field{Key: key, Read: func(v spec.Value) {
			b := d.truth(v)
			*into = append(*into, func(p *devnet.Provider) { *of(p) = b })
		}}
	}
	span := func(key string, of func(*devnet.Provider) *time.Duration) spec.Field {
		return spec.Field{Key: key, Read: func(v spec.Value) {
			if t := d.Duration(v, time.Millisecond, 100*aDay); t > 0 {
				*into = append(*into, func(p *devnet.Provider) { *of(p) = t })
			}
		}}
	}
	number := func(key string, read reader, set func(*devnet.Provider, float64)) spec.Field {
		return spec.Field{Key: key, Read: func(v spec.Value) {
			if f, ok := read(v); ok {
				*into = append(*into, func(p *devnet.Provider) { set(p, f) })
			}
		}}
	}
	return []spec.Field{
		reason("refuses_proposals", func(p *devnet.Provider) *string { return &p.RefuseProposals }),
		flag("never_answers", func(p *devnet.Provider) *bool { return &p.Silent }),
		span("answers_late", func(p *devnet.Provider) *time.Duration { return &p.AnswersLate }),
		reason("rejects_agreements", func(p *devnet.Provider) *string { return &p.RefuseAgreements }),
		flag("never_approves", func(p *devnet.Provider) *bool { return &p.Undecided }),
		reason("start_fails", func(p *devnet.Provider) *string { return &p.StartFails }),
		flag("start_hangs", func(p *devnet.Provider) *bool { return &p.StartHangs }),
		span("dies_after", func(p *devnet.Provider) *time.Duration { return &p.DiesAfter }),
		span("hangs_after", func(p *devnet.Provider) *time.Duration { return &p.HangsAfter }),
		span("leaves_after", func(p *devnet.Provider) *time.Duration { return &p.LeavesAfter }),
		{Key: "vanishes", Read: func(v spec.Value) {
			if d.truth(v) {
				*into = append(*into, func(p *devnet.Provider) { p.OfflineAfter = -1 })
			}
		}},
		number("overcharges", d.numbers(0.001, 1000), func(p *devnet.Provider, f float64) { p.Overcharge = f }),
		span("notes_every", func(p *devnet.Provider) *time.Duration { return &p.NoteEvery }),
		span("notes_late", func(p *devnet.Provider) *time.Duration { return &p.NotesLate }),
		number("repeats_notes", d.wholes(1, 100), func(p *devnet.Provider, f float64) { p.RepeatsNotes = int(f) }),
		flag("reorders_notes", func(p *devnet.Provider) *bool { return &p.ReordersNotes }),
		number("lowers_totals", d.portion, func(p *devnet.Provider, f float64) { p.LowersTotals = f }),
		flag("loses_invoice", func(p *devnet.Provider) *bool { return &p.LosesInvoice }),
		span("invoice_late", func(p *devnet.Provider) *time.Duration { return &p.InvoiceLate }),
		span("invoice_early", func(p *devnet.Provider) *time.Duration { return &p.InvoiceEarly }),
		span("cancels_invoice", func(p *devnet.Provider) *time.Duration { return &p.CancelsInvoice }),
		number("slower", d.numbers(1, 1000), func(p *devnet.Provider, f float64) { p.Slower = f }),
		span("slower_after", func(p *devnet.Provider) *time.Duration { return &p.SlowerAfter }),
		number("truncates_output", d.sizes, func(p *devnet.Provider, f float64) {
			p.TruncatesOutput = max(1, int(math.Round(f*(1<<30))))
		}),
		flag("corrupts_output", func(p *devnet.Provider) *bool { return &p.CorruptsOutput }),
	}
}

// A rule gives some providers habits for some time.
type rule struct {
	providers []name  // empty: by share
	share     float64 // 0: all
	times     window
	habits    []habit
}

// A name of a provider, and where it stands.
type name struct {
	text string
	at   spec.Value
}

// A window is a time since the devnet's start; until is 0 for ever.
type window struct{ from, until time.Duration }

func (w window) open(at time.Duration) bool {
	return at >= w.from && (w.until == 0 || at < w.until)
}

func (d *decoder) windowFields(into *window) []spec.Field {
	return []spec.Field{
		{Key: "from", Read: func(v spec.Value) { into.from = d.Duration(v, 0, 100*aDay) }},
		{Key: "until", Read: func(v spec.Value) { into.until = d.Duration(v, time.Millisecond, 100*aDay) }},
	}
}

// checkWindow reports a window that is never open.
func (d *decoder) checkWindow(v spec.Value, w window) {
	if w.until > 0 && w.until <= w.from {
		d.Report(v, "until is not after from", "both are times since the devnet's start")
	}
}

func (d *decoder) rule(v spec.Value) {
	var r rule
	fields := append(d.windowFields(&r.times),
		spec.Field{Key: "provider", Read: func(v spec.Value) {
			if !v.IsList() {
				d.name(v, &r)
				return
			}
			d.List(v, "the name of a provider, or several", "", func(v spec.Value) { d.name(v, &r) })
		}},
		spec.Field{Key: "share", Read: func(v spec.Value) { r.share, _ = d.portion(v) }},
	)
	has := d.Fields(v, append(fields, d.habitFields(&r.habits)...)...)
	if !v.IsMapping() {
		return
	}
	if has["provider"] && has["share"] {
		d.Report(v, "provider and share exclude each other", "make two entries of it")
	}
	d.checkWindow(v, r.times)
	if nothing(has, "provider", "share", "from", "until") {
		d.Report(v, "nothing goes wrong here", "say what its providers do, such as never_answers: true")
	}
	d.rules = append(d.rules, r)
}

// nothing reports whether a mapping has no keys but some.
func nothing(has map[string]bool, but ...string) bool {
	n := 0
	for _, key := range but {
		if has[key] {
			n++
		}
	}
	return len(has) == n
}

func (d *decoder) name(v spec.Value, r *rule) {
	if s, ok := d.Text(v, "the name of a provider", ""); ok {
		r.providers = append(r.providers, name{s, v})
	}
}
