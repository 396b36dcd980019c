package ledger_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"tasks/golem"
	"tasks/runner/ledger"
)

func TestWindowString(t *testing.T) {
	for _, tt := range []struct {
		span  time.Duration
		limit string
		want  string
	}{
		{time.Hour, "10", "10/h"},
		{24 * time.Hour, "0.5", "0.5/24h"},
		{90 * time.Minute, "1", "1/90m"},
		{time.Minute, "1", "1/m"},
		{45 * time.Second, "0.001", "0.001/45s"},
		{time.Second, "1", "1/s"},
		{1500 * time.Millisecond, "1", "1/1.5s"},
		{0, "50", "50 in all"},
	} {
		if got := (ledger.Window{Span: tt.span, Limit: glm(tt.limit)}).String(); got != tt.want {
			t.Errorf("%s over %v is %q, want %q", tt.limit, tt.span, got, tt.want)
		}
	}
}

func TestSpentRolls(t *testing.T) {
	var b ledger.Book
	b.Add(ledger.Spend{At: noon, Amount: glm("1")})
	b.Add(ledger.Spend{At: noon.Add(30 * time.Minute), Amount: glm("2")})
	for _, tt := range []struct {
		name string
		now  time.Time
		span time.Duration
		want string
	}{
		{"both", noon.Add(40 * time.Minute), time.Hour, "3"},
		{"a moment before the first is too old", noon.Add(time.Hour - 1), time.Hour, "3"},
		{"the first is exactly an hour old", noon.Add(time.Hour), time.Hour, "2"},
		{"both are old", noon.Add(90 * time.Minute), time.Hour, "0"},
		{"the whole run", noon.Add(1000 * time.Hour), 0, "3"},
		{"a clock that was set back", noon.Add(-time.Hour), time.Hour, "3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			equal(t, "Spent", b.Spent(tt.now, tt.span), glm(tt.want))
		})
	}
}

func TestEmptyBook(t *testing.T) {
	var b ledger.Book
	equal(t, "Total", b.Total(), glm("0"))
	equal(t, "Spent", b.Spent(noon, time.Hour), glm("0"))
	b.Prune(noon)
	equal(t, "Room", b.Room(noon, []ledger.Window{{Limit: glm("5")}}, glm("2")), glm("3"))
}

func TestNewBookCountsWhatIsOld(t *testing.T) {
	recent := []ledger.Spend{{At: noon, Amount: glm("2")}, {At: noon.Add(-time.Minute), Amount: glm("1")}}
	b := ledger.NewBook(glm("10"), recent)
	equal(t, "Total", b.Total(), glm("10"))
	equal(t, "Spent in a minute", b.Spent(noon, time.Minute), glm("2"))
	equal(t, "Spent in an hour", b.Spent(noon, time.Hour), glm("3"))
	if recent[0].At != noon {
		t.Error("NewBook sorted its caller's spends")
	}
}

// A model is a book that keeps spends and adds them up on every question.
type model []ledger.Spend

func (m model) spent(now time.Time, span time.Duration) (sum golem.Amount) {
	for _, s := range m {
		if span <= 0 || s.At.After(now.Add(-span)) {
			sum = sum.Add(s.Amount)
		}
	}
	return sum
}

var spans = []time.Duration{0, time.Second, 10 * time.Second, time.Minute, time.Hour}

func TestBookAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := noon
		var m model
		for range rapid.IntRange(0, 10).Draw(t, "spent before") {
			now = now.Add(seconds(t, 0, 20))
			m = append(m, ledger.Spend{At: now, Amount: amounts(5000).Draw(t, "amount")})
		}
		old := amounts(5000).Draw(t, "old")
		b, pruned := ledger.NewBook(m.spent(now, 0).Add(old), m), time.Time{}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				now = now.Add(seconds(t, 0, 30))
				at := now.Add(-seconds(t, 0, 3))
				if !at.After(pruned) {
					at = now
				}
				m = append(m, ledger.Spend{At: at, Amount: amounts(5000).Draw(t, "amount")})
				b.Add(m[len(m)-1])
			},
			"prune": func(t *rapid.T) {
				before := now.Add(-seconds(t, 1, 120))
				b.Prune(before)
				if before.After(pruned) {
					pruned = before
				}
			},
			"": func(t *rapid.T) {
				at := now.Add(seconds(t, 0, 60))
				for _, span := range spans {
					if span > 0 && at.Add(-span).Before(pruned) {
						continue
					}
					want := m.spent(at, span)
					if span == 0 {
						want = want.Add(old)
					}
					if got := b.Spent(at, span); !got.Equal(want) {
						t.Fatalf("Spent in %v = %s, want %s", span, got, want)
					}
				}
			},
		})
	})
}

func seconds(t *rapid.T, least, most int) time.Duration {
	return time.Duration(rapid.IntRange(least, most).Draw(t, "seconds")) * time.Second
}

