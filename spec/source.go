package spec

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// source reads where the items of a stage come from. It is never nil, so that a
// stage with a bad source is not also one without.
func (d *decoder) source(v value) *Source {
	s := &Source{Repeat: 1, Place: v.namePlace()}
	const hint = "write one of {range: [1, 10]}, {items: […]}, {matrix: …}, {lines: file}, {csv: file}, {jsonl: file}, {files: pattern}, {results: stage} and {command: […]}"
	switch v.node.Kind {
	case yaml.SequenceNode:
		d.items(v, s)
		return s
	case yaml.ScalarNode:
		if !v.isNull() {
			d.wrong(v, "a mapping or a list of items", fmt.Sprintf("write {lines: %s} for the lines of a file", v.node.Value))
			return s
		}
	}
	var kinds []string
	kind := func(name string, read func(value, *Source)) field {
		return field{name, func(v value) {
			kinds = append(kinds, name)
			if len(kinds) > 1 {
				d.report(v, fmt.Sprintf("there is already %s, and a source is of one kind", kinds[0]), "keep one of them")
				return
			}
			read(v, s)
		}}
	}
	var repeat value
	has := d.fields(v,
		// whole numbers, both ends included
		kind(SourceRange, d.rangeOf),
		// the items themselves: text, numbers, lists, mappings
		kind(SourceItems, d.items),
		// every combination of one value for each name
		kind(SourceMatrix, d.matrix),
		// each line of the file that is not empty, as text
		kind(SourceLines, d.fileSource(SourceLines)),
		// each record of the file, a mapping of the columns to text
		kind(SourceCSV, d.csv),
		// each line of the file, as JSON
		kind(SourceJSONL, d.fileSource(SourceJSONL)),
		// each file that fits, sorted by path
		kind(SourceFiles, d.filesOf),
		// each result of another stage, which has to end first
		kind(SourceResults, d.resultsOf),
		// each line that a program prints, as JSON
		kind(SourceCommand, d.command),
		// how many times the source is read
		field{"repeat", func(v value) { d.repeat(v, s); repeat = v }},
	)
	if v.node.Kind == yaml.MappingNode && len(kinds) == 0 && (len(has) == 0 || has["repeat"]) {
		d.missing(v, "there is nothing to take items from", hint)
	}
	switch {
	case repeat.node == nil: // it may be misspelt
	case s.Endless:
		d.report(repeat, "a range without an end cannot be repeated", "leave out repeat, or give the range an end")
	case s.Path == Stdin && s.Repeat != 1:
		d.report(repeat, "standard input can be read only once", "leave out repeat, or put the items into a file")
	}
	return s
}

// repeat reads how many times a source is read.
func (d *decoder) repeat(v value, s *Source) {
	const wants = "forever, or a whole number of at least 1"
	text, ok := d.scalar(v, wants, "")
	if !ok {
		return
	}
	if text == "forever" {
		s.Repeat = 0
		return
	}
	if near := nearestOf(text, "forever", "infinite", "endless", "always"); near != "" {
		d.wrong(v, wants, didYouMean("forever"))
		return
	}
	s.Repeat = int(d.integer(v, wants, 1))
}

// rangeOf reads a range of whole numbers: [first, last], [first, last, step], or
// a mapping, which has no end if it has no to.
func (d *decoder) rangeOf(v value, s *Source) {
	s.Kind, s.First, s.Step = SourceRange, 1, 1
	bound := func(to *int64) func(value) {
		return func(v value) {
			text, ok := d.scalar(v, "a whole number", "")
			if !ok {
				return
			}
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				d.wrong(v, "a whole number", "")
			}
			*to = n
		}
	}
	before := len(d.found)
	switch v.node.Kind {
	case yaml.SequenceNode:
		if n := len(v.node.Content); n != 2 && n != 3 {
			d.report(v, fmt.Sprintf("wants [first, last] or [first, last, step], and this has %d", n), "a range without an end is {from: 1}")
			return
		}
		to := []*int64{&s.First, &s.Last, &s.Step}
		d.list(v, "", "", func(v value) { bound(to[0])(v); to = to[1:] })
	case yaml.MappingNode:
		has := d.fields(v,
			// the first number
			field{"from", bound(&s.First)},
			// the last number; without it the range never ends
			field{"to", bound(&s.Last)},
			// the distance; below 0 it goes down
			field{"step", bound(&s.Step)},
		)
		s.Endless = !has["to"]
	default:
		d.wrong(v, "[first, last]", cmp.Or(didYouMean(rangeMeant(v.node.Value)), "both ends are included: [1, 10] is ten items"))
		return
	}
	if len(d.found) == before {
		d.checkRange(v, s)
	}
}

// checkRange reports a range that gives nothing.
func (d *decoder) checkRange(v value, s *Source) {
	switch {
	case s.Step == 0:
		d.report(v, "the step of a range cannot be 0", "")
	case s.Endless:
	case s.Step > 0 && s.First > s.Last:
		d.report(v, fmt.Sprintf("going up from %d never comes to %d", s.First, s.Last), fmt.Sprintf("write [%d, %d, -1] to go down", s.First, s.Last))
	case s.Step < 0 && s.First < s.Last:
		d.report(v, fmt.Sprintf("going down from %d never comes to %d", s.First, s.Last), "leave out the step to go up")
	}
}

