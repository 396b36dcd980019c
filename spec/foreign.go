package spec

import (
	"time"

	"gopkg.in/yaml.v3"

	"tasks/spec/diag"
)

// A Document is a YAML document of another kind than a Spec, read with the same
// manners: every mistake is found, each with its place and a hint. It is worth
// something only within the call of ReadDocument that made it.
type Document struct{ d *decoder }

// A Value is a part of a Document.
type Value struct{ v value }

// A Field is a key that a mapping may have, and what reads its value.
type Field struct {
	Key  string
	Read func(Value)
}

// ReadDocument reads a document, whose name in messages is file: read walks it
// from its top. What it gives are the mistakes, in file order; of a text that is
// no YAML document at all, read sees nothing.
func ReadDocument(file string, content []byte, read func(*Document, Value)) diag.List {
	d := &decoder{spec: &Spec{}, foreign: true}
	in := &text{name: file, lines: []string{""}}
	if root, ok := d.syntax(in, content); ok {
		d.left = 2*count(root) + 100_000
		read(&Document{d}, Value{d.value(in, root, nil, "")})
	}
	return d.mistakes()
}

// Fields reads a mapping with the keys given, in the order of the document, and
// says which of them it has, or was meant to have. It reports a value that is no
// mapping, unknown keys and repeated ones.
func (d *Document) Fields(v Value, fields ...Field) map[string]bool {
	inner := make([]field, len(fields))
	for i, f := range fields {
		inner[i] = field{f.Key, func(v value) { f.Read(Value{v}) }}
	}
	return d.d.fields(v.v, inner...)
}

// List reads the elements of a list, and reports a value that is none; wants is
// what it should be, in words that fit after "wants".
func (d *Document) List(v Value, wants, hint string, read func(Value)) {
	d.d.list(v.v, wants, hint, func(v value) { read(Value{v}) })
}

// Text is a value that is neither a list nor a mapping nor missing; it reports
// any other.
func (d *Document) Text(v Value, wants, hint string) (string, bool) {
	return d.d.scalar(v.v, wants, hint)
}

// Integer is a whole number of at least low; of a bad one it gives low.
func (d *Document) Integer(v Value, wants string, low int64) int64 {
	return d.d.integer(v.v, wants, low)
}

// Duration is a time between two bounds, both included, with its unit, such as
// 90s or 2d; of a bad one it gives 0.
func (d *Document) Duration(v Value, low, high time.Duration) time.Duration {
	return d.d.duration(v.v, low, high)
}

// Time is Duration for those to whom 0 is a good time too: it says whether there
// was one.
func (d *Document) Time(v Value, low, high time.Duration) (time.Duration, bool) {
	return d.d.time(v.v, low, high)
}

// Size is an amount of memory or disk above 0, in GiB; it has a unit in the
// document, and of a bad one it gives 0.
func (d *Document) Size(v Value) float64 { return d.d.size(v.v) }

// Report says what is wrong with a value, at the value. Hint says what would be
// right, or is "".
func (d *Document) Report(v Value, fact, hint string) { d.d.report(v.v, fact, hint) }

// Wrong says that a value is of another kind than it should be: wants fits after
// "wants".
func (d *Document) Wrong(v Value, wants, hint string) { d.d.wrong(v.v, wants, hint) }

// Missing says, at its key or its beginning, that a mapping lacks something.
func (d *Document) Missing(v Value, fact, hint string) { d.d.missing(v.v, fact, hint) }

// IsMapping reports whether the value has keys.
func (v Value) IsMapping() bool { return v.v.node.Kind == yaml.MappingNode }

// IsList reports whether the value has elements.
func (v Value) IsList() bool { return v.v.node.Kind == yaml.SequenceNode }
