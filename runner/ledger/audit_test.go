package ledger_test

import (
	"math"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"tasks/golem"
	"tasks/runner/ledger"
)

func TestAuditNote(t *testing.T) {
	const agreed = 2 * time.Minute
	now := after(120)
	custom := pricing("0", golem.UsageDuration, "0.00005", "golem.usage.tokens", "0.5")
	billed := func(total string, usage ...float64) ledger.Note {
		return ledger.Note{Total: glm(total), Usage: usage, IssuedAt: after(119)}
	}
	fair := billed("0.0095519383499", 44.017951, 103.002864998) // the example of protocol section 4
	for _, tt := range []struct {
		name    string
		note    ledger.Note
		facts   ledger.NoteFacts
		pricing golem.Pricing // zero: stock
		want    string
	}{
		{"as agreed", fair, ledger.NoteFacts{Interval: agreed, Now: now}, golem.Pricing{}, ""},
		{"without facts", fair, ledger.NoteFacts{}, golem.Pricing{}, ""},
		{"rounded by the provider", billed("0.00955193834990001", 44.017951, 103.002864998), ledger.NoteFacts{Now: now}, golem.Pricing{}, ""},
		{"idle", billed("0.005", 0, 100), ledger.NoteFacts{Now: now}, golem.Pricing{}, ""},

		{"too much by a millionth", billed("0.0095519479018383", 44.017951, 103.002864998), ledger.NoteFacts{Now: now}, golem.Pricing{}, ledger.CodeTotalMismatch},
		{"too little", billed("0.009", 44.017951, 103.002864998), ledger.NoteFacts{Now: now}, golem.Pricing{}, ledger.CodeTotalMismatch},
		{"nothing used, something billed", billed("0.000001", 0, 0), ledger.NoteFacts{Now: now}, golem.Pricing{}, ledger.CodeTotalMismatch},
		{"CPU time beyond its own duration", billed("0.0152", 130, 44), ledger.NoteFacts{Now: now}, golem.Pricing{}, ledger.CodeUsageCPU},

		{"one counter too few", billed("0.005", 100), ledger.NoteFacts{Now: now}, golem.Pricing{}, ledger.CodeUsageLength},
		{"one counter too many", billed("0.005", 0, 100, 0), ledger.NoteFacts{Now: now}, golem.Pricing{}, ledger.CodeUsageLength},
		{"no number", billed("0.005", math.NaN(), 100), ledger.NoteFacts{Now: now}, golem.Pricing{}, ledger.CodeUsageInvalid},
		{"endless", billed("0.005", 0, math.Inf(1)), ledger.NoteFacts{Now: now}, golem.Pricing{}, ledger.CodeUsageInvalid},
		{"negative", billed("0.005", -1, 100), ledger.NoteFacts{Now: now}, golem.Pricing{}, ledger.CodeUsageInvalid},

		{"a little more time than our clock saw", billed("0.00675", 0, 135), ledger.NoteFacts{Now: now}, golem.Pricing{}, ""},
		{"more time than passed", billed("0.00685", 0, 137), ledger.NoteFacts{Now: now}, golem.Pricing{}, ledger.CodeUsageDuration},
		{"more time than passed by the note's own date", billed("0.00685", 0, 137), ledger.NoteFacts{}, golem.Pricing{}, ledger.CodeUsageDuration},
		{"time after its end", billed("0.005", 0, 100), ledger.NoteFacts{Now: now, EndedAt: after(60)}, golem.Pricing{}, ledger.CodeUsageDuration},
		{"time until its end, read late", billed("0.0035", 0, 70), ledger.NoteFacts{Now: after(9999), EndedAt: after(60)}, golem.Pricing{}, ""},
		{"both threads busy, and the runtime", billed("0.0259", 209, 100), ledger.NoteFacts{Now: now}, golem.Pricing{}, ""},
		{"three of two threads busy", billed("0.035", 300, 100), ledger.NoteFacts{Now: now}, golem.Pricing{}, ledger.CodeUsageCPU},

		{"no usage, start price", ledger.Note{Total: glm("0"), IssuedAt: after(119)}, ledger.NoteFacts{Now: now}, golem.Pricing{}, ""},
		{"no usage, possible", ledger.Note{Total: glm("0.03"), IssuedAt: after(119)}, ledger.NoteFacts{Now: now}, golem.Pricing{}, ""},
		{"no usage, impossible", ledger.Note{Total: glm("0.04"), IssuedAt: after(119)}, ledger.NoteFacts{Now: now}, golem.Pricing{}, ledger.CodeAboveBound},
		{"no usage, and a counter of its own", ledger.Note{Total: glm("0.001"), IssuedAt: after(119)}, ledger.NoteFacts{Now: now}, custom, ledger.CodeUnbounded},
		{"a counter of its own", billed("3.005", 100, 6), ledger.NoteFacts{Now: now}, custom, ""},

		{"risen", fair, ledger.NoteFacts{Now: now, Previous: ledger.Note{Total: glm("0.001"), Usage: []float64{0, 20}, IssuedAt: after(30)}}, golem.Pricing{}, ""},
		{"repeated", fair, ledger.NoteFacts{Now: now, Previous: fair}, golem.Pricing{}, ""},
		{"older than one that came before", fair, ledger.NoteFacts{Now: now, Previous: ledger.Note{Total: glm("1"), Usage: []float64{50, 110}, IssuedAt: after(120)}}, golem.Pricing{}, ""},
		{"a counter fell", fair, ledger.NoteFacts{Now: now, Previous: ledger.Note{Total: glm("0.001"), Usage: []float64{44.1, 20}, IssuedAt: after(30)}}, golem.Pricing{}, ledger.CodeUsageFell},
		{"the total fell", fair, ledger.NoteFacts{Now: now, Previous: ledger.Note{Total: glm("0.02"), IssuedAt: after(30)}}, golem.Pricing{}, ledger.CodeTotalFell},

		{"its second note, on the grid", fair, ledger.NoteFacts{Interval: agreed, Now: now, Earlier: 1}, golem.Pricing{}, ""},
		{"one more than agreed, perhaps the last", fair, ledger.NoteFacts{Interval: agreed, Now: now, Earlier: 2}, golem.Pricing{}, ""},
		{"two more than agreed", fair, ledger.NoteFacts{Interval: agreed, Now: now, Earlier: 3}, golem.Pricing{}, ledger.CodeTooFrequent},
		{"many, but over", fair, ledger.NoteFacts{Interval: agreed, Now: now, Earlier: 9, Final: true}, golem.Pricing{}, ""},
		{"many, and none were agreed", fair, ledger.NoteFacts{Now: now, Earlier: 9}, golem.Pricing{}, ""},
		{"many at once, held up", fair, ledger.NoteFacts{Interval: agreed, Now: after(1200), Earlier: 9}, golem.Pricing{}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := ledger.Meter{Pricing: tt.pricing, Threads: 2, StartedAt: noon}
			if m.Pricing.Vector == nil {
				m.Pricing = stock()
			}
			f := ledger.AuditNote(m, tt.note, tt.facts)
			if code(f) != tt.want {
				t.Errorf("AuditNote = %+v, want %q", f, tt.want)
			}
			if f != nil && (f.Detail == "" || f.Error() != f.Detail) {
				t.Errorf("a finding that says %q and %q", f.Detail, f.Error())
			}
		})
	}
}

