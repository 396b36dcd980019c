package policies

import (
	"fmt"
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
	Values map[string]any // the names in the expression and what they were, cut short
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

// show is a value as an expression would write it, within a few words.
func show(v any) string {
	if s, ok := v.(string); ok {
		return fmt.Sprintf("%q", short(s, 60))
	}
	s, err := text(v)
	if err != nil {
		return unprintable(v)
	}
	return short(oneLine(s), 60)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// short cuts s to at most n characters.
func short(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
