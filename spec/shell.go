package spec

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"tasks/spec/diag"
)

// ShellQuote is the text as one word of a POSIX shell: in single quotes, with
// those it has itself taken care of. No text can end the word or be expanded.
// A shell cannot have U+0000 in a word; the caller refuses it before.
func ShellQuote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// checkShell reports every value in a shell command that would not arrive as
// text: a value comes in single quotes of its own, which hold only where the
// shell reads plain words.
func checkShell(t Template, path string) diag.List {
	s := newShell(t)
	if s.only() {
		e := s.holes[0]
		return diag.List{{
			Place: t.Whole(), Path: path,
			Fact: "the whole command is one value, which the shell takes for the name of a program",
			Hint: fmt.Sprintf("write [sh, -c, '${{ %s }}'] to run it as a script, or ['${{ %s }}'] as a program", e.Text, e.Text),
		}}
	}
	s.path = path
	s.commands()
	return s.found
}

// shells are the programs that take a script after -c.
var shells = []string{"sh", "bash", "dash", "ash", "zsh", "ksh", "busybox"}

// checkArgv reports a value in the midst of a script that an argument vector
// hands to a shell: nothing quotes it there. A script that is a value as a whole
// is what its author wants to run.
func checkArgv(argv []Template, at string) diag.List {
	if len(argv) == 0 || !slices.Contains(shells, path.Base(argv[0].Text)) {
		return nil
	}
	c := slices.IndexFunc(argv, func(t Template) bool {
		return strings.HasPrefix(t.Text, "-") && !strings.HasPrefix(t.Text, "--") && strings.HasSuffix(t.Text, "c")
	})
	if c < 0 || c+1 >= len(argv) || len(argv[c+1].Parts) < 2 {
		return nil
	}
	script := newShell(argv[c+1])
	return diag.List{{
		Place: script.place(slices.Index(script.src, hole)), Path: at,
		Fact: "nothing quotes a value inside a script in a list of arguments",
		Hint: fmt.Sprintf(`write the command as text, or use "$1" in the script and add sh and '${{ %s }}' behind it`, script.holes[0].Text),
	}}
}

// hole stands for a value in the characters of a command.
const hole rune = -1

// A shell reads a command as a POSIX shell does, as far as it must to know
// whether a value stands where words are plain. Where shells differ, or the
// command is too intricate, it is lost, and refuses all values that follow.
type shell struct {
	t       Template
	path    string // of the template in the document
	src     []rune
	from    []int  // where in the template each of src starts, and the end
	holes   []Expr // in the order of the holes in src
	i       int
	next    int // index into holes of the first that is not behind i
	depth   int // how deep in parentheses it is, at least 1
	lost    bool
	pending []hereDoc
	found   diag.List
}

func newShell(t Template) *shell {
	s := &shell{t: t}
	text, pos := []rune(t.Text), 0
	for _, p := range t.Parts {
		s.from = append(s.from, pos)
		if !p.Expr.IsZero() {
			s.src = append(s.src, hole)
			s.holes = append(s.holes, p.Expr)
			pos = p.Expr.at.offset - t.at.offset + utf8.RuneCountInString(p.Expr.Text)
			for pos < len(text) && text[pos] != '}' {
				pos++
			}
			pos += len(closing)
			continue
		}
		for i, r := range p.Literal {
			if i > 0 {
				s.from = append(s.from, pos)
			}
			if strings.HasPrefix(p.Literal[i:], opening) {
				pos++ // the $ that escapes it
			}
			s.src = append(s.src, r)
			pos++
		}
	}
	s.from = append(s.from, pos)
	return s
}

// place is where the character i of the command stands, a value with its braces.
func (s *shell) place(i int) diag.Place {
	return s.t.place(s.from[i], s.from[i+1]-s.from[i])
}

// only reports whether the command is one value and nothing else.
func (s *shell) only() bool {
	said := func(r rune) bool { return r != hole && !strings.ContainsRune(" \t\n", r) }
	return len(s.holes) == 1 && !slices.ContainsFunc(s.src, said)
}

// at is the character n further on, or 0 behind the end.
func (s *shell) at(n int) rune {
	if s.i+n >= len(s.src) {
		return 0
	}
	return s.src[s.i+n]
}

func (s *shell) done() bool { return s.i >= len(s.src) }

// hole moves over a value, and reports it if a reason is given.
func (s *shell) hole(fact, hint string) {
	e := s.holes[s.next]
	if s.lost {
		fact = "the quoting before this value is too intricate to follow safely"
		hint = fmt.Sprintf(`start the command with v=${{ %s }}, and write "$v" here`, e.Text)
	}
	if fact != "" {
		s.report(s.i, fact, hint)
	}
	s.i++
	s.next++
}

// maxInCommand is how many mistakes are told of one command: to find the place of
// each takes as long as the command is.
const maxInCommand = 10

// report says what is wrong at the character i of the command. After enough
// mistakes the rest of it is not read.
func (s *shell) report(i int, fact, hint string) {
	s.found = append(s.found, diag.Diagnostic{Place: s.place(i), Path: s.path, Fact: fact, Hint: hint})
	if len(s.found) == maxInCommand {
		s.src = s.src[:i]
	}
}

// commands reads commands up to the end, or the parenthesis that closes them.
func (s *shell) commands() {
	s.depth++
	defer func() { s.depth-- }()
	start := true // whether a word would start here
	for !s.done() {
		c := s.at(0)
		switch {
		case c == hole:
			s.hole("", "")
		case c == '\\':
			if s.backslash() {
				continue
			}
		case c == '#' && start:
			s.comment()
		case c == ')' && s.depth > 1:
			s.i++
			s.leave()
			return
		case c == '\n':
			s.i++
			s.bodies()
		default:
			if s.depth > 1 && start && s.word("case") {
				s.lost = true // its patterns end in a parenthesis of their own
			}
			s.plain(c)
		}
		start = strings.ContainsRune(" \t\n;&|()<>", c)
	}
}

// plain reads what a character starts where words are plain.
func (s *shell) plain(c rune) {
	switch {
	case c == '\'':
		s.single()
	case c == '"':
		s.double()
	case c == '`':
		s.backticks()
	case c == '$':
		s.dollar(false)
	case c == '(' && s.at(1) == '(':
		s.arithmetic()
	case c == '(':
		s.i++
		s.commands()
	case c == '<' && s.at(1) == '<':
		s.hereDoc()
	default:
		s.i++
	}
}

// word reports whether a word starts here.
func (s *shell) word(w string) bool {
	for n, r := range w {
		if s.at(n) != r {
			return false
		}
	}
	return strings.ContainsRune(" \t\n\\", s.at(len(w)))
}

// backslash reads an escaped character, and reports whether it is a line end,
// which counts as nothing at all.
func (s *shell) backslash() bool {
	s.i++
	if s.at(0) == hole {
		s.hole("the backslash right before the value would escape its quotes", "leave out the backslash")
		return false
	}
	s.i = min(s.i+1, len(s.src))
	return s.src[s.i-1] == '\n'
}

func (s *shell) comment() {
	for !s.done() && s.at(0) != '\n' {
		if s.at(0) == hole {
			s.hole("a value with a line end in it would end this comment of the shell", "leave it out of the comment")
			continue
		}
		s.i++
	}
}

// leave is called behind the parenthesis that closes commands.
func (s *shell) leave() {
	for _, h := range s.pending {
		if h.depth >= s.depth {
			s.lost = true
		}
	}
}
