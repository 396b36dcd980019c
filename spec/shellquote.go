package spec

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// fixWidth is the longest corrected text that a hint repeats, in characters.
const fixWidth = 70

const neverClosed = "the shell quotes that open here are never closed"

// single reads text in single quotes, in which nothing is special.
func (s *shell) single() {
	q := quotes{start: s.i}
	for s.i++; !s.done() && s.at(0) != '\''; {
		s.quoted(&q)
	}
	s.close(q)
}

// double reads text in double quotes, in which commands may be nested.
func (s *shell) double() {
	q := quotes{start: s.i}
	for s.i++; !s.done() && s.at(0) != '"'; {
		switch s.at(0) {
		case '\\':
			s.i++
			if s.at(0) != hole {
				s.i++
			}
		case '`':
			s.backticks()
		case '$':
			s.dollar(true)
		default:
			s.quoted(&q)
		}
	}
	s.close(q)
}

// quotes are the author's own, with the values that stand right in them.
type quotes struct {
	start int   // of the opening one, in src
	holes []int // in src
	first int   // index into holes of the shell of the first
}

// quoted moves over a character in quotes.
func (s *shell) quoted(q *quotes) {
	if s.at(0) == hole {
		if len(q.holes) == 0 {
			q.first = s.next
		}
		q.holes = append(q.holes, s.i)
		s.next++
	}
	s.i++
}

// close moves over the closing quote, and reports values in between, all at
// once, or that there is none.
func (s *shell) close(q quotes) {
	closed := !s.done()
	s.i = min(s.i+1, len(s.src))
	switch {
	case len(q.holes) > 0:
		s.report(q.holes[0], "the value arrives quoted, and here it is inside quotes already", s.unquoted(q))
	case !closed && !s.lost:
		s.report(q.start, neverClosed, "close them, or put a backslash before one that belongs to the text")
	}
	s.lost = s.lost || !closed
}

// unquoted is the hint with the quotes closed before each value and opened
// again behind it.
func (s *shell) unquoted(q quotes) string {
	var b strings.Builder
	quote := string(s.src[q.start])
	next, from := 0, q.start+1
	piece := func(to int) {
		if to > from {
			b.WriteString(quote + s.literal(from, to) + quote)
		}
	}
	for _, h := range q.holes {
		piece(h)
		b.WriteString(s.literal(h, h+1))
		next, from = next+1, h+1
	}
	if end := s.i - 1; s.i > from {
		piece(max(end, from))
	}
	fix := b.String()
	if utf8.RuneCountInString(fix) > fixWidth || strings.ContainsAny(fix, "\n") {
		return "close the quotes before it, and open them again behind it"
	}
	if next == 1 && fix == s.literal(q.holes[0], q.holes[0]+1) {
		return "leave out the quotes: " + fix
	}
	return "keep it out of the quotes: " + fix
}

// literal is what the template has for a stretch of the command.
func (s *shell) literal(from, to int) string {
	return string([]rune(s.t.Text)[s.from[from]:s.from[to]])
}

// dollar reads an expansion.
func (s *shell) dollar(quoted bool) {
	switch c := s.at(1); {
	case c == '(' && s.at(2) == '(':
		s.i++
		s.arithmetic()
	case c == '(':
		s.i += 2
		s.commands()
	case c == '{':
		s.parameter(quoted)
	case c == '[' || c == hole:
		s.i++
		s.lost = true // special to some shells, and text to others
	case c == '\'' && !quoted:
		s.ansi()
	case c == '#' || c == '$' || c == '?' || c == '!':
		s.i += 2
	default:
		s.i++
	}
}

// ansi reads $'…', in which a backslash escapes a quote for some shells only.
func (s *shell) ansi() {
	s.i++
	from := s.i
	s.single()
	s.lost = s.lost || strings.ContainsRune(string(s.src[from:s.i]), '\\')
}

// parameter reads ${…}. In double quotes, shells differ in what quotes mean
// there.
func (s *shell) parameter(quoted bool) {
	const fact = "the quotes of a value do not hold inside ${ }"
	for s.i += 2; !s.done() && s.at(0) != '}'; {
		switch c := s.at(0); {
		case c == hole:
			s.hole(fact, fmt.Sprintf(`start the command with v=${{ %s }}, and write $v here`, s.holes[s.next].Text))
		case c == '`':
			s.backticks()
		case c == '$':
			s.dollar(quoted)
		case quoted && strings.ContainsRune(`'"\`, c):
			s.lost = true
			s.i++
		case c == '\'':
			s.single()
		case c == '"':
			s.double()
		case c == '\\':
			s.backslash()
		default:
			s.i++
		}
	}
	s.i = min(s.i+1, len(s.src))
}

// arithmetic reads ((…)), where shells evaluate what values say.
func (s *shell) arithmetic() {
	for depth := 0; !s.done(); {
		switch c := s.at(0); c {
		case hole:
			s.hole("the shell would evaluate a value inside (( ))", "compute it in the expression, as in ${{ task.item + 1 }}; two subshells need a blank between their parentheses")
			continue
		case '(':
			depth++
		case ')':
			depth--
		case '\'', '"', '`', '\\', '#':
			s.lost = true
		}
		s.i++
		if depth == 0 {
			return
		}
	}
}

// backticks read an old-style command substitution: its end is the next backtick
// without a backslash, whatever quotes there are.
func (s *shell) backticks() {
	for s.i++; !s.done() && s.at(0) != '`'; {
		switch s.at(0) {
		case hole:
			s.hole("the quotes of a value do not hold inside backticks", "write $( ) in the place of the backticks")
		case '\\':
			s.i++
			if s.at(0) != hole {
				s.i++
			}
		default:
			s.i++
		}
	}
	s.i = min(s.i+1, len(s.src))
}
