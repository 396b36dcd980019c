package policies

import (
	"fmt"
	"reflect"

	"github.com/expr-lang/expr/ast"
)

// itemKey is the function behind task.key; no expression can call it by name.
const itemKey = "task.key"

// A rewriter turns what a person writes into what the library evaluates: our
// functions by their internal names, constant durations into values and, where
// keys is set, keys of the item into calls.
type rewriter struct {
	funcs   map[string]bool
	written map[string]map[string]any // by params and env: values that take the place of their names
	keys    bool
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
		if !r.param(node, n) {
			r.key(node, n)
		}
	}
}

// param puts the value of a parameter, or of a variable of the environment, in the
// place of its name.
func (r *rewriter) param(node *ast.Node, n *ast.MemberNode) bool {
	base, ok := n.Node.(*ast.IdentifierNode)
	key, isText := n.Property.(*ast.StringNode)
	if !ok || !isText || r.written[base.Value] == nil {
		return false
	}
	v, declared := r.written[base.Value][key.Value]
	switch v := v.(type) {
	case nil: // a mistake in the spec was told of; any value may be meant
		if !declared {
			return false
		}
		callee := &ast.IdentifierNode{Value: internal(itemKey)}
		callee.SetLocation(n.Location())
		ast.Patch(node, &ast.CallNode{Callee: callee, Arguments: []ast.Node{&ast.NilNode{}, key}})
	case string:
		ast.Patch(node, &ast.StringNode{Value: v})
	case int:
		ast.Patch(node, &ast.IntegerNode{Value: v})
	case float64:
		ast.Patch(node, &ast.FloatNode{Value: v})
	case bool:
		ast.Patch(node, &ast.BoolNode{Value: v})
	}
	return true
}

func (r *rewriter) key(node *ast.Node, n *ast.MemberNode) {
	base, ok := n.Node.(*ast.IdentifierNode)
	key, isText := n.Property.(*ast.StringNode)
	if !r.keys || !ok || !isText || base.Value != "task" || ownName(key.Value) {
		return
	}
	item := &ast.MemberNode{Node: base, Property: &ast.StringNode{Value: "item"}}
	callee := &ast.IdentifierNode{Value: internal(itemKey)}
	item.SetLocation(n.Location())
	callee.SetLocation(n.Location())
	ast.Patch(node, &ast.CallNode{Callee: callee, Arguments: []ast.Node{item, key}})
}

// ownName reports whether a name is one of Task's fields.
func ownName(name string) bool {
	_, ok := fieldNamed(reflect.ValueOf(Task{}), name)
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
