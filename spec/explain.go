package spec

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"tasks/spec/diag"
)

// explain makes a diagnostic of a syntax error. The parser's own line is that of
// some context, and for some errors one too few (yaml.v3, parser.fail), so the
// place is worked out from how far it read.
func explain(in *text, content []byte, err error) diag.Diagnostic {
	message := parserPrefix.ReplaceAllString(err.Error(), "")
	line, col := stopped(content)
	e := trouble{in: in, content: content, message: message, line: line, col: col}
	for _, k := range knownTroubles {
		if strings.HasPrefix(message, k.message) {
			return k.explain(e)
		}
	}
	return e.at(in.rest(line, 1), "this is not YAML: "+message, "")
}

var parserPrefix = regexp.MustCompile(`^yaml: (line \d+: )?`)

// A trouble is a syntax error on its way to being explained. Line and col are
// where the parser stopped, from 1.
type trouble struct {
	in        *text
	content   []byte
	message   string
	line, col int
}

func (e trouble) at(p diag.Place, fact, hint string) diag.Diagnostic {
	return diag.Diagnostic{Place: p, Fact: fact, Hint: hint}
}

var knownTroubles = []struct {
	message string
	explain func(trouble) diag.Diagnostic
}{
	{"mapping values are not allowed", (trouble).strayColon},
	{"found a tab character that violates", (trouble).tab},
	{"found character that cannot start any token", (trouble).badStart},
	{"found unexpected end of stream", (trouble).openQuote},
	{"found unexpected document indicator", (trouble).openQuote},
	{"did not find expected ',' or ']'", (trouble).openBracket},
	{"did not find expected ',' or '}'", (trouble).openBracket},
	{"did not find expected node content", (trouble).openBracket},
	{"did not find expected key", (trouble).brokenMapping},
	{"did not find expected '-' indicator", (trouble).brokenMapping},
	{"could not find expected ':'", (trouble).noColon},
	{"block sequence entries are not allowed", (trouble).strayDash},
	{"unknown anchor", (trouble).noAnchor},
	{"found unknown escape character", (trouble).badEscape},
	{"exceeded max depth", (trouble).tooDeep},
	{"found incompatible YAML document", (trouble).version},
}

func (e trouble) strayColon() diag.Diagnostic {
	line, col := e.back(':')
	return e.at(e.in.span(line, col, 1), `": " makes a key of what is before it, and a key cannot stand here`,
		`quote the value if it has ": " in it, or align the line with its neighbours`)
}

func (e trouble) tab() diag.Diagnostic {
	line, col := e.back('\t')
	return e.at(e.in.span(line, col, 1), "a tab cannot indent a line", "use spaces")
}

func (e trouble) badStart() diag.Diagnostic {
	line, col := e.back('\t', '@', '`', '%', '|', '>')
	r := runesFrom(e.in.line(line), col)
	if len(r) > 0 && r[0] == '\t' {
		return e.tab()
	}
	return e.at(e.in.rest(line, col), "a value cannot start with "+shown(string(r[:min(1, len(r))])), "put it in quotes")
}

func (e trouble) openQuote() diag.Diagnostic {
	line := e.firstLine()
	s := e.in.line(line)
	col := utf8.RuneCountInString(s[:max(strings.IndexAny(s, `'"`), 0)]) + 1
	return e.at(e.in.rest(line, col), "the quotes that open here are never closed", "close them, or double a quote that belongs to the text")
}

