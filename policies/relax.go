package policies

import (
	"fmt"
	"math"
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"

	"tasks/spec"
)

// A Relaxation is a part of offer.accept that alone keeps offers out.
type Relaxation struct {
	Part    string // such as "offer.price.start <= 0.1"
	Instead string // the least change that lets enough in, such as "offer.price.start <= 0.12"; "" where Part is no comparison with a number
	Lets    int    // how many offers Instead lets in
	Without int    // how many come in without Part
	change  float64
}

// Relax finds which parts of offer.accept, joined by "and", keep out offers that all
// other parts take, and the least change that lets at least enough of them in, or
// all there are. The smallest change comes first.
func Relax(s *spec.Spec, offers []OfferEnv, enough int) []Relaxation {
	b := newBuilder(s)
	parts := b.acceptParts(s.Policies.OfferAccept)
	takes := make([][]bool, len(parts)) // by part and offer
	for i, p := range parts {
		takes[i] = make([]bool, len(offers))
		for j := range offers {
			e := offers[j]
			e.Provider.settle()
			takes[i][j], _ = p.program.bool(&e)
		}
	}
	var out []Relaxation
	for i, p := range parts {
		var only []OfferEnv
		for j := range offers {
			if !takes[i][j] && othersTake(takes, i, j) {
				only = append(only, offers[j])
			}
		}
		if len(only) > 0 {
			out = append(out, p.relaxed(only, enough))
		}
	}
	slices.SortStableFunc(out, func(a, b Relaxation) int {
		switch {
		case a.change < b.change:
			return -1
		case a.change > b.change:
			return 1
		}
		return b.Without - a.Without
	})
	return out
}

func othersTake(takes [][]bool, part, offer int) bool {
	for i := range takes {
		if i != part && !takes[i][offer] {
			return false
		}
	}
	return true
}

// An acceptPart is one operand of the ands of offer.accept.
type acceptPart struct {
	text    string
	program *program

	left     string   // of a comparison with a number
	operator string   // "" for no such comparison
	number   float64  // what it is compared with
	value    *program // of left
}

func (b *builder) acceptParts(e spec.Expr) []acceptPart {
	tree, err := parser.Parse(e.Text)
	if err != nil {
		return nil
	}
	var out []acceptPart
	for _, node := range operands(tree.Node) {
		p := acceptPart{text: node.String()}
		if p.program = b.part(p.text, "offer.accept"); p.program == nil {
			return nil
		}
		b.compared(&p, node)
		out = append(out, p)
	}
	return out
}

// part compiles a piece of an expression that compiles as a whole.
func (b *builder) part(text, name string) *program {
	k := b.kind(name)
	if name == "offer.score" {
		k.want = wantNumber()
	}
	p := b.compile(name, name, spec.NewExpr(text, name), k, items{open: true})
	b.found = nil
	return p
}

func operands(node ast.Node) []ast.Node {
	if n, ok := node.(*ast.BinaryNode); ok && (n.Operator == "&&" || n.Operator == "and") {
		return append(operands(n.Left), operands(n.Right)...)
	}
	return []ast.Node{node}
}

// compared notes the number that a part compares with, if it does.
func (b *builder) compared(p *acceptPart, node ast.Node) {
	n, ok := node.(*ast.BinaryNode)
	if !ok || !slices.Contains([]string{"<", "<=", ">", ">="}, n.Operator) {
		return
	}
	switch right := n.Right.(type) {
	case *ast.IntegerNode:
		p.number = float64(right.Value)
	case *ast.FloatNode:
		p.number = right.Value
	default:
		return
	}
	p.left, p.operator = n.Left.String(), n.Operator[:1]+"="
	if p.value = b.part(p.left, "offer.score"); p.value == nil {
		p.operator = ""
	}
}

// relaxed is the least change of a part that lets enough of the offers in that it
// alone keeps out.
func (p acceptPart) relaxed(only []OfferEnv, enough int) Relaxation {
	r := Relaxation{Part: p.text, Without: len(only), change: math.Inf(1)}
	if p.operator == "" {
		return r
	}
	var values []float64
	for i := range only {
		e := only[i]
		e.Provider.settle()
		if v, f := p.value.number(&e); f == nil {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return r
	}
	slices.Sort(values)
	if p.operator == ">=" {
		slices.Reverse(values)
	}
	limit := values[min(max(enough, 1), len(values))-1]
	for _, v := range values {
		if p.operator == "<=" && v <= limit || p.operator == ">=" && v >= limit {
			r.Lets++
		}
	}
	r.Instead = fmt.Sprintf("%s %s %s", p.left, p.operator, float(limit))
	r.change = math.Abs(limit-p.number) / math.Max(math.Abs(p.number), 1e-9)
	return r
}
