package policies

import (
	"fmt"
	"sync"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm/runtime"
)

// Bounds of one evaluation. A loop over a list is one step an element.
const (
	maxSteps = 20_000_000
	maxTime  = 10 * time.Second
)

// A meter counts the steps of loops. The program that owns it holds mu while it
// runs, because the library gives functions no place for state of a single run.
type meter struct {
	mu      sync.Mutex
	steps   int
	started time.Time
}

func (m *meter) reset() { m.steps, m.started = 0, time.Now() }

func (m *meter) tick(...any) (any, error) {
	m.steps++
	if m.steps > maxSteps {
		return nil, fmt.Errorf("loops more than %d times", maxSteps)
	}
	if m.steps%64 == 0 && time.Since(m.started) > maxTime {
		return nil, fmt.Errorf("takes longer than %v", maxTime)
	}
	return true, nil
}

// A guard bounds what the library leaves unbounded: loops inside loops, and text
// that a loop or a chain of let joins together, twice as long each time.
type guard struct {
	loops, grows bool
	joins        []*ast.Node
}

const (
	tick  = "tick"
	join2 = "+"
)

// guarded adds the guards that a checked tree needs, and the meter they read.
func guarded(tree *parser.Tree, c *conf.Config) *meter {
	g := &guard{}
	ast.Walk(&tree.Node, g)
	if g.grows {
		for _, node := range g.joins {
			g.join(node)
		}
		declare(c, []function{{doc: FuncDoc{Name: join2}, call: add, types: []any{new(func(any, any) any)}}})
	}
	if !g.loops {
		return nil
	}
	m := &meter{}
	declare(c, []function{{doc: FuncDoc{Name: tick}, call: m.tick, types: []any{new(func() bool)}}})
	return m
}

// Visit counts the steps of every loop, and remembers what may join text.
func (g *guard) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.PredicateNode:
		g.loops = true
		call := &ast.CallNode{Callee: &ast.IdentifierNode{Value: internal(tick)}}
		n.Node = &ast.SequenceNode{Nodes: []ast.Node{call, n.Node}}
	case *ast.BuiltinNode:
		g.grows = g.grows || n.Name == "reduce"
	case *ast.VariableDeclaratorNode:
		g.grows = true
	case *ast.BinaryNode:
		if n.Operator == "+" && !isNumber(n.Left.Type()) && !isNumber(n.Right.Type()) {
			g.joins = append(g.joins, node)
		}
	}
}

func (g *guard) join(node *ast.Node) {
	n := (*node).(*ast.BinaryNode)
	ast.Patch(node, &ast.CallNode{
		Callee:    &ast.IdentifierNode{Value: internal(join2)},
		Arguments: []ast.Node{n.Left, n.Right},
	})
}

func add(a ...any) (any, error) {
	left, ok := a[0].(string)
	right, too := a[1].(string)
	if ok && too && len(left)+len(right) > maxText {
		return nil, errTooLong
	}
	return runtime.Add(a[0], a[1]), nil
}
