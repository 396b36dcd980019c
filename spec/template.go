package spec

import (
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"tasks/spec/diag"
)

const (
	opening = "${{"
	closing = "}}"
	escaped = "$${{"
)

const unterminated = "the ${{ is never closed"

// template reads text with expressions in it.
func (d *decoder) template(v value, wants string) (Template, bool) {
	s, ok := d.scalar(v, wants, "")
	if !ok {
		return Template{}, false
	}
	return d.templateText(v, s)
}

// argument reads one argument of a command, which may be the empty text.
func (d *decoder) argument(v value) (Template, bool) {
	if v.node.Kind == yaml.ScalarNode && v.node.Style != 0 && strings.TrimSpace(v.node.Value) == "" && !v.foreignTag() {
		return Template{Text: v.node.Value, Parts: []Part{{Literal: v.node.Value}}, at: v.at()}, true
	}
	return d.template(v, "an argument")
}

func (d *decoder) templateText(v value, s string) (Template, bool) {
	if i := strings.IndexByte(s, 0); i >= 0 {
		d.report(v, "a command cannot have the character U+0000 in it", "")
		return Template{}, false
	}
	t, found := parseTemplate(s, v.at(), v.path)
	d.add(v.cutShort(found)...)
	return t, len(found) == 0
}

// cutShort is what was found in a text, with another explanation for what is not
// closed in it where a comment follows: the text ends there, against its
// author's meaning.
func (v value) cutShort(found diag.List) diag.List {
	if v.node.Style != 0 || v.node.LineComment == "" {
		return found
	}
	for i, f := range found {
		if f.Fact == neverClosed || f.Fact == unterminated {
			found[i].Fact = "the text ends at the #, which starts a comment in YAML"
			found[i].Hint = "quote all of it, or put it in a block after |"
		}
	}
	return found
}

// parseTemplate splits a text into literals and expressions. An expression ends
// at the first }} that is in no string and no braces of its own; $${{ stands
// for the text ${{.
func parseTemplate(s string, at place, path string) (Template, diag.List) {
	t := Template{Text: s, at: at}
	var found diag.List
	var literal strings.Builder
	pos := 0 // the characters before i
	flush := func() {
		if literal.Len() > 0 {
			t.Parts = append(t.Parts, Part{Literal: literal.String()})
			literal.Reset()
		}
	}
	for i := 0; i < len(s) && len(found) < maxInCommand; {
		from := i
		switch {
		case strings.HasPrefix(s[i:], escaped):
			literal.WriteString(opening)
			i += len(escaped)
		case strings.HasPrefix(s[i:], opening):
			end, fact, hint := expressionEnd(s, i+len(opening))
			if fact != "" {
				p := t.place(pos, utf8.RuneCountInString(s[i:min(end, len(s))]))
				found = append(found, diag.Diagnostic{Place: p, Path: path, Fact: fact, Hint: hint})
			} else {
				flush()
				e := exprAt(s[i+len(opening):end-len(closing)], at.moved(pos+len(opening)))
				t.Parts = append(t.Parts, Part{Expr: e})
			}
			i = end
		default:
			_, n := utf8.DecodeRuneInString(s[i:])
			literal.WriteString(s[i : i+n])
			i += n
		}
		pos += utf8.RuneCountInString(s[from:i])
	}
	flush()
	return t, found
}

// expressionEnd is the offset behind the }} that ends the expression at i, or
// what is wrong with the expression.
func expressionEnd(s string, i int) (end int, fact, hint string) {
	start, depth := i, 0
	for i < len(s) {
		switch {
		case depth == 0 && strings.HasPrefix(s[i:], closing):
			if strings.TrimSpace(s[start:i]) == "" {
				return i + len(closing), "there is no expression between ${{ and }}", "write one, such as ${{ task.item }}"
			}
			return i + len(closing), "", ""
		case strings.HasPrefix(s[i:], opening):
			return i, "the ${{ is not closed before the next one", "close it with }}"
		case s[i] == '{':
			depth++
		case s[i] == '}':
			depth--
		}
		i = skipString(s, i)
	}
	return len(s), unterminated, "close it with }}, or write $${{ for the text ${{ itself"
}
