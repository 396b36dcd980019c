package spec

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"gopkg.in/yaml.v3"

	"tasks/spec/diag"
)

// maxCombinations is how many combinations a matrix may have, so that counting
// them, also over many rounds, stays exact.
const maxCombinations = 1_000_000_000_000

// maxAxisRange is how many numbers an axis that is a range may have: they are all
// in memory.
const maxAxisRange = 1_000_000

// matrix reads names with the values that each goes through: an item is one value
// for every name.
func (d *decoder) matrix(v value, s *Source) {
	s.Kind = SourceMatrix
	const hint = "write {size: [small, large], seed: [1, 2, 3]}"
	var exclude value
	// combinations to leave out: those that agree with all that one of the mappings says
	leaveOut := field{"exclude", func(v value) { exclude = v }}
	if d.offered != nil {
		d.offered(v.path, []string{leaveOut.key})
	}
	if v.node.Kind != yaml.MappingNode {
		d.wrong(v, "a mapping of names to lists", hint)
		return
	}
	total, before := 1, len(d.found)
	d.entries(v, func(name string, e value) {
		if name == leaveOut.key {
			leaveOut.read(e)
			return
		}
		values := d.axis(e)
		s.Axes = append(s.Axes, Axis{Name: name, Values: values})
		if total > 0 && len(values) > maxCombinations/total {
			d.report(v, fmt.Sprintf("a matrix has at most %d combinations", maxCombinations), "use lists that are shorter, or several stages")
			total = 0
		}
		total *= max(len(values), 1)
	})
	if len(s.Axes) == 0 && len(d.found) == before {
		d.missing(v, "there are no names in this matrix", hint)
	}
	if exclude.node != nil && len(s.Axes) > 0 {
		d.exclude(exclude, s)
	}
}

// axis reads the values of one name: a list, or {range: [1, 10]}.
func (d *decoder) axis(v value) []any {
	const hint = "write [a, b, c], or {range: [1, 10]}"
	if v.node.Kind != yaml.MappingNode {
		var values Source
		if v.node.Kind != yaml.SequenceNode {
			d.wrong(v, "a list of values", hint)
			return nil
		}
		d.items(v, &values)
		return values.Items
	}
	var r Source
	before := len(d.found)
	has := d.fields(v,
		// whole numbers, both ends included
		field{SourceRange, func(v value) { d.rangeOf(v, &r) }},
	)
	switch {
	case !has[SourceRange]:
		if len(d.found) == before {
			d.missing(v, "there is no range", hint)
		}
		return nil
	case len(d.found) > before:
		return nil
	case r.Endless:
		d.report(v, "a range without an end cannot be part of a matrix", "give it a to")
		return nil
	}
	return d.numbers(v, r)
}

// numbers is a range written out.
func (d *decoder) numbers(v value, r Source) []any {
	last := (uint64(r.Last) - uint64(r.First)) / uint64(r.Step)
	if r.Step < 0 {
		last = (uint64(r.First) - uint64(r.Last)) / -uint64(r.Step)
	}
	if last >= maxAxisRange {
		d.report(v, fmt.Sprintf("a range in a matrix has at most %d numbers", maxAxisRange), "")
		return nil
	}
	values := make([]any, 0, last+1)
	for i := range int64(last) + 1 {
		values = append(values, int(r.First+i*r.Step))
	}
	return values
}

// exclude reads the combinations to leave out.
func (d *decoder) exclude(v value, s *Source) {
	const hint = "write a list such as [{size: large, seed: 3}]"
	d.list(v, "a list of mappings", hint, func(v value) {
		if v.node.Kind != yaml.MappingNode || len(v.node.Content) == 0 {
			d.wrong(v, "a mapping of names to values", hint)
			return
		}
		before := len(d.found)
		m := map[string]any{}
		d.entries(v, func(name string, e value) {
			m[name] = d.item(e, 1)
			d.excluded(v, e, name, m[name], s.Axes)
		})
		if len(d.found) == before {
			s.Exclude = append(s.Exclude, m)
		}
	})
}

// excluded reports a name or a value that the matrix does not have.
func (d *decoder) excluded(v, e value, name string, is any, axes []Axis) {
	known := map[string][]any{}
	for _, a := range axes {
		known[a.Name] = a.Values
	}
	values, ok := known[name]
	if !ok {
		names := slices.Sorted(maps.Keys(known))
		hint := "the names are " + listed(names)
		if near, ok := diag.Nearest(name, names); ok {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		d.report(value{in: e.in, node: e.key, path: v.path}, "the matrix has no "+shown(name), hint)
		return
	}
	same := func(a any) bool { return reflect.DeepEqual(a, is) }
	if len(values) > 0 && !slices.ContainsFunc(values, same) {
		d.report(e, fmt.Sprintf("%s is never %s, so this leaves nothing out", name, e.kind()), "use a value that the matrix has")
	}
}