func TestFindingsAreForPeople(t *testing.T) {
	m := ledger.Meter{Pricing: stock(), Threads: 2, StartedAt: noon}
	note := ledger.Note{Total: glm("0.02"), Usage: []float64{44.017951, 103.002864998}, IssuedAt: after(119)}
	want := "bills 0.02 GLM for usage that costs 0.0095519383499 GLM at the agreed prices"
	if f := ledger.AuditNote(m, note, ledger.NoteFacts{Now: after(120)}); f == nil || f.Detail != want {
		t.Errorf("finding = %v, want %q", f, want)
	}
	note.Total = glm("0.0095519383499")
	want = "is number 9 in 120 s, and one every 2m0s was agreed"
	if f := ledger.AuditNote(m, note, ledger.NoteFacts{Now: after(120), Interval: 2 * time.Minute, Earlier: 8}); f == nil || f.Detail != want {
		t.Errorf("finding = %v, want %q", f, want)
	}
}

// An honest provider is never accused, whenever its notes arrive; one that bills
// a thousandth more always is.
func TestHonestNotesPass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		interval := seconds(t, 1, 600)
		threads := rapid.IntRange(1, 8).Draw(t, "threads")
		offset := rapid.Float64Range(0, interval.Seconds()).Draw(t, "start on the grid")
		began := rapid.Float64Range(0, 5).Draw(t, "exe-unit began")
		load := rapid.Float64Range(0, float64(threads)*1.04).Draw(t, "load")
		m := ledger.Meter{Pricing: stock(), Threads: threads, StartedAt: noon}
		facts := ledger.NoteFacts{Interval: interval}
		arrived := 0.0
		for i := range rapid.IntRange(1, 12).Draw(t, "notes") {
			issued := offset + float64(i)*interval.Seconds()
			ran := max(0, issued-began-rapid.Float64Range(0, 5).Draw(t, "lag"))
			if facts.Previous.Usage != nil {
				ran = max(ran, facts.Previous.Usage[1])
			}
			arrived = max(arrived, issued+rapid.Float64Range(0, 300).Draw(t, "delay"))
			note := ledger.Note{Usage: []float64{ran * load, ran}, IssuedAt: after(issued)}
			note.Total = cost(t, m.Pricing, note.Usage...)
			facts.Now = after(arrived)
			if f := ledger.AuditNote(m, note, facts); f != nil {
				t.Fatalf("note %d: %s: %s", i+1, f.Code, f)
			}
			over := note
			over.Total = over.Total.Mul(glm("1.001"))
			// Of next to nothing, a thousandth is within the tolerance.
			wrong := over.Total.Sub(note.Total).GreaterThan(ledger.Tolerance(note.Total))
			if f := ledger.AuditNote(m, over, facts); wrong && f == nil {
				t.Fatalf("note %d of %s passes at %s", i+1, note.Total, over.Total)
			}
			facts.Earlier, facts.Previous, m.Billed = i+1, note, note.Total
		}
	})
}

