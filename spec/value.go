package spec

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"tasks/spec/diag"
)

// place is where the value stands: a scalar or a flow collection on its first
// line, and the key of a block collection or of nothing.
func (v value) place() diag.Place {
	n := v.node
	switch {
	case v.foreignTag():
		return v.in.rest(n.Line, n.Column)
	case n.Kind == yaml.ScalarNode && (n.Value != "" || v.key == nil || n.Style != 0):
		return v.scalarPlace()
	case n.Kind != yaml.ScalarNode && n.Style&yaml.FlowStyle != 0:
		return v.flowPlace()
	case v.key != nil:
		return value{in: v.in, node: v.key}.place()
	}
	line, col := content(v.in, n)
	return v.in.rest(line, col)
}

// scalarPlace is where a scalar stands, quotes included, on its first line.
func (v value) scalarPlace() diag.Place {
	p := v.at()
	spots := p.spots()
	if spots == nil || p.node == nil {
		return p.whole(v.node.Value)
	}
	line, col := content(v.in, v.node)
	end := spots[len(spots)-1]
	if v.node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		end.col++
	}
	if end.line != line {
		return v.in.rest(line, col)
	}
	return v.in.span(line, col, end.col-col)
}

// flowPlace is where a collection in brackets stands, on its first line.
func (v value) flowPlace() diag.Place {
	line, col := content(v.in, v.node)
	depth, width := 0, 0
	var quote rune
	for _, r := range runesFrom(v.in.line(line), col) {
		width++
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '\'' || r == '"':
			quote = r
		case r == '[' || r == '{':
			depth++
		case r == ']' || r == '}':
			depth--
		}
		if depth == 0 {
			return v.in.span(line, col, width)
		}
	}
	return v.in.rest(line, col)
}

// at is the place of the value's decoded text.
func (v value) at() place {
	if v.node.Line == 0 {
		return place{in: v.in}
	}
	return place{in: v.in, node: v.node}
}

// isNull reports whether the document has nothing, or null, for the value.
func (v value) isNull() bool {
	return v.node.Kind == yaml.ScalarNode && v.node.ShortTag() == "!!null"
}

// foreignTag reports whether the value has a tag that YAML itself does not know.
func (v value) foreignTag() bool {
	return strings.HasPrefix(v.node.Tag, "!") && !strings.HasPrefix(v.node.Tag, "!!")
}

// kind is what the value is, in words that fit after "and this is".
func (v value) kind() string {
	switch {
	case v.node.Kind == yaml.MappingNode:
		return "a mapping"
	case v.node.Kind == yaml.SequenceNode:
		return "a list"
	case v.isNull():
		return "nothing"
	case v.node.Style == 0 && v.node.ShortTag() != "!!str":
		return v.node.Value
	}
	return shown(v.node.Value)
}

// shown is a text of the document in quotes, shortened to what fits in a line.
func shown(s string) string {
	if utf8.RuneCountInString(s) > 40 {
		s = string([]rune(s)[:39]) + "…"
	}
	if strings.ContainsAny(s, `"\`) && strconv.CanBackquote(s) {
		return "'" + s + "'"
	}
	return strconv.Quote(s)
}
