package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"tasks/spec/diag"
)

// A decoder walks one document into a Spec and collects what is wrong with it.
type decoder struct {
	spec    *Spec
	found   diag.List
	dropped int       // mistakes beyond maxMistakes
	files   []fileRef // for Load to check
	left    int       // how many values may still be visited: what aliases multiply is bounded by it
	stopped bool      // too many were: nothing more is reported
	targets []target  // paths of the machine, to be held against its volumes
	unsure  bool      // a stage has mistakes that may hide an emit
	waits   []After   // of the stage that is being read, by its source
	foreign bool      // this is no Spec, but a document of another kind

	given  Overrides            // what of them goes into the document
	base   *text                // of the first file
	layers []layer              // files that are merged over it
	moved  map[*yaml.Node]moved // paths of theirs that were made absolute
	texts  map[*yaml.Node]*text // of nodes that are not of the file, from sets

	keys    []string                         // every key that there is, once one was looked for
	offered func(path string, keys []string) // told of every mapping's keys; nil but for Keys
}

// A value is a node of a document on its way into the Spec: where it stands, and
// what it is called. Its node is never an alias.
type value struct {
	in   *text
	node *yaml.Node
	key  *yaml.Node // what it is the value of; nil in a list and for the document
	path string
}

// decode reads a document, what is merged over it, and the flags that beat both.
func decode(file string, content []byte, dir string, o Overrides, layers ...layer) *decoder {
	d := &decoder{spec: &Spec{File: file, Dir: dir, Text: content, Kept: content}, given: o, layers: layers, moved: map[*yaml.Node]moved{}, texts: map[*yaml.Node]*text{}}
	d.spec.Sources = map[string][]byte{file: content}
	for _, l := range layers {
		d.spec.Sources[l.name] = l.content
	}
	defaults(d.spec)
	d.read(&text{name: file, lines: []string{""}}, content)
	d.overrides(o)
	return d
}

// read walks the document that a text is.
func (d *decoder) read(in *text, content []byte) {
	d.base = in
	root, ok := d.syntax(in, content)
	if d.mergeAll(root, ok) {
		d.setAll(root)
		d.left = 2*count(root) + 100_000
		d.document(d.value(in, root, nil, ""))
	}
}

// mistakes is what was found, in file order, and how many more there were.
func (d *decoder) mistakes() diag.List {
	list := d.found.Sorted()
	if d.dropped > 0 {
		last := list[len(list)-1]
		last.Path, last.Hint = "", ""
		last.Fact = fmt.Sprintf("and %d more mistakes", d.dropped)
		list = append(list, last)
	}
	return list
}

// add keeps a diagnostic, up to a number that a person can read.
func (d *decoder) add(found ...diag.Diagnostic) {
	for _, f := range found {
		if d.stopped {
			return
		}
		if len(d.found) >= maxMistakes {
			d.dropped++
			continue
		}
		d.found = append(d.found, f)
	}
}

// report says what is wrong with a value, at the value.
func (d *decoder) report(v value, fact, hint string) {
	d.add(diag.Diagnostic{Place: v.place(), Path: v.path, Fact: fact, Hint: hint})
}

// wrong says that a value is of another kind than the one it should be.
func (d *decoder) wrong(v value, wants, hint string) {
	d.report(v, fmt.Sprintf("wants %s, and this is %s", wants, v.kind()), hint)
}

// value follows an alias to what it stands for.
func (d *decoder) value(in *text, n, key *yaml.Node, path string) value {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	d.left -= weight(n)
	if t := d.texts[n]; t != nil {
		in = t
	}
	return value{in: in, node: n, key: key, path: path}
}

// exhausted reports, once, that aliases multiply into too many values.
func (d *decoder) exhausted(v value) bool {
	if d.left > 0 {
		return false
	}
	d.report(v, "aliases make too many values of this document", "write out fewer of them, or keep the items in a file")
	d.stopped = true
	return true
}

// weight is what it costs to visit a node, long texts counting for more.
func weight(n *yaml.Node) int { return 1 + len(n.Value)/64 }