func (e trouble) openBracket() diag.Diagnostic {
	if i := strings.Index(e.in.line(e.line), "${{"); i >= 0 {
		col := utf8.RuneCountInString(e.in.line(e.line)[:i]) + 1
		return e.at(e.in.span(e.line, col, 3), "between [ ] or { }, YAML takes the braces of ${{ for its own", "quote the value that has ${{ }} in it")
	}
	if line, col, ok := e.ternary(); ok {
		return e.at(e.in.span(line, col, 1), `": " makes a key of what is before it, also between [ ] or { }`, "quote the whole value, as in '… ? 1 : 0'")
	}
	const quote = "a value with brackets, braces, commas or colons in it has to be quoted"
	line, col, what := e.opened(e.firstLine())
	if what == "" {
		return e.at(e.in.span(e.line, e.col, 1), "between [ ] or { }, a value cannot go on like this", "put a comma between values; "+quote)
	}
	return e.at(e.in.span(line, col, 1), "the "+what+" that opens here is not closed", "close it, or put a comma between its parts; "+quote)
}

// ternary is the place of the colon of a condition in the last line read, if there
// is one: a ? b : c.
func (e trouble) ternary() (line, col int, ok bool) {
	before := string([]rune(e.in.line(e.line))[:min(e.col, utf8.RuneCountInString(e.in.line(e.line)))])
	mark, colon := strings.Index(before, " ? "), strings.LastIndex(before, " : ")
	if mark < 0 || colon < mark || strings.ContainsAny(before[mark:colon], `"'{}[]`) {
		return 0, 0, false
	}
	return e.line, utf8.RuneCountInString(before[:colon]) + 2, true
}

func (e trouble) brokenMapping() diag.Diagnostic {
	line := e.firstLine()
	if opened, ok := e.openBefore(line); ok {
		return opened.openQuote()
	}
	col := startOf(e.in.line(line))
	before, after, _ := strings.Cut(e.in.line(line), ": ")
	if said := strings.TrimLeft(after, " "); strings.HasPrefix(said, `"`) || strings.HasPrefix(said, "'") {
		col = utf8.RuneCountInString(before) + len(": ") + len(after) - len(said) + 1
		return e.at(e.in.rest(line, col), "the value goes on behind its closing quote", "quote all of it with the other kind of quotes, or put it in a block after |")
	}
	return e.at(e.in.rest(line, col), "this line does not fit the ones above it", `align it with its neighbours, and write keys as "key: value" and list elements as "- value"`)
}

// openBefore is the trouble of quotes that are open where a line begins. The next
// quote of the file closes them, so that the parser complains only there.
func (e trouble) openBefore(line int) (trouble, bool) {
	if line < 2 {
		return e, false
	}
	before := e.content[:lineEnds(e.content)[line-2]]
	_, err := documents(before)
	if err == nil {
		return e, false
	}
	message := parserPrefix.ReplaceAllString(err.Error(), "")
	open := trouble{in: e.in, content: before, message: message, line: line - 1, col: 1}
	return open, strings.HasPrefix(message, "found unexpected end of stream")
}

func (e trouble) version() diag.Diagnostic {
	for i, s := range e.in.lines {
		if strings.HasPrefix(s, "%YAML") {
			return e.at(e.in.rest(i+1, 1), "this asks for a version of YAML that is not read here", "leave the line out")
		}
	}
	return e.at(e.in.rest(e.line, 1), e.message, "")
}

func (e trouble) noColon() diag.Diagnostic {
	line := e.firstLine()
	return e.at(e.in.rest(line, startOf(e.in.line(line))), `there is no ":" after this key`, `write it as "key: value"`)
}

func (e trouble) strayDash() diag.Diagnostic {
	line, col := e.back('-')
	return e.at(e.in.span(line, col, 1), "a list cannot start here", `put each "- " on a line of its own, below the key`)
}

func (e trouble) noAnchor() diag.Diagnostic {
	_, name, _ := strings.Cut(e.message, "'")
	name, _, _ = strings.Cut(name, "'")
	for i, s := range e.in.lines {
		if at := strings.Index(s, "*"+name); at >= 0 {
			p := e.in.span(i+1, utf8.RuneCountInString(s[:at])+1, utf8.RuneCountInString(name)+1)
			return e.at(p, "there is no anchor &"+name+" above this alias", "quote the value if the * belongs to it")
		}
	}
	return e.at(e.in.rest(e.line, 1), "there is no anchor &"+name, "")
}

