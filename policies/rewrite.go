package policies

import (
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm/runtime"
)

// itemKey is the function behind task.key; no expression can call it by name.
const itemKey = "task.key"

// A rewriter turns what a person writes into what the library evaluates: our
// functions by their internal names, constant durations into values and, where
// keys is set, keys of the item into calls.
type rewriter struct {
	funcs map[string]bool
	task  *shape // nil where there is no task or keys stay as they are
}

// Visit is called by the library for every node, children first.
func (r *rewriter) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.CallNode:
		if v, ok, err := constantOf(n); ok && err == nil {
			ast.Patch(node, &ast.ConstantNode{Value: v})
			(*node).SetType(reflect.TypeOf(v))
			return
		}
		if callee, ok := n.Callee.(*ast.IdentifierNode); ok && r.funcs[callee.Value] {
			callee.Value = internal(callee.Value)
		}
	case *ast.MemberNode:
		r.key(node, n)
	}
}

func (r *rewriter) key(node *ast.Node, n *ast.MemberNode) {
	base, ok := n.Node.(*ast.IdentifierNode)
	key, isText := n.Property.(*ast.StringNode)
	if r.task == nil || !ok || !isText || base.Value != "task" || r.own(key.Value) {
		return
	}
	item := &ast.MemberNode{Node: base, Property: &ast.StringNode{Value: "item"}}
	callee := &ast.IdentifierNode{Value: internal(itemKey)}
	item.SetLocation(n.Location())
	callee.SetLocation(n.Location())
	ast.Patch(node, &ast.CallNode{Callee: callee, Arguments: []ast.Node{item, key}})
}

// own reports whether a name is one of Task's fields.
func (r *rewriter) own(name string) bool {
	_, ok := shapeOf(reflect.TypeFor[Task]()).fields[name]
	return ok
}

// constantOf is the value of duration("...") and date("...") of a text that is
// written out.
func constantOf(n *ast.CallNode) (v any, ok bool, err error) {
	callee, isName := n.Callee.(*ast.IdentifierNode)
	if !isName || len(n.Arguments) != 1 {
		return nil, false, nil
	}
	arg, isText := n.Arguments[0].(*ast.StringNode)
	if !isText {
		return nil, false, nil
	}
	switch callee.Value {
	case "duration":
		v, err = parseDuration(arg.Value)
	case "date":
		v, err = parseDate(arg.Value)
	default:
		return nil, false, nil
	}
	return v, true, err
}

func keyOfItem(a ...any) (any, error) {
	key, _ := a[1].(string)
	switch item := a[0].(type) {
	case map[string]any:
		return item[key], nil
	case nil:
		return nil, fmt.Errorf("task.item is nil and has no %q", key)
	default:
		return nil, fmt.Errorf("task.item is %s and has no %q", wordOf(item), key)
	}
}

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
