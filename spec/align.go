package spec

import (
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
)

// A spot is where one character of a decoded value stands, counted from 1.
type spot struct{ line, col int }

// align follows the decoded value of a scalar through the file, character by
// character: blanks and line ends of one side match those of the other, however
// YAML folded them; quotes and escapes are undone. It gives one spot for each
// character and one for the end, or nil where the two do not match.
func align(t *text, n *yaml.Node) []spot {
	c := newCursor(t, n)
	spots := make([]spot, 0, len(n.Value)+1)
	for _, r := range n.Value {
		if isBlank(r) {
			spots = append(spots, c.blank())
			continue
		}
		at, ok := c.next(r)
		if !ok {
			return nil
		}
		spots = append(spots, at)
	}
	return append(spots, c.spot())
}

// rawSpots is align for a value that is the text itself.
func rawSpots(t *text) []spot {
	var spots []spot
	for i, line := range t.lines {
		col := 1
		for range line {
			spots = append(spots, spot{i + 1, col})
			col++
		}
		spots = append(spots, spot{i + 1, col})
	}
	return spots
}

// A cursor stands on a character of a scalar in the file.
type cursor struct {
	t     *text
	style yaml.Style
	line  int    // from 1
	runes []rune // the line's
	i     int    // into runes
}

func newCursor(t *text, n *yaml.Node) *cursor {
	c := &cursor{t: t, style: n.Style}
	line, col := content(t, n)
	c.to(line)
	c.i = min(col-1, len(c.runes))
	if c.quoted() {
		c.i++
	}
	return c
}

// content is where what a scalar says begins: behind its anchor and tag, with
// the opening quote, and for a block on the first line that has something.
func content(t *text, n *yaml.Node) (line, col int) {
	line, col = n.Line, n.Column
	for range 2 { // an anchor and a tag
		rest := runesFrom(t.line(line), col)
		if len(rest) == 0 || rest[0] != '&' && rest[0] != '!' {
			break
		}
		for len(rest) > 0 && !isBlank(rest[0]) {
			rest, col = rest[1:], col+1
		}
		for len(rest) > 0 && isBlank(rest[0]) {
			rest, col = rest[1:], col+1
		}
	}
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 || strings.TrimSpace(n.Value) == "" {
		return line, col
	}
	for line++; line < len(t.lines) && strings.TrimSpace(t.line(line)) == ""; line++ {
	}
	indent := len(t.line(line)) - len(strings.TrimLeft(t.line(line), " \t"))
	return line, indent + 1
}

func (c *cursor) quoted() bool {
	return c.style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0
}

func (c *cursor) to(line int) {
	c.line, c.runes, c.i = line, []rune(c.t.line(line)), 0
}

func (c *cursor) spot() spot { return spot{c.line, c.i + 1} }

// blank is where a blank or line end of the value stands. Whole runs of them
// match, so the cursor moves over a blank of the file if it is on one.
func (c *cursor) blank() spot {
	at := c.spot()
	switch {
	case c.i >= len(c.runes):
	case isBlank(c.runes[c.i]):
		c.i++
	case c.style&yaml.DoubleQuotedStyle != 0 && c.runes[c.i] == '\\' && c.i+1 < len(c.runes):
		c.escape()
	}
	return at
}

// next finds a character that is not blank: the next one that the file has.
func (c *cursor) next(r rune) (spot, bool) {
	for {
		for c.i >= len(c.runes) {
			if c.line >= len(c.t.lines) {
				return spot{}, false
			}
			c.to(c.line + 1)
		}
		at, got := c.spot(), c.runes[c.i]
		switch {
		case isBlank(got):
			c.i++
		case got == '\\' && c.style&yaml.DoubleQuotedStyle != 0:
			if c.escape() {
				return at, true
			}
		case got == r && got == '\'' && c.style&yaml.SingleQuotedStyle != 0:
			c.i += 2
			return at, true
		case got == r:
			c.i++
			return at, true
		default:
			return spot{}, false
		}
	}
}

// escape moves over an escape of a double-quoted scalar and reports whether it
// stands for something to see, rather than for a blank or a folded line.
func (c *cursor) escape() bool {
	if c.i+1 >= len(c.runes) {
		c.i++
		return false
	}
	letter := c.runes[c.i+1]
	digits := map[rune]int{'x': 2, 'u': 4, 'U': 8}[letter]
	c.i = min(c.i+2+digits, len(c.runes))
	return !strings.ContainsRune("ntrvf \t_NLP", letter)
}

// isBlank reports whether folding may have made r, or taken it away.
func isBlank(r rune) bool { return unicode.IsSpace(r) }
