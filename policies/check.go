package policies

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"tasks/spec/diag"
)

// A checker walks an expression and reports every name that is not there. The
// library's own check stops at the first, and speaks of Go types.
type checker struct {
	source
	path   string
	policy string
	root   *shape
	funcs  map[string]bool

	written  map[string]map[string]any // the values of params and env, which are written into the program
	declared bool                      // the document has variables of the environment
	locals   []local
	found    diag.List
	names    map[string][]string // what the expression reads, by how it is written
}

type local struct {
	name  string
	shape *shape
}

// report notes a mistake.
func (c *checker) report(at file.Location, fact, hint string) {
	c.found = append(c.found, diag.Diagnostic{Place: c.place(at), Path: c.path, Fact: fact, Hint: hint})
}

// visit walks a node and returns what is known of its value, nil for nothing.
func (c *checker) visit(node ast.Node) *shape {
	s, path := c.follow(node)
	c.reads(path)
	if s != nil && s.group() {
		c.report(node.Location(), fmt.Sprintf("%s is a group of names, not a value", node), "name one of them: "+listed(s.order))
	}
	return s
}

// reads remembers a name that the expression reads.
func (c *checker) reads(path []string) {
	if len(path) > 0 && c.written[path[0]] == nil {
		c.names[pathName(path)] = path
	}
}

// follow is visit for a node that may be part of a longer path of names.
func (c *checker) follow(node ast.Node) (*shape, []string) {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		return c.identifier(n)
	case *ast.MemberNode:
		return c.member(n)
	case *ast.ChainNode:
		return c.follow(n.Node)
	case *ast.CallNode:
		c.call(n)
	case *ast.VariableDeclaratorNode:
		value, path := c.follow(n.Value)
		c.reads(path)
		c.locals = append(c.locals, local{n.Name, value})
		s := c.visit(n.Expr)
		c.locals = c.locals[:len(c.locals)-1]
		return s, nil
	case *ast.BuiltinNode:
		c.builtin(n)
	default:
		for _, child := range children(node) {
			c.visit(child)
		}
	}
	return nil, nil
}

// children are the nodes inside one that names nothing.
func children(node ast.Node) []ast.Node {
	switch n := node.(type) {
	case *ast.UnaryNode:
		return []ast.Node{n.Node}
	case *ast.BinaryNode:
		return []ast.Node{n.Left, n.Right}
	case *ast.SliceNode:
		return present(n.Node, n.From, n.To)
	case *ast.PredicateNode:
		return []ast.Node{n.Node}
	case *ast.SequenceNode:
		return n.Nodes
	case *ast.ConditionalNode:
		return []ast.Node{n.Cond, n.Exp1, n.Exp2}
	case *ast.ArrayNode:
		return n.Nodes
	case *ast.MapNode:
		return n.Pairs
	case *ast.PairNode:
		return []ast.Node{n.Key, n.Value}
	}
	return nil
}

func present(nodes ...ast.Node) []ast.Node {
	return slices.DeleteFunc(nodes, func(n ast.Node) bool { return n == nil })
}

func (c *checker) identifier(n *ast.IdentifierNode) (*shape, []string) {
	for _, l := range slices.Backward(c.locals) {
		if l.name == n.Value {
			return l.shape, nil
		}
	}
	if s, ok := c.root.fields[n.Value]; ok {
		return s, []string{n.Value}
	}
	c.unknown(n.Location(), n.Value)
	return nil, nil
}

func (c *checker) unknown(at file.Location, name string) {
	fact := fmt.Sprintf("unknown name %q", name)
	sees := fmt.Sprintf("%s sees %s", c.policy, listed(c.root.order))
	switch {
	case c.funcs[name]:
		c.report(at, fmt.Sprintf("%q is a function", name), fmt.Sprintf("call it: %s(...)", name))
	case spellings[name] != "":
		c.report(at, fact, spellings[name])
	case name == "env" && c.declared:
		c.report(at, "only commands, copies and activity.prepare see env", "what other expressions need of outside is a parameter: params and --var")
	case name == "env":
		c.report(at, "there is no env", "declare the variables in the file, such as env: [MODE], or env: {API_TOKEN: {secret: true}}")
	case name == "params":
		c.report(at, "there are no params", "declare them in the file, such as params: {size: 3}")
	case name == "stages":
		c.report(at, "there are no stages to see here", "name them in the after of this stage; its own commands, result and emit see them then")
	case name == "max_price":
		c.report(at, "max_price is not set", "set max_price: in the file to use it here")
	default:
		if inside := c.inside(name); len(inside) > 0 {
			sees = fmt.Sprintf("did you mean %s? %s", strings.Join(inside, " or "), sees)
			c.report(at, fact, sees)
			return
		}
		c.report(at, fact, didYouMean(name, c.root.order, sees))
	}
}

