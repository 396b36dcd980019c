package match

import (
	"fmt"

	"tasks/golem"
)

// A Result is the value of an expression in three-valued logic. The zero value
// is Undefined.
type Result int

// Undefined means that a property the answer depends on is missing, invisible
// or not convertible to the type that the key asks for. It is no match.
const (
	Undefined Result = iota
	False
	True
)

// String returns the name of the constant.
func (r Result) String() string {
	switch r {
	case Undefined:
		return "Undefined"
	case False:
		return "False"
	case True:
		return "True"
	}
	return fmt.Sprintf("Result(%d)", int(r))
}

// An Expr is a parsed constraint expression. It never changes, and its zero
// value is "()", which is always True.
type Expr struct {
	root node
}

// Eval judges the expression against the properties of the other side.
//
// A value may be of any type that JSON can carry, as encoding/json decodes it or
// as a Go program writes it ([]string, int and the like). Objects, nulls, lists
// that hold one of them, and strings with control characters other than tab and
// newline are invisible: comparing them is Undefined and they are not present.
func (e *Expr) Eval(p golem.Properties) Result {
	return e.root.eval(p)
}

type operator byte

const (
	opAlways operator = iota // "()"
	opAnd
	opOr
	opNot
	opPresent
	opEqual
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
)

// A node is one parenthesis of an expression: kids for the connectives, key and
// literal for the rest.
type node struct {
	op      operator
	kids    []node
	key     key
	literal literal
}

func (n *node) eval(p golem.Properties) Result {
	switch n.op {
	case opAlways:
		return True
	case opAnd:
		return n.connect(p, True, False)
	case opOr:
		return n.connect(p, False, True)
	case opNot:
		return not(n.kids[0].eval(p))
	case opPresent:
		return n.present(p)
	default:
		return n.compare(p)
	}
}

// connect evaluates a list of which each must be the neutral value, and one that
// is the deciding value decides, wherever it stands.
func (n *node) connect(p golem.Properties, neutral, deciding Result) Result {
	result := neutral
	for i := range n.kids {
		switch n.kids[i].eval(p) {
		case deciding:
			return deciding
		case Undefined:
			result = Undefined
		}
	}
	return result
}

func not(r Result) Result {
	switch r {
	case True:
		return False
	case False:
		return True
	}
	return Undefined
}

func truth(b bool) Result {
	if b {
		return True
	}
	return False
}

func (n *node) present(p golem.Properties) Result {
	_, ok := lookup(p, n.key.name)
	return truth(ok && !n.key.hasAspect)
}

func (n *node) compare(p golem.Properties) Result {
	v, ok := lookup(p, n.key.name)
	if !ok || n.key.hasAspect {
		return Undefined // properties that come as JSON have no aspects
	}
	if n.key.as == asIs {
		return truth(compareAsIs(n.op, v, &n.literal))
	}
	s, ok := v.(string)
	if !ok {
		return Undefined // only strings convert
	}
	return compareAs(n.key.as, n.op, s, n.literal.text)
}
