package spec

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"tasks/spec/diag"
)

// setForm is a --set: a path of keys and places in lists, and a value.
var setForm = regexp.MustCompile(`^\s*([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+|\[\d+\])*)\s*=`)

// segmentForm is a part of a path.
var segmentForm = regexp.MustCompile(`[A-Za-z0-9_-]+|\[\d+\]`)

// setAll puts the values of --set and --var flags into a document, in their order, and
// gives the document as a run keeps it.
func (d *decoder) setAll(root *yaml.Node) {
	if len(d.given.Set)+len(d.given.Vars)+len(d.layers) == 0 {
		return
	}
	before := len(d.found)
	for _, s := range d.given.Set {
		d.set(root, s)
	}
	for _, s := range d.given.Vars {
		d.setVar(root, s)
	}
	if len(d.found) > before {
		return
	}
	kept, err := yaml.Marshal(root)
	if err != nil {
		kept = nil // only a document with mistakes cannot be written
	}
	d.spec.Kept = kept
}

// A putting is one --set: a text of its own, from whose places the nodes are.
type putting struct {
	d    *decoder
	in   *text
	path string
}

func (d *decoder) set(root *yaml.Node, flag string) {
	s := putting{d: d, in: &text{name: "--set", flag: true, lines: diag.Lines([]byte(flag))}}
	m := setForm.FindStringSubmatchIndex(flag)
	if m == nil {
		s.report(0, utf8.RuneCountInString(flag), "wants path=value", "write such as --set workers=3 or --set tasks.timeout=5m")
		return
	}
	s.path = flag[m[2]:m[3]]
	if strings.TrimSpace(flag[m[1]:]) == "" {
		s.report(m[2], len(s.path), "there is no value", `write --set `+s.path+`='""' for empty text`)
		return
	}
	v, ok := s.value(flag, m[1])
	if !ok {
		return
	}
	at := root
	spans := segmentForm.FindAllStringIndex(s.path, -1)
	for i, span := range spans {
		if at = s.step(at, m[2]+span[0], s.path[span[0]:span[1]], nextOf(i, len(spans), v)); at == nil {
			return
		}
	}
}

// nextOf is what a part of a path holds: the value, for the last one, or nil.
func nextOf(i, n int, v *yaml.Node) *yaml.Node {
	if i == n-1 {
		return v
	}
	return nil
}

// value reads what is behind the =: YAML where it begins with a bracket or a
// quote, and any other text as it is.
func (s *putting) value(flag string, from int) (*yaml.Node, bool) {
	said := strings.TrimLeft(flag[from:], " \t")
	lead := utf8.RuneCountInString(flag) - utf8.RuneCountInString(said)
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: strings.TrimRight(said, " \t\r\n"), Line: 1, Column: 1}
	if strings.ContainsRune(`{["'`, rune(said[0])) {
		docs, err := documents([]byte(said))
		if err != nil || len(docs) != 1 {
			s.report(len(flag)-len(said), utf8.RuneCountInString(said), "this is not YAML", "a value that begins with a bracket or a quote is YAML; check that what opens is closed")
			return nil, false
		}
		n = docs[0]
	}
	s.own(n, lead)
	return n, true
}

// own makes the nodes of a value those of the flag's text, lead characters of
// which are before it.
func (s *putting) own(n *yaml.Node, lead int) {
	if n.Line == 1 {
		n.Column += lead
	}
	s.d.texts[n] = s.in
	for _, c := range n.Content {
		s.own(c, lead)
	}
}

// node is a node of the flag's text at a byte of it.
func (s *putting) node(kind yaml.Kind, from int, text string) *yaml.Node {
	n := &yaml.Node{Kind: kind, Value: text, Line: 1, Column: 1 + utf8.RuneCountInString(s.in.lines[0][:from])}
	s.d.texts[n] = s.in
	return n
}

// step goes from a node to what a part of the path names in it, or puts v there
// if it is not nil. It gives nil when there is nothing to go to.
func (s *putting) step(at *yaml.Node, from int, part string, v *yaml.Node) *yaml.Node {
	shared := at.Kind == yaml.AliasNode || at.Anchor != ""
	switch {
	case shared:
		s.report(from, len(part), "what is above this is shared by an anchor of the file", "write it out where it is to be changed")
		return nil
	case part[0] == '[':
		return s.element(at, from, part, v)
	case at.Kind == yaml.ScalarNode && at.ShortTag() == "!!null":
		*at = *s.node(yaml.MappingNode, from, "")
		s.d.texts[at] = s.in
	case at.Kind != yaml.MappingNode:
		s.report(from, len(part), "what is above this is not a mapping in the file", "set all of it, such as --set "+s.above(from)+"='{…}'")
		return nil
	}
	for i := 0; i+1 < len(at.Content); i += 2 {
		if at.Content[i].Value != part {
			continue
		}
		if v != nil {
			at.Content[i] = s.node(yaml.ScalarNode, from, part)
			return s.put(&at.Content[i+1], from, part, v)
		}
		return at.Content[i+1]
	}
	next := v
	if next == nil {
		next = s.node(yaml.MappingNode, from, "")
	}
	at.Content = append(at.Content, s.node(yaml.ScalarNode, from, part), next)
	return next
}

// element is step for a place in a list.
func (s *putting) element(at *yaml.Node, from int, part string, v *yaml.Node) *yaml.Node {
	n, err := strconv.Atoi(strings.Trim(part, "[]"))
	switch {
	case at.Kind != yaml.SequenceNode:
		s.report(from, len(part), "what is before this is not a list in the file", "leave out the "+part)
		return nil
	case err != nil || n >= len(at.Content):
		s.report(from, len(part), fmt.Sprintf("the list in the file has %d elements", len(at.Content)), "the first is [0]")
		return nil
	case v != nil:
		return s.put(&at.Content[n], from, part, v)
	}
	return at.Content[n]
}

// put replaces a node, unless an alias elsewhere needs a part of it.
func (s *putting) put(at **yaml.Node, from int, part string, v *yaml.Node) *yaml.Node {
	if anchored(*at) {
		s.report(from, len(part), "this has an anchor in the file, which may be used elsewhere", "move the anchor, or write out its value")
		return nil
	}
	*at = v
	return v
}

func anchored(n *yaml.Node) bool {
	return n.Anchor != "" || slices.ContainsFunc(n.Content, anchored)
}

// above is the path before a byte of the flag.
func (s *putting) above(from int) string {
	lead := strings.Index(s.in.lines[0], s.path)
	return strings.TrimRight(s.path[:max(from-lead, 0)], ".")
}

// report says what is wrong with width characters from a byte of the flag.
func (s *putting) report(from, width int, fact, hint string) {
	p := s.in.span(1, 1+utf8.RuneCountInString(s.in.lines[0][:min(from, len(s.in.lines[0]))]), width)
	s.d.add(diag.Diagnostic{Place: p, Path: s.path, Fact: fact, Hint: hint})
}