// inside are the names of this name in others: task.item for item.
func (c *checker) inside(name string) []string {
	var found []string
	for _, outer := range c.root.order {
		if s := c.root.fields[outer]; s != nil && s.fields[name] != nil {
			found = append(found, strconv.Quote(outer+"."+name))
		}
	}
	return found
}

// spellings are words of other languages, and names that are not there on purpose.
var spellings = map[string]string{
	"null": "nothing is written nil", "None": "nothing is written nil", "none": "nothing is written nil",
	"undefined": "nothing is written nil", "NULL": "nothing is written nil",
	"True": "write true", "False": "write false", "TRUE": "write true", "FALSE": "write false", "yes": "write true", "no": "write false",
	"$env": "name what you need of it", "now": "run.now is the time of the decision",
}

func didYouMean(word string, candidates []string, otherwise string) string {
	if near, ok := diag.Nearest(word, candidates); ok {
		return fmt.Sprintf("did you mean %q? %s", near, otherwise)
	}
	return otherwise
}

func (c *checker) member(n *ast.MemberNode) (*shape, []string) {
	base, path := c.follow(n.Node)
	key, ok := n.Property.(*ast.StringNode)
	if !ok {
		c.visit(n.Property)
		c.reads(path)
		if base != nil {
			return base.elem, nil
		}
		return nil, nil
	}
	if base == nil {
		return nil, nil
	}
	child, known := base.fields[key.Value]
	if !known && !base.open {
		c.absent(key, base, n.Node)
		return nil, nil
	}
	if known {
		c.ambiguous(key, base, path)
	}
	if len(path) == 0 {
		return child, nil
	}
	return child, append(slices.Clip(path), key.Value)
}

// ambiguous refuses task.id where the items have an id of their own.
func (c *checker) ambiguous(key *ast.StringNode, base *shape, path []string) {
	if len(path) != 1 || path[0] != "task" {
		return
	}
	item := base.fields["item"]
	if item == nil || item.fields[key.Value] == nil || item.fields[key.Value] == base.fields[key.Value] {
		return
	}
	c.report(key.Location(), fmt.Sprintf("task.%s could be the task's own or the item's", key.Value),
		fmt.Sprintf("for the item's, write task.item.%s; the task's own cannot be had while the items have that key", key.Value))
}

func (c *checker) absent(key *ast.StringNode, base *shape, of ast.Node) {
	name := of.String()
	if why := whyAbsent(key.Value, base); why != "" {
		c.report(key.Location(), fmt.Sprintf("%s has no %q", name, key.Value), why)
		return
	}
	if len(base.fields) == 0 {
		c.report(key.Location(), fmt.Sprintf("%s is %s and has no %q", name, base.word(), key.Value), inside(base))
		return
	}
	c.report(key.Location(), fmt.Sprintf("%s has no %q", name, key.Value),
		didYouMean(key.Value, base.order, fmt.Sprintf("%s has %s", name, listed(base.order))))
}

// whyAbsent explains names that are there elsewhere.
func whyAbsent(key string, base *shape) string {
	switch {
	case base.typ == reflect.TypeFor[stageGroup]():
		return didYouMean(key, base.order, "it has the stages that stand in after, here "+listed(base.order))
	case base.typ == reflect.TypeFor[Task]() && base.fields["item"] == nil:
		return "this stage has one task, which has no item, because it has no from"
	}
	return ""
}

// inside says how to get at what people look for inside a plain value.
func inside(base *shape) string {
	switch base.word() {
	case "a duration":
		return `compare it with duration("5m"), or take seconds(...) of it`
	case "a time":
		return "take hour(...) or weekday(...) of it"
	}
	return ""
}
