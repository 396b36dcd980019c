package policies

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"tasks/spec/diag"
)

func (c *checker) call(n *ast.CallNode) {
	switch callee := n.Callee.(type) {
	case *ast.IdentifierNode:
		if !c.funcs[callee.Value] {
			c.unknownFunction(callee.Location(), callee.Value)
		}
	case *ast.MemberNode:
		base := c.visit(callee.Node)
		hint := "functions stand in front: f(x)"
		if base != nil && inside(base) != "" {
			hint = inside(base)
		}
		c.report(callee.Property.Location(), "nothing can be called after a dot", hint)
	default:
		c.report(n.Location(), "this cannot be called", "")
	}
	for _, arg := range n.Arguments {
		c.visit(arg)
	}
	c.constant(n)
}

// constant checks the text of duration("...") and date("...") before anything
// depends on it.
func (c *checker) constant(n *ast.CallNode) {
	if _, _, err := constantOf(n); err != nil {
		c.report(n.Arguments[0].Location(), err.Error(), "")
	}
}

func (c *checker) unknownFunction(at file.Location, name string) {
	fact := fmt.Sprintf("unknown function %q", name)
	switch {
	case name == "now":
		c.report(at, fact, "an expression reads no clock: run.now is the time of the decision")
	case c.root.fields[name] != nil:
		c.report(at, fmt.Sprintf("%q is no function", name), "")
	case isCommand(name):
		c.report(at, fact, "only activity.prepare can call it")
	default:
		names := slices.Sorted(maps.Keys(c.funcs))
		near, ok := diag.Nearest(name, names)
		if within := namesWith(names, name); !ok && len(within) > 0 {
			c.report(at, fact, "did you mean "+strings.Join(within, " or ")+"?")
			return
		}
		if !ok {
			c.report(at, fact, "docs/policies.md lists the functions")
			return
		}
		c.report(at, fact, fmt.Sprintf("did you mean %q?", near))
	}
}

// namesWith are the first few names that have a word in them, in quotes.
func namesWith(names []string, word string) []string {
	var found []string
	for _, n := range names {
		if len(word) > 2 && len(found) < 3 && strings.Contains(strings.ToLower(n), strings.ToLower(word)) {
			found = append(found, strconv.Quote(n))
		}
	}
	return found
}

func isCommand(name string) bool {
	return slices.ContainsFunc(commands(), func(f function) bool { return f.doc.Name == name })
}

func (c *checker) builtin(n *ast.BuiltinNode) {
	if !c.funcs[n.Name] {
		c.unknownFunction(n.Location(), n.Name)
	}
	for _, arg := range n.Arguments {
		c.visit(arg)
	}
}
