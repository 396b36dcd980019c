package policies

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Failure is an expression that gave no answer, or one that cannot be: the
// caller got the safe answer instead. It is an error, and holds what a person
// needs to see why.
type Failure struct {
	Policy string         // such as "offer.score" or "tasks.attack.run"
	Expr   string         // the text of the expression
	Values map[string]any // the names in the expression and what they were, in short; fit for JSON
	Err    error          // what was wrong
}

// Error is one line: policy, expression, fact and values.
func (f *Failure) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: %v", f.Policy, short(oneLine(f.Expr), 80), f.Err)
	for i, name := range f.names() {
		lead := ", "
		if i == 0 {
			lead = " where "
		}
		fmt.Fprintf(&b, "%s%s = %s", lead, name, show(f.Values[name]))
	}
	return b.String()
}

// Unwrap returns Err.
func (f *Failure) Unwrap() error { return f.Err }

// maxShown is how many values a message shows; Values holds the rest.
const maxShown = 6

func (f *Failure) names() []string {
	names := make([]string, 0, len(f.Values))
	for name := range f.Values {
		names = append(names, name)
	}
	slices.Sort(names)
	return names[:min(len(names), maxShown)]
}

// maxValue is how many characters of a value a Failure keeps.
const maxValue = 200

// written is a value that is neither text nor a plain number, as it reads.
type written string

// brief is a value as Values holds it; ok is false for one that tells nothing.
func brief(v any) (out any, ok bool) {
	switch v := v.(type) {
	case nil, bool, int, int64:
		return v, true
	case string:
		return short(v, maxValue), true
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return written(float(v)), true
		}
		return v, true
	}
	s, err := text(v)
	return written(short(s, maxValue)), err == nil
}

// show is a value of Values as a message has it.
func show(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%q", short(v, 60))
	case written:
		return short(oneLine(string(v)), 60)
	case float64:
		return float(v)
	case nil:
		return "nil"
	}
	return fmt.Sprint(v)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// short cuts s to at most n characters.
func short(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// told is a value of any kind within a message.
func told(v any) string {
	b, ok := brief(v)
	if !ok {
		return wordOf(v)
	}
	return show(b)
}