// fileSource is what reads a source of a kind that a local file feeds.
func (d *decoder) fileSource(kind string) func(value, *Source) {
	return func(v value, s *Source) {
		s.Kind = kind
		name, ok := d.fixed(v, "the name of a file", "")
		if !ok {
			return
		}
		if name == Stdin {
			d.stdin(v, s)
			return
		}
		s.Path = name
		if !filepath.IsAbs(name) {
			s.Path = filepath.Join(d.spec.Dir, name)
		}
		d.files = append(d.files, fileRef{value: v, name: name, abs: s.Path})
	}
}

// stdin lets a source read standard input, which only one can.
func (d *decoder) stdin(v value, s *Source) {
	s.Path = Stdin
	for _, other := range d.spec.Stages {
		if other.From != nil && other.From.Path == Stdin {
			d.report(v, fmt.Sprintf("stage %s reads standard input already", other.Name), "put the items of one of the two into a file")
			return
		}
	}
}

// command reads a local program that prints items: a list of arguments, or text
// for the shell.
func (d *decoder) command(v value, s *Source) {
	s.Kind, s.Dir = SourceCommand, d.spec.Dir
	const wants = "a command: a list of arguments, or text for the shell"
	if v.node.Kind != yaml.SequenceNode {
		if text, ok := d.fixed(v, wants, ""); ok {
			s.Argv = []string{"/bin/sh", "-c", text}
		}
		return
	}
	d.list(v, "", "", func(v value) {
		if v.node.Kind == yaml.ScalarNode && v.node.Style != 0 && v.node.Value == "" {
			s.Argv = append(s.Argv, "")
			return
		}
		if text, ok := d.fixed(v, "an argument", ""); ok {
			s.Argv = append(s.Argv, text)
		}
	})
	if len(v.node.Content) == 0 || len(s.Argv) > 0 && s.Argv[0] == "" {
		d.report(v, "there is no program in this command", "write a list such as [./make-items, --all]")
	}
}

// items reads the items themselves.
func (d *decoder) items(v value, s *Source) {
	s.Kind = SourceItems
	s.Items = make([]any, 0, len(v.node.Content))
	d.list(v, "a list of items", "write [a, b, c]", func(v value) {
		s.Items = append(s.Items, d.item(v, 1))
	})
	if v.node.Kind == yaml.SequenceNode && len(v.node.Content) == 0 {
		d.report(v, "there are no items", "")
	}
}

// itemDepth is how deeply an item may be nested.
const itemDepth = 32

// maxPath is how much of the path inside an item a message repeats.
const maxPath = 40

// item is a value as expressions see it: text, int, float64, bool, []any or
// map[string]any. Dates, and digits behind a zero, such as a postal code, stay
// the text that they are in the document.
func (d *decoder) item(v value, depth int) any {
	if r := []rune(v.path); len(r) > maxPath {
		v.path = string(r[:maxPath]) + "…"
	}
	if depth > itemDepth {
		d.report(v, fmt.Sprintf("an item is nested at most %d deep", itemDepth), "")
		return nil
	}
	switch v.node.Kind {
	case yaml.MappingNode:
		m := make(map[string]any, len(v.node.Content)/2)
		d.entries(v, func(key string, e value) { m[key] = d.item(e, depth+1) })
		return m
	case yaml.SequenceNode:
		l := make([]any, 0, len(v.node.Content))
		d.list(v, "", "", func(e value) { l = append(l, d.item(e, depth+1)) })
		return l
	}
	return d.itemScalar(v)
}

func (d *decoder) itemScalar(v value) any {
	text := v.node.Value
	switch tag := v.node.ShortTag(); {
	case v.foreignTag() || tag == "!!binary":
		d.report(v, "tags such as "+shown(v.node.Tag)+" mean nothing here", "quote the value if the ! belongs to it")
		return nil
	case v.isNull():
		if depth := strings.Count(v.path, "["); depth > 0 && strings.HasSuffix(v.path, "]") {
			d.report(v, "an item cannot be nothing", `write "" for empty text`)
		}
		return nil
	case tag == "!!bool":
		return strings.EqualFold(text, "true")
	case tag == "!!int", tag == "!!float":
		return d.number(v, text)
	}
	return text
}

// number is an int, a float64, or, for digits behind a zero, the text itself.
func (d *decoder) number(v value, text string) any {
	digits := strings.TrimLeft(text, "+-")
	if len(digits) > 1 && digits[0] == '0' && !slices.Contains([]byte(".xobeE"), digits[1]) {
		return text
	}
	if n, err := strconv.ParseInt(text, 0, 64); err == nil {
		return int(n)
	}
	if strings.Trim(digits, "0123456789_") == "" {
		d.report(v, "the number has more digits than a computer counts with", "quote it to keep it as text")
		return nil
	}
	var f float64
	if err := v.node.Decode(&f); err != nil || f-f != 0 {
		d.report(v, shown(text)+" is no number to count with", "quote it to keep it as text")
		return nil
	}
	return f
}