func TestRoomAndBlocking(t *testing.T) {
	b := ledger.NewBook(glm("40"), []ledger.Spend{
		{At: noon.Add(-2 * time.Hour), Amount: glm("6")},
		{At: noon.Add(-time.Minute), Amount: glm("3")},
	})
	hour, day, all := ledger.Window{Span: time.Hour, Limit: glm("10")}, ledger.Window{Span: 24 * time.Hour, Limit: glm("12")}, ledger.Window{Limit: glm("50")}
	for _, tt := range []struct {
		name           string
		windows        []ledger.Window
		reserved, need string
		room           string
		blocking       string // "" is none
	}{
		{"an hour", []ledger.Window{hour}, "0", "7", "7", ""},
		{"a little over", []ledger.Window{hour}, "0", "7.000000000000000001", "7", "10/h"},
		{"what is reserved is no room", []ledger.Window{hour}, "2", "5.5", "5", "10/h"},
		{"the tightest of several", []ledger.Window{hour, day, all}, "0", "8", "3", "12/24h"},
		{"the first of equals", []ledger.Window{{Span: time.Hour, Limit: glm("3")}, {Limit: glm("40")}}, "0", "1", "0", "3/h"},
		{"overdrawn", []ledger.Window{all, {Span: time.Hour, Limit: glm("1")}}, "1", "0.1", "-3", "1/h"},
		{"overdrawn, and nothing is needed", []ledger.Window{{Limit: glm("1")}}, "1", "0", "-40", ""},
		{"no windows", nil, "0", "1", "0", "0 in all"},
		{"no windows, and nothing is needed", nil, "0", "0", "0", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			equal(t, "Room", b.Room(noon, tt.windows, glm(tt.reserved)), glm(tt.room))
			w, ok := b.Blocking(noon, tt.windows, glm(tt.reserved), glm(tt.need))
			if got := w.String(); ok && got != tt.blocking || !ok && tt.blocking != "" {
				t.Errorf("Blocking = %s, %v, want %q", got, ok, tt.blocking)
			}
		})
	}
}

func TestNextRoom(t *testing.T) {
	b := ledger.NewBook(glm("9"), []ledger.Spend{
		{At: noon.Add(-50 * time.Minute), Amount: glm("4")},
		{At: noon.Add(-20 * time.Minute), Amount: glm("5")},
	})
	hour, day, all := ledger.Window{Span: time.Hour, Limit: glm("10")}, ledger.Window{Span: 24 * time.Hour, Limit: glm("11")}, ledger.Window{Limit: glm("12")}
	for _, tt := range []struct {
		name           string
		windows        []ledger.Window
		reserved, need string
		after          time.Duration // -1 is never
	}{
		{"there is room", []ledger.Window{hour}, "0", "1", 0},
		{"when the first is over", []ledger.Window{hour}, "0", "1.5", 10 * time.Minute},
		{"just when the first is over", []ledger.Window{hour}, "1", "4", 10 * time.Minute},
		{"when both are over", []ledger.Window{hour}, "1", "4.1", 40 * time.Minute},
		{"the latest of several", []ledger.Window{hour, day}, "0", "3", 23*time.Hour + 10*time.Minute},
		{"more than the limit", []ledger.Window{hour}, "1", "9.5", -1},
		{"the whole run", []ledger.Window{all}, "0", "3", 0},
		{"the whole run is used up", []ledger.Window{hour, all}, "0", "3.5", -1},
		{"no windows", nil, "0", "1", -1},
		{"nothing is needed", nil, "0", "0", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at, ok := b.NextRoom(noon, tt.windows, glm(tt.reserved), glm(tt.need))
			if want := noon.Add(tt.after); ok != (tt.after >= 0) || ok && !at.Equal(want) {
				t.Errorf("NextRoom = %v, %v, want %v", at, ok, want)
			}
		})
	}
}

// NextRoom is the first moment at which Room has it.
func TestNextRoomIsTheFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, now := &ledger.Book{}, noon
		for range rapid.IntRange(0, 12).Draw(t, "spends") {
			now = now.Add(seconds(t, 0, 20))
			b.Add(ledger.Spend{At: now, Amount: amounts(3000).Draw(t, "amount")})
		}
		var windows []ledger.Window
		for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(spans)-1), 1, 3, rapid.ID).Draw(t, "spans") {
			windows = append(windows, ledger.Window{Span: spans[i], Limit: amounts(20000).Draw(t, "limit")})
		}
		reserved, need := amounts(5000).Draw(t, "reserved"), amounts(5000).Draw(t, "need")
		has := func(at time.Time) bool {
			_, blocked := b.Blocking(at, windows, reserved, need)
			return !blocked
		}
		at, ok := b.NextRoom(now, windows, reserved, need)
		switch {
		case !ok && has(now.Add(1000*time.Hour)):
			t.Fatal("NextRoom is never, and there is room in the end")
		case ok && !has(at):
			t.Fatalf("there is no room after %v", at.Sub(now))
		case ok && at.After(now) && has(at.Add(-1)):
			t.Fatalf("there is room before %v", at.Sub(now))
		case ok && at.Before(now):
			t.Fatal("NextRoom is past")
		}
	})
}

func BenchmarkRoom(b *testing.B) {
	recent := make([]ledger.Spend, 100_000)
	for i := range recent {
		recent[i] = ledger.Spend{At: noon.Add(time.Duration(i) * time.Second), Amount: glm("0.001")}
	}
	book, now := ledger.NewBook(glm("100"), recent), recent[len(recent)-1].At
	windows := []ledger.Window{{Span: time.Hour, Limit: glm("10")}, {Span: 24 * time.Hour, Limit: glm("100")}, {Limit: glm("1000")}}
	reserved := glm("0.5")
	b.ReportAllocs()
	for b.Loop() {
		book.Room(now, windows, reserved)
	}
}

func BenchmarkAdd(b *testing.B) {
	var book ledger.Book
	amount, at := glm("0.001"), noon
	b.ReportAllocs()
	for b.Loop() {
		at = at.Add(time.Second)
		book.Add(ledger.Spend{At: at, Amount: amount})
	}
}
