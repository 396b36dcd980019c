package diag

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// columns is the width that a snippet is cut to.
const columns = 80

// Render writes the list as a person reads it at a terminal: for each mistake
// its place and fact, the line with the one before it, a caret under the place,
// and the hint. An empty line stands between two of them.
//
// sources gives the text of a file named in a place, or nil where there is none
// to show; each file is asked for once. With colour, the fact, the caret and the
// hint carry ANSI colours. The error is that of w.
func Render(w io.Writer, list List, sources func(file string) []byte, colour bool) error {
	r := renderer{sources: sources, lines: map[string][]string{}, paint: plain}
	if colour {
		r.paint = ansi
	}
	for i, d := range list {
		if i > 0 {
			r.out.WriteByte('\n')
		}
		r.diagnostic(d)
	}
	_, err := io.WriteString(w, r.out.String())
	return err
}

type renderer struct {
	out     strings.Builder
	sources func(string) []byte
	lines   map[string][]string
	paint   func(style, text string) string
}

// The ANSI styles in use.
const (
	bold = "1"
	red  = "1;31"
	cyan = "36"
	dim  = "2"
)

func plain(_, text string) string { return text }

func ansi(style, text string) string { return "\x1b[" + style + "m" + text + "\x1b[0m" }

func (r *renderer) diagnostic(d Diagnostic) {
	r.out.WriteString(r.paint(bold, clean(d.String())) + "\n")
	r.snippet(d.Place)
	if d.Hint != "" {
		r.out.WriteString("   " + r.paint(cyan, "hint:") + " " + clean(d.Hint) + "\n")
	}
}

// snippet writes the line of the place, the line before it, and the caret.
func (r *renderer) snippet(p Place) {
	if p.Line <= 0 {
		if p.Text != "" {
			r.out.WriteByte('\n')
			r.marked(" > ", "   ", p.Text, p)
		}
		return
	}
	lines := r.file(p.File)
	if p.Line > len(lines) || blank(lines) {
		return
	}
	r.out.WriteByte('\n')
	digits := len(strconv.Itoa(p.Line))
	if p.Line > 1 {
		before, _, _ := window(lines[p.Line-2], 1, 1, columns-digits-6)
		gutter := fmt.Sprintf("   %*d | ", digits, p.Line-1)
		r.out.WriteString(strings.TrimRight(r.paint(dim, gutter)+before, " ") + "\n")
	}
	r.marked(fmt.Sprintf(" > %d | ", p.Line), fmt.Sprintf("   %*s | ", digits, ""), lines[p.Line-1], p)
}

// marked writes one line after its gutter, and the caret below.
func (r *renderer) marked(gutter, below, line string, p Place) {
	text, skip, width := window(line, p.Col, p.Width, columns-len(gutter))
	r.out.WriteString(strings.TrimRight(r.paint(dim, gutter)+text, " ") + "\n")
	r.out.WriteString(r.paint(dim, below) + strings.Repeat(" ", skip) + r.paint(red, strings.Repeat("^", width)) + "\n")
}

func (r *renderer) file(name string) []string {
	lines, ok := r.lines[name]
	if !ok {
		if text := r.sources(name); text != nil {
			lines = Lines(text)
		}
		r.lines[name] = lines
	}
	return lines
}

// blank reports whether there is nothing in the file to show.
func blank(lines []string) bool {
	for _, l := range lines {
		if strings.TrimSpace(l) != "" {
			return false
		}
	}
	return true
}

// clean makes a text safe to print: what could drive the terminal is replaced.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		shown, n := cell(r, 0)
		if r != '\t' && n == 1 && shown == "\ufffd" {
			return '\ufffd'
		}
		return r
	}, s)
}
