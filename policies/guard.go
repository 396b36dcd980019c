package policies

import (
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm/runtime"
)

// Bounds of one evaluation. A loop over a list is one step an element.
const (
	maxSteps = 5_000_000
	maxTime  = 30 * time.Second
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

const (
	tick   = "tick"
	joined = "+"
)

// guarded bounds what the library leaves unbounded, in a checked tree: loops
// inside loops, and text that a loop or a chain of let joins together, twice as
// long each time. It returns the meter of the loops, nil where there is none, and the
// configuration with what the tree calls by now.
func guarded(tree *parser.Tree, shared *conf.Config) (*meter, *conf.Config) {
	var found survey
	ast.Walk(&tree.Node, &found)
	if !found.grows && !found.loops {
		return nil, shared
	}
	own := *shared
	own.Functions = maps.Clone(shared.Functions)
	c := &own
	if found.grows {
		ast.Walk(&tree.Node, joins{})
		declare(c, []function{{doc: FuncDoc{Name: joined}, call: add, types: []any{new(func(any, any) any)}}})
	}
	if !found.loops {
		return nil, c
	}
	ast.Walk(&tree.Node, ticks{})
	m := &meter{}
	declare(c, []function{{doc: FuncDoc{Name: tick}, call: m.tick, types: []any{new(func() bool)}}})
	return m, c
}

// A survey looks for loops, and for what can make text grow.
type survey struct{ loops, grows bool }

// Visit looks at one node.
func (s *survey) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.PredicateNode:
		s.loops = true
	case *ast.BuiltinNode:
		s.grows = s.grows || n.Name == "reduce"
	case *ast.VariableDeclaratorNode:
		s.grows = true
	}
}

// ticks counts the steps of every loop.
type ticks struct{}

// Visit puts a tick before what a loop does for an element.
func (ticks) Visit(node *ast.Node) {
	if n, ok := (*node).(*ast.PredicateNode); ok {
		call := &ast.CallNode{Callee: &ast.IdentifierNode{Value: internal(tick)}}
		n.Node = &ast.SequenceNode{Nodes: []ast.Node{call, n.Node}}
	}
}

// joins replaces every "+" that may join text by a function that minds the size.
type joins struct{}

// Visit replaces one.
func (joins) Visit(node *ast.Node) {
	n, ok := (*node).(*ast.BinaryNode)
	if !ok || n.Operator != "+" || plainNumber(n.Left.Type()) || plainNumber(n.Right.Type()) {
		return
	}
	ast.Patch(node, &ast.CallNode{
		Callee:    &ast.IdentifierNode{Value: internal(joined)},
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
