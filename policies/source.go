package policies

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser/lexer"

	"tasks/spec"
	"tasks/spec/diag"
)

// A source is the text of an expression as the expression library gets it.
// Inside map(list, {key: value}) the library takes the brace for the beginning
// of a block, so braces that hold keys are put into parentheses; added are the
// characters of the text before which one was put, in order.
type source struct {
	expr  spec.Expr
	text  string
	added []int
}

func newSource(e spec.Expr) source {
	s := source{expr: e, text: e.Text}
	if !mayMisread(e.Text) {
		return s
	}
	tokens, err := lexer.Lex(file.NewSource(e.Text))
	if err != nil {
		return s
	}
	for i := range tokens {
		if end := mapEnd(tokens, i); end > 0 {
			s.added = append(s.added, tokens[i].From, tokens[end].From+1)
		}
	}
	slices.Sort(s.added)
	s.text = insert(e.Text, s.added)
	return s
}

// mayMisread is a quick look whether a brace comes after a comma or a parenthesis,
// as far as blanks go; where comments may be in between, one may.
func mayMisread(text string) bool {
	for at := range len(text) {
		if text[at] != '{' {
			continue
		}
		before := strings.TrimRight(text[:at], " \t\r\n")
		if strings.HasSuffix(before, ",") || strings.HasSuffix(before, "(") || strings.ContainsAny(before, "#/") {
			return true
		}
	}
	return false
}

// mapEnd is the index of the token that closes the map beginning at token i, or 0
// when none begins there that the library would misread.
func mapEnd(tokens []lexer.Token, i int) int {
	if !tokens[i].Is(lexer.Bracket, "{") || i == 0 || i+2 >= len(tokens) {
		return 0
	}
	before, key, colon := tokens[i-1], tokens[i+1], tokens[i+2]
	argument := before.Is(lexer.Operator, ",") || before.Is(lexer.Bracket, "(")
	named := key.Is(lexer.Identifier) || key.Is(lexer.String) || key.Is(lexer.Number)
	if !argument || !named || !colon.Is(lexer.Operator, ":") {
		return 0
	}
	depth := 0
	for j := i; j < len(tokens); j++ {
		switch {
		case tokens[j].Is(lexer.Bracket, "{", "[", "("):
			depth++
		case tokens[j].Is(lexer.Bracket, "}", "]", ")"):
			depth--
		}
		if depth == 0 {
			return j
		}
	}
	return 0
}

// insert puts an opening parenthesis before a "{" and a closing one elsewhere.
func insert(s string, at []int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		for len(at) > 0 && at[0] == n {
			b.WriteString(parenthesis(r))
			at = at[1:]
		}
		b.WriteRune(r)
		n++
	}
	b.WriteString(strings.Repeat(")", len(at)))
	return b.String()
}

func parenthesis(before rune) string {
	if before == '{' {
		return "("
	}
	return ")"
}

// place is where a stretch of the library's text stands in the file.
func (s source) place(at file.Location) diag.Place {
	from, to := s.origin(at.From), s.origin(at.To)
	before := string([]rune(s.expr.Text)[:from])
	line := strings.Count(before, "\n") + 1
	col := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return s.expr.Place(line, col, max(to-from, 1))
}

func (s source) origin(at int) int {
	n := 0
	for k, before := range s.added {
		if before+k < at {
			n++
		}
	}
	return min(max(at-n, 0), utf8.RuneCountInString(s.expr.Text))
}

// location is the place an error of the library names, if it names one.
func location(err error) (file.Location, string, bool) {
	var e *file.Error
	if errors.As(err, &e) {
		return e.Location, e.Message, true
	}
	return file.Location{}, err.Error(), false
}
