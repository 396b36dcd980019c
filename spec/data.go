package spec

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"tasks/spec/diag"
)

// Data is a value of a document as expressions see values: nil, text, int,
// float64, bool, []any or map[string]any. It knows where its parts stand. The
// zero Data is nothing, and stands nowhere.
type Data struct {
	Value any
	at    value
}

// ReadData reads a text of YAML, of which JSON is a part, as one value. The name
// is what messages call the text. What it gives with mistakes is of no use.
func ReadData(name string, content []byte) (Data, diag.List) {
	d := &decoder{spec: &Spec{}, foreign: true}
	in := &text{name: name, lines: []string{""}}
	var out Data
	if root, ok := d.syntax(in, content); ok {
		d.left = 2*count(root) + 100_000
		out = d.data(d.value(in, root, nil, ""))
	}
	return out, d.mistakes()
}

func (d *decoder) data(v value) Data { return Data{Value: d.item(v, 1), at: v} }

// IsZero reports whether there is no value, not even nothing.
func (d Data) IsZero() bool { return d.at.node == nil }

// Place is where a part stands: path has the keys that lead to it, and "[0]" for
// the first element of a list. Of a part that is not there, it is the place of the
// last one on the way to it that is.
func (d Data) Place(path ...string) diag.Place {
	if d.IsZero() {
		return diag.Place{}
	}
	v := d.at
	for _, step := range path {
		next, ok := v.part(step)
		if !ok {
			break
		}
		v = next
	}
	return v.place()
}

// KeyPlace is where the last key of a path stands.
func (d Data) KeyPlace(path ...string) diag.Place {
	if d.IsZero() || len(path) == 0 {
		return d.Place(path...)
	}
	v := d.at
	for _, step := range path {
		next, ok := v.part(step)
		if !ok {
			return v.place()
		}
		v = next
	}
	if v.key == nil {
		return v.place()
	}
	return value{in: v.in, node: v.key}.place()
}

// Part is what stands at a path; false where nothing does.
func (d Data) Part(path ...string) (Data, bool) {
	v, is := d.at, d.Value
	for _, step := range path {
		next, ok := v.part(step)
		if !ok {
			return Data{}, false
		}
		v = next
		switch known := is.(type) {
		case map[string]any:
			is = known[step]
		case []any:
			at, _ := elementOf(step)
			is = known[at]
		}
	}
	return Data{Value: is, at: v}, true
}

// part is a value of a mapping or an element of a list.
func (v value) part(step string) (value, bool) {
	var n, key *yaml.Node
	if at, ok := elementOf(step); ok && v.node.Kind == yaml.SequenceNode && at < len(v.node.Content) {
		n = v.node.Content[at]
	}
	for i := 0; n == nil && v.node.Kind == yaml.MappingNode && i+1 < len(v.node.Content); i += 2 {
		if v.node.Content[i].Value == step {
			key, n = v.node.Content[i], v.node.Content[i+1]
		}
	}
	if n == nil {
		return v, false
	}
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return value{in: v.in, node: n, key: key, path: join(v.path, step)}, true
}

// elementOf reads "[3]".
func elementOf(step string) (int, bool) {
	inner, ok := strings.CutPrefix(step, "[")
	if !ok {
		return 0, false
	}
	at, err := strconv.Atoi(strings.TrimSuffix(inner, "]"))
	return at, err == nil && at >= 0
}

// Element is the step of a path that leads to an element of a list.
func Element(i int) string { return fmt.Sprintf("[%d]", i) }

// ReadExpr is an expression that is the whole of a text, with places in it: the
// name is their File.
func ReadExpr(name string, content []byte) (Expr, error) {
	if !utf8.Valid(content) {
		return Expr{}, fmt.Errorf("read %s: this is not UTF-8 text", name)
	}
	e := NewExpr(string(content), name)
	e.at.in.flag = false
	return e, nil
}
