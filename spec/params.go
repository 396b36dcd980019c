package spec

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"tasks/spec/diag"
)

// A Param is a value that expressions know as params.name, and that a person may
// give with --var. Value is a string, int, float64 or bool as Type says, one of
// text, int, number and bool.
type Param struct {
	Name, Type  string
	Value       any
	Description string
}

var paramTypes = []string{"text", "int", "number", "bool"}

var paramForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// params reads the declared parameters.
func (d *decoder) params(v value) {
	if v.node.Kind != yaml.MappingNode {
		d.wrong(v, "a mapping of names to values", "write {size: 3, mode: fast}")
		return
	}
	d.entries(v, func(name string, e value) {
		if !paramForm.MatchString(name) {
			d.report(value{in: e.in, node: e.key, path: v.path}, "the name of a parameter has letters, digits and underscores, and this is "+shown(name), "")
			return
		}
		d.spec.Params = append(d.spec.Params, d.param(e, name))
	})
}

// param reads a parameter: its value, or a mapping that says more.
func (d *decoder) param(v value, name string) Param {
	p := Param{Name: name}
	if v.node.Kind != yaml.MappingNode {
		p.Type = paramType(v.node)
		p.Value = d.paramValue(v, p.Type)
		return p
	}
	var is value
	has := d.fields(v,
		// `text`, `int`, `number` or `bool`; that of the default when left out
		field{"type", func(v value) { p.Type = d.paramTypeOf(v) }},
		// the value, unless `--var` gives another; without it `--var` must give one
		field{"default", func(v value) { is = v }},
		// what the parameter is for
		field{"description", func(v value) { p.Description, _ = d.fixed(v, "text", "") }},
	)
	switch {
	case is.node == nil && !has["default"]:
		d.missing(v, "this parameter has no value", fmt.Sprintf("give it one with --var %s=…, or add a default", name))
	case is.node != nil && p.Type == "" && !has["type"]:
		p.Type = paramType(is.node)
		p.Value = d.paramValue(is, p.Type)
	case is.node != nil && p.Type != "":
		p.Value = d.paramValue(is, p.Type)
	}
	return p
}

// paramTypeOf reads the name of a type; of a bad one it gives "".
func (d *decoder) paramTypeOf(v value) string {
	text, ok := d.fixed(v, "one of "+listed(paramTypes), "")
	if !ok || slices.Contains(paramTypes, text) {
		return text
	}
	hint := ""
	if near, ok := diag.Nearest(text, paramTypes); ok {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	d.wrong(v, "one of "+listed(paramTypes), hint)
	return ""
}

// paramType is the type of a value as YAML has it.
func paramType(n *yaml.Node) string {
	switch n.ShortTag() {
	case "!!int":
		return "int"
	case "!!float":
		return "number"
	case "!!bool":
		return "bool"
	}
	return "text"
}

// paramValue reads a value of a type; of a bad one it gives nil.
func (d *decoder) paramValue(v value, kind string) any {
	text := strings.TrimSpace(v.node.Value)
	switch {
	case v.node.Kind != yaml.ScalarNode || v.isNull() && v.node.Style == 0:
		d.wrong(v, "a value of the type "+kind, "")
		return nil
	case kind == "text":
		return v.node.Value
	case kind == "int":
		if n, err := strconv.Atoi(text); err == nil {
			return n
		}
	case kind == "number":
		if f, err := strconv.ParseFloat(text, 64); err == nil && f-f == 0 {
			return f
		}
	case text == "true" || text == "false":
		return text == "true"
	}
	d.wrong(v, map[string]string{"int": "a whole number", "number": "a number", "bool": "true or false"}[kind], "")
	return nil
}

// setVar gives a parameter the value of a --var: name=value.
func (d *decoder) setVar(root *yaml.Node, flag string) {
	s := putting{d: d, in: &text{name: "--var", flag: true, lines: diag.Lines([]byte(flag))}}
	name, said, ok := strings.Cut(flag, "=")
	if !ok || name == "" {
		s.report(0, len([]rune(flag)), "wants name=value", "write such as --var size=3")
		return
	}
	params := entry(root, "params")
	if params == nil || *params == nil || (*params).Kind != yaml.MappingNode {
		s.report(0, len(name), "the file declares no parameters", "add params: {"+name+": …} to it")
		return
	}
	at := entry(*params, name)
	if at == nil {
		var known []string
		for i := 0; i < len((*params).Content); i += 2 {
			known = append(known, (*params).Content[i].Value)
		}
		hint := "the parameters are " + listed(known)
		if near, ok := diag.Nearest(name, known); ok {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		s.report(0, len(name), "there is no parameter "+shown(name), hint)
		return
	}
	s.giveParam(at, name, said)
}

// giveParam makes a value the default of a parameter, which keeps its type.
func (s *putting) giveParam(at **yaml.Node, name, said string) {
	if anchored(*at) || (*at).Kind == yaml.AliasNode {
		s.report(0, len(name), "this has an anchor in the file, which may be used elsewhere", "write out its value")
		return
	}
	kind := paramType(*at)
	if (*at).Kind == yaml.MappingNode {
		kind = "text"
		if is := entry(*at, "default"); is != nil {
			kind = paramType(*is)
		}
		if is := entry(*at, "type"); is != nil {
			kind = (*is).Value
		}
	}
	v := s.node(yaml.ScalarNode, len(name)+1, said)
	if kind == "text" {
		v.Style, v.Tag = yaml.DoubleQuotedStyle, "!!str"
	}
	if (*at).Kind != yaml.MappingNode {
		m := s.node(yaml.MappingNode, 0, "")
		m.Content = []*yaml.Node{s.node(yaml.ScalarNode, 0, "type"), s.node(yaml.ScalarNode, 0, kind)}
		*at = m
	}
	if is := entry(*at, "default"); is != nil {
		*is = v
		return
	}
	(*at).Content = append((*at).Content, s.node(yaml.ScalarNode, 0, "default"), v)
}

// entry is where a mapping has the value of a key, or nil.
func entry(m *yaml.Node, key string) **yaml.Node {
	for i := 0; m.Kind == yaml.MappingNode && i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return &m.Content[i+1]
		}
	}
	return nil
}
