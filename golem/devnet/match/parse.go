package match

import (
	"fmt"
	"strings"
)

// maxDepth bounds the nesting of an expression, as newer daemons do, so that
// hostile text cannot exhaust the stack.
const maxDepth = 128

// A SyntaxError says why and where constraints do not parse.
type SyntaxError struct {
	Offset  int // in bytes from the start of the text
	Problem string
}

// Error returns the problem with its offset.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("constraints, offset %d: %s", e.Offset, e.Problem)
}

// Parse reads constraint text in the grammar of protocol section 2.3. The error
// is a *SyntaxError. Surprises that are the daemon's: "" does not parse, text
// after the first complete expression is ignored, nothing can be escaped, and a
// key ends at the first of = < > ~ even if a parenthesis comes before.
func Parse(text string) (*Expr, error) {
	p := parser{text: text}
	root, err := p.expr(1)
	if err != nil {
		return nil, err
	}
	return &Expr{root: root}, nil
}

type parser struct {
	text string
	pos  int
}

func (p *parser) errorf(offset int, format string, args ...any) error {
	return &SyntaxError{Offset: offset, Problem: fmt.Sprintf(format, args...)}
}

func (p *parser) space() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

// peek returns the next byte, 0 at the end.
func (p *parser) peek() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

func (p *parser) expect(c byte) error {
	p.space()
	if p.pos == len(p.text) {
		return p.errorf(p.pos, "want %q, the text ends", c)
	}
	if p.text[p.pos] != c {
		return p.errorf(p.pos, "want %q, have %q", c, p.text[p.pos])
	}
	p.pos++
	return nil
}

func (p *parser) expr(depth int) (node, error) {
	if depth > maxDepth {
		return node{}, p.errorf(p.pos, "nested deeper than %d", maxDepth)
	}
	if err := p.expect('('); err != nil {
		return node{}, err
	}
	if p.peek() == ')' { // "( )" is not empty: it lacks a key
		p.pos++
		return node{op: opAlways}, nil
	}
	p.space()
	n, err := p.body(depth)
	if err != nil {
		return node{}, err
	}
	return n, p.expect(')')
}

func (p *parser) body(depth int) (node, error) {
	switch p.peek() {
	case '&':
		return p.list(opAnd, depth)
	case '|':
		return p.list(opOr, depth)
	case '!':
		p.pos++
		kid, err := p.expr(depth + 1)
		return node{op: opNot, kids: []node{kid}}, err
	}
	return p.term()
}

func (p *parser) list(op operator, depth int) (node, error) {
	p.pos++
	n := node{op: op}
	for p.space(); p.peek() == '('; p.space() {
		kid, err := p.expr(depth + 1)
		if err != nil {
			return node{}, err
		}
		n.kids = append(n.kids, kid)
	}
	return n, nil
}

// term reads "key op value" or "key=*", up to the closing parenthesis.
func (p *parser) term() (node, error) {
	start := p.pos
	n := strings.IndexAny(p.text[start:], "=<>~")
	if n < 0 {
		return node{}, p.errorf(start, "no operator after the key")
	}
	p.pos += n
	k, err := p.key(start, p.text[start:p.pos])
	if err != nil {
		return node{}, err
	}
	op, err := p.operator()
	if err != nil {
		return node{}, err
	}
	if op == opPresent {
		return node{op: op, key: k}, nil
	}
	end := strings.IndexByte(p.text[p.pos:], ')')
	if end < 0 {
		return node{}, p.errorf(len(p.text), "want ')', the text ends")
	}
	value := p.text[p.pos : p.pos+end]
	p.pos += end
	return node{op: op, key: k, literal: newLiteral(op, value)}, nil
}

func (p *parser) operator() (operator, error) {
	for _, o := range []struct {
		text string
		op   operator
	}{
		{"=*", opPresent}, {"=", opEqual},
		{"<=", opLessEqual}, {"<", opLess},
		{">=", opGreaterEqual}, {">", opGreater},
	} {
		if strings.HasPrefix(p.text[p.pos:], o.text) {
			p.pos += len(o.text)
			return o.op, nil
		}
	}
	return 0, p.errorf(p.pos, "operator %q is not supported", "~")
}
