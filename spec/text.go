package spec

import (
	"strings"
	"unicode/utf8"

	"tasks/spec/diag"
)

// A text is what is read: a file, or the value of one flag.
type text struct {
	name  string
	flag  bool // name is a flag's, or that of a default: there is no file
	lines []string
}

// span is the place of width characters from a line and column, both from 1,
// kept within the text: a mistake can be at the end of a line, not beyond it.
func (t *text) span(line, col, width int) diag.Place {
	line = min(max(line, 1), len(t.lines))
	s := t.lines[line-1]
	n := utf8.RuneCountInString(s)
	col = min(max(col, 1), n+1)
	width = max(min(width, n+1-col), 1)
	if t.flag {
		return diag.Place{File: t.name, Col: col, Width: width, Text: s}
	}
	return diag.Place{File: t.name, Line: line, Col: col, Width: width}
}

// rest is the place from a line and column to the end of what the line says.
func (t *text) rest(line, col int) diag.Place {
	p := t.span(line, col, 1)
	s := strings.TrimRight(string(runesFrom(t.line(line), col)), " \t")
	return t.span(line, p.Col, utf8.RuneCountInString(s))
}

// line is a line counted from 1, or "" beyond the text.
func (t *text) line(n int) string {
	if n < 1 || n > len(t.lines) {
		return ""
	}
	return t.lines[n-1]
}

// runesFrom is a line's characters from a column counted from 1.
func runesFrom(line string, col int) []rune {
	r := []rune(line)
	return r[min(max(col-1, 0), len(r)):]
}