// count is the weight of all the nodes of a document, aliases not followed.
func count(n *yaml.Node) int {
	total := weight(n)
	for _, c := range n.Content {
		total += count(c)
	}
	return total
}

// A field is a key that a mapping may have, and what reads its value.
type field struct {
	key  string
	read func(value)
}

// fields reads a mapping with the keys given, in the order of the document, and
// says which of them it has, or was meant to have. It reports a value that is no
// mapping, unknown keys and repeated ones.
func (d *decoder) fields(v value, fields ...field) map[string]bool {
	seen := map[string]bool{}
	if d.offered != nil {
		d.offered(v.path, keysOf(fields))
	}
	if v.node.Kind != yaml.MappingNode {
		d.wrong(v, "a mapping", "its keys are "+listed(keysOf(fields)))
		return seen
	}
	d.entries(v, func(key string, e value) {
		seen[key] = true
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == key })
		if i < 0 {
			seen[d.unknown(v, e, key, keysOf(fields))] = true
			return
		}
		fields[i].read(e)
	})
	return seen
}

// entries visits the entries of a mapping, each key once.
func (d *decoder) entries(v value, visit func(key string, e value)) {
	lines := map[string]int{}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		k, n := v.node.Content[i], v.node.Content[i+1]
		if d.exhausted(v) {
			return
		}
		key := d.value(v.in, k, k, v.path)
		if !d.isKey(key) {
			continue
		}
		name := key.node.Value
		if line, twice := lines[name]; twice {
			d.report(key, fmt.Sprintf("%s is already set on line %d", shown(name), line), "keep one of the two")
			continue
		}
		lines[name] = k.Line
		visit(name, d.value(v.in, n, k, join(v.path, name)))
	}
}

// isKey reports a key that is not a word.
func (d *decoder) isKey(key value) bool {
	switch {
	case key.node.Kind != yaml.ScalarNode:
		d.report(key, "a key wants to be a word, and this is "+key.kind(), "")
		return false
	case key.node.ShortTag() == "!!merge":
		d.report(key, "merge keys (<<) are not supported", "write the keys out, or use an alias for a whole value")
		d.unsure = true
		return false
	}
	return true
}

// unknown reports a key that a mapping does not have, and gives the one that was
// meant, or "".
func (d *decoder) unknown(v, e value, name string, known []string) string {
	hint := "the keys here are " + listed(known)
	if len(known) == 1 {
		hint = "the only key here is " + known[0]
	}
	near, ok := diag.Nearest(name, known)
	if other := otherWords[strings.ToLower(name)]; !d.foreign && slices.Contains(known, other) {
		near, hint = other, "the key for that is "+other
	} else if ok {
		hint = fmt.Sprintf("did you mean %q?", near)
	} else if v.path != "" && !d.foreign && slices.Contains(keysOf(d.topFields(new(bool))), name) {
		hint = fmt.Sprintf("%s stands at the top of the document: indent it less", name)
	} else if !d.foreign {
		hint = cmp.Or(d.elsewhere(v.path, name), hint)
	}
	k := value{in: e.in, node: e.key, path: v.path}
	d.report(k, "unknown key "+shown(name), hint)
	d.unsure = true
	return near
}

// missing reports that a mapping lacks a key: at its own key, or its beginning.
func (d *decoder) missing(v value, fact, hint string) {
	at := v.node
	if v.key != nil {
		at = v.key
	}
	d.report(value{in: v.in, node: at, path: v.path}, fact, hint)
}

// list reads the elements of a list, and reports a value that is none.
func (d *decoder) list(v value, wants, hint string, read func(value)) {
	if v.node.Kind != yaml.SequenceNode {
		d.wrong(v, wants, hint)
		return
	}
	for i, n := range v.node.Content {
		if d.exhausted(v) {
			return
		}
		read(d.value(v.in, n, nil, fmt.Sprintf("%s[%d]", v.path, i)))
	}
}

func keysOf(fields []field) []string {
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.key
	}
	return keys
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// listed is names as a sentence has them: "a, b and c".
func listed(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