func (e trouble) badEscape() diag.Diagnostic {
	line, col := e.back('\\')
	return e.at(e.in.span(line, col, 2), "this escape means nothing in double quotes", `write \\ for a backslash, or use single quotes`)
}

func (e trouble) tooDeep() diag.Diagnostic {
	return e.at(e.in.span(e.line, e.col, 1), "lists and mappings are nested too deeply", "")
}

// startOf is the column of the first character of a line that is not blank.
func startOf(line string) int {
	return len(line) - len(strings.TrimLeft(line, " \t")) + 1
}

// back is the last place of any of some characters at or before where the parser
// stopped, or that.
func (e trouble) back(want ...rune) (line, col int) {
	for line = e.line; line >= max(1, e.line-2); line-- {
		r := []rune(e.in.line(line))
		i := len(r)
		if line == e.line {
			i = min(e.col+1, len(r))
		}
		for i--; i >= 0; i-- {
			if slices.Contains(want, r[i]) {
				return line, i + 1
			}
		}
	}
	return e.line, e.col
}

// opened is the first bracket of a line that the line does not close, quotes left
// out of account, and what it opens, or "".
func (e trouble) opened(line int) (int, int, string) {
	var open []int
	r := []rune(e.in.line(line))
	for i, c := range r {
		switch c {
		case '[', '{':
			open = append(open, i)
		case ']', '}':
			open = open[:max(len(open)-1, 0)]
		}
	}
	if len(open) == 0 {
		return 0, 0, ""
	}
	return line, open[0] + 1, map[rune]string{'[': "list", '{': "mapping"}[r[open[0]]]
}

// parseBudget is how many bytes firstLine may parse in all.
const parseBudget = 8 << 20

// firstLine is the line that brings the trouble: without it and what follows,
// the parser says something else or nothing. It goes back from where the parser
// stopped, as far as the work stays bounded.
func (e trouble) firstLine() int {
	ends := lineEnds(e.content)
	found, work := e.line, 0
	for line := min(e.line, len(ends)); line >= 1; line-- {
		before := 0
		if line > 1 {
			before = ends[line-2]
		}
		if work += before; work > parseBudget {
			break
		}
		found = line
		_, err := documents(e.content[:before])
		if err == nil || parserPrefix.ReplaceAllString(err.Error(), "") != e.message {
			break
		}
	}
	return found
}

// lineEnds is the offset behind each line of the content.
func lineEnds(content []byte) []int {
	var ends []int
	rest := content
	for {
		i := bytes.IndexAny(rest, "\n\r\u0085\u2028\u2029")
		if i < 0 {
			return append(ends, len(content))
		}
		_, n := utf8.DecodeRune(rest[i:])
		if bytes.HasPrefix(rest[i:], []byte("\r\n")) {
			n = 2
		}
		rest = rest[i+n:]
		ends = append(ends, len(content)-len(rest))
	}
}

// stopped is how far the parser reads before it gives up.
func stopped(content []byte) (line, col int) {
	r := &byByte{content: content}
	func() {
		defer func() { _ = recover() }()
		_, _ = decodeAll(r)
	}()
	lines := diag.Lines(content[:r.read])
	last := lines[len(lines)-1]
	if last == "" && len(lines) > 1 { // it only looked at the line end
		lines = lines[:len(lines)-1]
		last = lines[len(lines)-1]
	}
	return len(lines), max(utf8.RuneCountInString(last), 1)
}

// byByte gives its content a byte at a time and knows how many were asked for.
type byByte struct {
	content []byte
	read    int
}

func (b *byByte) Read(p []byte) (int, error) {
	if b.read == len(b.content) {
		return 0, io.EOF
	}
	n := copy(p[:1], b.content[b.read:])
	b.read += n
	return n, nil
}
