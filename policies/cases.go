package policies

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"tasks/spec"
	"tasks/spec/diag"
)

// A Tried is a case of a spec that was tried.
type Tried struct {
	Case   spec.Case
	Answer Answer    // zero where the case itself is wrong
	Wrong  diag.List // empty: the policy gives what the case wants
}

// Try tries cases of a spec, in their order. A spec that is not valid cannot be
// tried.
func Try(s *spec.Spec, cases []spec.Case) []Tried {
	out := make([]Tried, len(cases))
	for i, c := range cases {
		out[i] = try(s, c)
	}
	return out
}

func try(s *spec.Spec, c spec.Case) Tried {
	t := Tried{Case: c}
	given, _ := c.Given.Value.(map[string]any)
	a, list, err := Ask(s, Question{Policy: c.Policy, Given: given})
	switch {
	case err != nil:
		t.Wrong = diag.List{misfitAt(c, err)}
	case len(list) > 0:
		t.Wrong = list
	default:
		t.Answer = a
		t.Wrong = disagreement(c, a)
	}
	return t
}

// misfitAt is a value that does not fit, at its place.
func misfitAt(c spec.Case, err error) diag.Diagnostic {
	m, ok := errors.AsType[*Misfit](err)
	switch {
	case !ok:
		return diag.Diagnostic{Place: c.Place, Path: c.Path, Fact: err.Error()}
	case len(m.Path) == 0:
		return diag.Diagnostic{Place: c.Place, Path: c.Path, Fact: m.Fact, Hint: m.Hint}
	}
	d := diag.Diagnostic{Place: c.Given.Place(m.Path...), Path: c.Path + ".given." + pathName(m.Path), Fact: m.Fact, Hint: m.Hint}
	if m.IsKey {
		d.Place = c.Given.KeyPlace(m.Path...)
	}
	return d
}

// disagreement is what an answer differs in from what a case wants.
func disagreement(c spec.Case, a Answer) diag.List {
	d := diag.Diagnostic{Place: c.Place, Path: c.Path}
	got := told(a.Value)
	if a.Failure != nil {
		got = "it fails: " + a.Failure.Err.Error()
	}
	switch {
	case c.Fails != "":
		if a.Failure != nil && strings.Contains(a.Failure.Error(), c.Fails) {
			return nil
		}
		d.Fact = fmt.Sprintf("this has to fail with %q, and it gives %s", c.Fails, got)
		if a.Failure != nil {
			d.Fact = fmt.Sprintf("this has to fail with %q, and %s", c.Fails, got)
		}
	case a.Failure == nil && same(c.Want.Value, a.Value):
		return nil
	default:
		d.Place = c.Want.Place()
		d.Fact = fmt.Sprintf("wants %s, and %s gives %s", told(c.Want.Value), c.Policy, got)
		if a.Failure != nil {
			d.Fact = fmt.Sprintf("wants %s, and %s", told(c.Want.Value), got)
		}
	}
	d.Fact += whereText(a)
	d.Hint = fmt.Sprintf("%s is %s", c.Policy, short(oneLine(a.Expr), 100))
	if c.Name != "" {
		d.Hint = fmt.Sprintf("%q: %s", c.Name, d.Hint)
	}
	return diag.List{d}
}

// whereText is the values that an answer is made from.
func whereText(a Answer) string {
	var parts []string
	for _, name := range a.Names[:min(len(a.Names), maxShown)] {
		part := name + " = " + Shown(a.Values[name])
		if slices.Contains(a.Assumed, name) {
			part += " (not given)"
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return ""
	}
	return ", where " + strings.Join(parts, ", ")
}

// same reports whether two plain values are equal; numbers are up to the fifteenth
// digit.
func same(a, b any) bool {
	x, isNumber := toFloat(a)
	if y, too := toFloat(b); isNumber && too {
		return x == y || math.Abs(x-y) <= 1e-12*math.Max(math.Abs(x), math.Abs(y))
	}
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for key, v := range a {
			if w, ok := b[key]; !ok || !same(v, w) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(a, b)
}
