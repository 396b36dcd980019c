package spec

import (
	"slices"
	"strings"
)

// A hereDoc is a here-document whose text starts behind the next line end.
type hereDoc struct {
	end    string // the line that ends it
	tabs   bool   // <<-: tabs before a line do not count
	quoted bool   // the text is taken as it is
	depth  int    // how deep in parentheses it was asked for
}

// hereDoc reads << and the word behind it; <<< is an operator like any other.
func (s *shell) hereDoc() {
	s.i += 2
	if s.at(0) == '<' {
		s.i++
		return
	}
	h := hereDoc{depth: s.depth}
	if s.at(0) == '-' {
		h.tabs = true
		s.i++
	}
	for s.at(0) == ' ' || s.at(0) == '\t' {
		s.i++
	}
	from := s.i
	for !s.done() && !strings.ContainsRune(" \t\n;&|()<>", s.at(0)) {
		switch s.at(0) {
		case hole:
			s.hole("a value cannot be the end of a here-document", "write a word there, such as END")
		case '\'':
			s.single()
		case '"':
			s.double()
		case '\\':
			s.backslash()
		default:
			s.i++
		}
	}
	word := string(s.src[from:s.i])
	h.end = strings.NewReplacer(`'`, "", `"`, "", `\`, "").Replace(word)
	h.quoted = h.end != word
	s.lost = s.lost || strings.ContainsAny(word, "$`\n")
	s.pending = append(s.pending, h)
}

// bodies reads the here-documents whose text starts here, behind a line end.
func (s *shell) bodies() {
	pending := s.pending
	s.pending = nil
	for _, h := range pending {
		if h.depth != s.depth {
			s.lost = true // shells differ in whose line end it is
		}
		s.body(h)
	}
}

// body reads the text of a here-document, up to its last line.
func (s *shell) body(h hereDoc) {
	for !s.done() {
		from := s.i
		for !s.done() && s.at(0) != '\n' {
			if s.at(0) == hole {
				s.hole("the quotes of a value do not hold in a here-document", `write printf '%s\n' ${{ … }} | before the command in its place`)
				continue
			}
			s.i++
		}
		line := s.src[from:s.i]
		s.i = min(s.i+1, len(s.src))
		if slices.Equal(trimTabs(line, h.tabs), []rune(h.end)) {
			return
		}
		if !h.quoted && len(line) > 0 && line[len(line)-1] == '\\' {
			s.lost = true // the next line belongs to this one
		}
	}
}

func trimTabs(line []rune, tabs bool) []rune {
	for tabs && len(line) > 0 && line[0] == '\t' {
		line = line[1:]
	}
	return line
}