// What passes an audit is within the bound that the budget reserved.
func TestWhatPassesIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := ledger.Meter{Pricing: stock(), Threads: rapid.IntRange(1, 8).Draw(t, "threads"), StartedAt: noon}
		now := rapid.Float64Range(0, 5000).Draw(t, "now")
		note := ledger.Note{IssuedAt: after(now), Usage: []float64{
			rapid.Float64Range(0, 20000).Draw(t, "cpu"), rapid.Float64Range(0, 6000).Draw(t, "duration"),
		}}
		note.Total = cost(t, m.Pricing, note.Usage...)
		if f := ledger.AuditNote(m, note, ledger.NoteFacts{Now: after(now)}); f != nil {
			t.Skip(f)
		}
		if bound := m.Bound(after(now*1.001 + ledger.ClockSlack.Seconds() + 0.001)); note.Total.GreaterThan(bound) {
			t.Errorf("a note of %s passes, and the bound was %s", note.Total, bound)
		}
	})
}

func TestTolerance(t *testing.T) {
	equal(t, "of nothing", ledger.Tolerance(glm("0")), glm("0.000000000000001"))
	equal(t, "of 2 GLM", ledger.Tolerance(glm("2")), glm("0.000000002000001"))
	equal(t, "of less than nothing", ledger.Tolerance(glm("-2")), glm("0.000000002000001"))

	// The reason for it: the formula in float64 arithmetic, as a provider may do it.
	rapid.Check(t, func(t *rapid.T) {
		prices, usage := rapid.Float64Range(0, 1), rapid.Float64Range(0, 1e7)
		start, cpu, duration := prices.Draw(t, "start"), prices.Draw(t, "cpu"), prices.Draw(t, "duration")
		used, ran := usage.Draw(t, "used"), usage.Draw(t, "ran")
		p := golem.Pricing{Start: decimal.NewFromFloat(start), Vector: []string{golem.UsageCPU, golem.UsageDuration}, Coeffs: map[string]golem.Amount{
			golem.UsageCPU: decimal.NewFromFloat(cpu), golem.UsageDuration: decimal.NewFromFloat(duration),
		}}
		exact, theirs := cost(t, p, used, ran), decimal.NewFromFloat(start+cpu*used+duration*ran)
		if theirs.Sub(exact).Abs().GreaterThan(ledger.Tolerance(exact)) {
			t.Errorf("%s and %s", theirs, exact)
		}
	})
}
