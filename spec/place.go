package spec

import (
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"tasks/spec/diag"
)

// A place is where an expression or template starts: character offset of the
// scalar's decoded value, the one after quotes, escapes and folding. It keeps
// the scalar and the text that it is in, and works out lines and columns only
// when asked, which is when something is wrong.
type place struct {
	in     *text
	node   *yaml.Node // nil where the value is the text itself: a default or a flag
	offset int
}

// NewExpr is an expression that stands in no file: a default, or a flag's value.
// The name, such as "--workers", is the File of its places.
func NewExpr(expr, name string) Expr {
	return Expr{Text: expr, at: outside(expr, name)}
}

// NewTemplate is a template that stands in no file, with its mistakes.
func NewTemplate(template, name string) (Template, diag.List) {
	return parseTemplate(template, outside(template, name), "")
}

func outside(value, name string) place {
	return place{in: &text{name: name, flag: true, lines: diag.Lines([]byte(value))}}
}

// IsZero reports whether there is no expression.
func (e Expr) IsZero() bool { return e.Text == "" }

// Place is where a stretch of the expression stands in the file. Line counts
// from 1 and col from 0 within the text of the expression, both in characters,
// as package expr reports errors; width is in characters too. A stretch that
// runs beyond its line or the expression is cut there; where the scalar's
// characters cannot be followed in the file, all of its first line is the place.
func (e Expr) Place(line, col, width int) diag.Place {
	lines := strings.SplitAfter(e.Text, "\n")
	line = min(max(line, 1), len(lines))
	start := utf8.RuneCountInString(strings.Join(lines[:line-1], ""))
	here := utf8.RuneCountInString(strings.TrimSuffix(lines[line-1], "\n"))
	start += min(max(col, 0), here)
	return e.at.stretch(start, max(width, 1), utf8.RuneCountInString(e.Text))
}

// Whole is the place of the expression, or of its first line.
func (e Expr) Whole() diag.Place { return e.at.whole(e.Text) }

// IsZero reports whether there is no template.
func (t Template) IsZero() bool { return t.Text == "" }

// Whole is the place of the template, or of its first line.
func (t Template) Whole() diag.Place { return t.at.whole(t.Text) }

// place is where width characters from a character of the template stand.
func (t Template) place(start, width int) diag.Place {
	return t.at.stretch(start, width, utf8.RuneCountInString(t.Text))
}

// whole is the place of what the value says on its first line with anything.
func (p place) whole(value string) diag.Place {
	said := strings.TrimLeft(value, " \t\n")
	start := utf8.RuneCountInString(value[:len(value)-len(said)])
	first, _, _ := strings.Cut(said, "\n")
	width := utf8.RuneCountInString(strings.TrimRight(first, " \t"))
	return p.stretch(start, max(width, 1), utf8.RuneCountInString(value))
}

// moved is the place of what stands n characters further on.
func (p place) moved(n int) place {
	p.offset += n
	return p
}

// stretch is the place of width characters from start, in a value that is
// length characters long and begins at p.
func (p place) stretch(start, width, length int) diag.Place {
	if p.in == nil {
		return diag.Place{}
	}
	spots := p.spots()
	if spots == nil {
		return p.scalar()
	}
	if start >= length && start > 0 { // just behind the end
		last := spots[min(p.offset+start, len(spots)-1)-1]
		return p.in.span(last.line, last.col+1, 1)
	}
	from := min(p.offset+start, len(spots)-1)
	to := min(from+min(width, length-start), len(spots)-1)
	first, n := spots[from], 1
	for i := from + 1; i < to && spots[i].line == first.line; i++ {
		n = spots[i].col - first.col + 1
	}
	return p.in.span(first.line, first.col, n)
}

// scalar is the place of the scalar as the file has it, or of its first line.
func (p place) scalar() diag.Place {
	if p.node == nil {
		return p.in.rest(1, 1)
	}
	line, col := content(p.in, p.node)
	return p.in.rest(line, col)
}

// spots is where each character of the whole scalar stands, or nil.
func (p place) spots() []spot {
	if p.node == nil {
		return rawSpots(p.in)
	}
	return align(p.in, p.node)
}
