package ledger

import (
	"slices"
	"time"

	"tasks/golem"
)

// A Spend is money that left the budget: by how much accepting a bill raised
// what was accepted, and when.
type Spend struct {
	At     time.Time
	Amount golem.Amount // GLM, never negative
}

// A Book holds what a run has spent. The zero Book is empty and ready to use.
//
// Add and Prune change it; all else only reads, at the cost of a binary search
// for each window however many spends there are, because every entry carries the
// running total. A Book is not safe for use while it is changed.
type Book struct {
	base    golem.Amount // what was spent before the first entry
	entries []entry      // by time, the oldest first
}

// An entry is a spend with the total of the run after it.
type entry struct {
	at    time.Time
	total golem.Amount
}

// NewBook returns the book of a run that has spent total so far. The spends in
// recent, in any order, are the part of it that windows still look back on, and
// are included in total.
func NewBook(total golem.Amount, recent []Spend) *Book {
	b := &Book{base: total}
	b.entries = make([]entry, 0, len(recent))
	for _, s := range recent {
		b.base = b.base.Sub(s.Amount)
	}
	recent = slices.Clone(recent)
	slices.SortStableFunc(recent, func(x, y Spend) int { return x.At.Compare(y.At) })
	for _, s := range recent {
		b.Add(s)
	}
	return b
}

// Add enters a spend. Spends come in the order of time but for a few that are a
// little late; the later one is, the more it costs to enter.
func (b *Book) Add(s Spend) {
	i := len(b.entries)
	for i > 0 && b.entries[i-1].at.After(s.At) {
		i--
		b.entries[i].total = b.entries[i].total.Add(s.Amount)
	}
	b.entries = slices.Insert(b.entries, i, entry{s.At, b.before(i).Add(s.Amount)})
}

// before is what was spent before entry i.
func (b *Book) before(i int) golem.Amount {
	if i == 0 {
		return b.base
	}
	return b.entries[i-1].total
}

// Total returns what the run has spent in all.
func (b *Book) Total() golem.Amount { return b.before(len(b.entries)) }

// Spent returns what was spent in the span that ends at now, not counting a
// spend that is exactly a span old. Span 0 means the whole run.
//
// What is dated later than now counts too, so that a clock that was set back
// makes no room.
func (b *Book) Spent(now time.Time, span time.Duration) golem.Amount {
	if span <= 0 {
		return b.Total()
	}
	return b.Total().Sub(b.before(b.since(now.Add(-span))))
}

// since is the index of the first entry later than t.
func (b *Book) since(t time.Time) int {
	i, _ := slices.BinarySearchFunc(b.entries, t, func(e entry, t time.Time) int {
		if e.at.After(t) {
			return 1
		}
		return -1
	})
	return i
}

// Prune forgets when the spends up to before happened, but not that they did:
// Total stays, and so does every window that begins at before or later. A window
// that reaches further back then misses what it should count. Without a Prune
// now and then an endless run grows by an entry for every bill.
func (b *Book) Prune(before time.Time) {
	n := b.since(before)
	b.base = b.before(n)
	b.entries = slices.Clone(b.entries[n:])
}
