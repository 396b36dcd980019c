package ledger_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"tasks/golem"
	"tasks/runner/ledger"
)

func TestNextNote(t *testing.T) {
	for _, tt := range []struct {
		name     string
		agreedAt time.Time
		interval time.Duration
		now      time.Time
		want     time.Time
	}{
		{"at the agreement", noon, 2 * time.Minute, noon, noon.Add(2 * time.Minute)},
		{"before the first", noon, 2 * time.Minute, noon.Add(119 * time.Second), noon.Add(2 * time.Minute)},
		{"on the grid", noon, 2 * time.Minute, noon.Add(2 * time.Minute), noon.Add(4 * time.Minute)},
		{"long after", noon, 2 * time.Minute, noon.Add(1000*time.Hour + time.Second), noon.Add(1000*time.Hour + 2*time.Minute)},
		{"before the agreement, by our clock", noon, time.Minute, noon.Add(-time.Hour), noon.Add(time.Minute)},
		{"agreement not dated yet", time.Time{}, time.Minute, noon, noon.Add(time.Minute)},
		{"no interval", noon, 0, noon.Add(time.Hour), noon.Add(time.Hour)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := ledger.NextNote(tt.agreedAt, tt.interval, tt.now); !got.Equal(tt.want) {
				t.Errorf("NextNote = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestNextNoteIsTheNextOfTheGrid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		interval := seconds(t, 1, 86400)
		now := noon.Add(time.Duration(rapid.Int64Range(0, 1e17).Draw(t, "now")))
		next := ledger.NextNote(noon, interval, now)
		if ahead := next.Sub(now); ahead <= 0 || ahead > interval || next.Sub(noon)%interval != 0 {
			t.Errorf("NextNote is %v ahead, %v after the agreement, with one every %v", ahead, next.Sub(noon), interval)
		}
	})
}

func TestIncrements(t *testing.T) {
	for _, tt := range []struct{ total, accepted, want string }{
		{"3", "1", "2"},
		{"3", "3", "0"},
		{"2.999999999999999999", "3", "0"},
		{"0", "0", "0"},
		{"0.000000000000000001", "0", "0.000000000000000001"},
	} {
		equal(t, "NoteIncrement", ledger.NoteIncrement(glm(tt.total), glm(tt.accepted)), glm(tt.want))
		equal(t, "InvoiceIncrement", ledger.InvoiceIncrement(glm(tt.total), glm(tt.accepted)), glm(tt.want))
	}
}

// Whichever notes are accepted, in whatever order and however often, with the
// invoice exactly its amount is charged.
func TestNothingIsChargedTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type note struct {
			activity int
			total    golem.Amount
		}
		var notes []note
		var invoice, charged golem.Amount
		activities := rapid.IntRange(0, 3).Draw(t, "activities")
		for a := range activities {
			var total golem.Amount
			for range rapid.IntRange(0, 5).Draw(t, "notes") {
				total = total.Add(amounts(1000).Draw(t, "rise"))
				notes = append(notes, note{a, total})
			}
			invoice = invoice.Add(total).Add(amounts(1000).Draw(t, "after the last note"))
		}
		accepted := make([]golem.Amount, activities)
		if len(notes) > 0 {
			for _, i := range rapid.SliceOf(rapid.IntRange(0, len(notes)-1)).Draw(t, "accepted in this order") {
				n := notes[i]
				inc := ledger.NoteIncrement(n.total, accepted[n.activity])
				accepted[n.activity] = accepted[n.activity].Add(inc)
				charged = charged.Add(inc)
			}
		}
		charged = charged.Add(ledger.InvoiceIncrement(invoice, charged))
		if !charged.Equal(invoice) {
			t.Errorf("charged %s for an invoice of %s", charged, invoice)
		}
	})
}
