package policies

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker/nature"
	"github.com/expr-lang/expr/file"

	"tasks/spec"
	"tasks/spec/diag"
)

// A foundList collects mistakes.
type foundList diag.List

// add appends a list and reports whether it was empty.
func (l *foundList) add(more diag.List) bool {
	*l = append(*l, more...)
	return len(more) == 0
}

// report notes a mistake of a whole expression.
func (b *builder) report(path string, e spec.Expr, fact string) {
	b.found.add(diag.List{{Place: e.Whole(), Path: path, Fact: fact}})
}

// syntax reports a text that is no expression.
func (c *checker) syntax(err error) {
	at, message, _ := location(err)
	fact, hint := translate(syntaxMessages, message)
	if strings.Contains(message, "EOF") && strings.TrimSpace(c.expr.Text) == "" {
		fact, hint = "the expression is empty", ""
	}
	for _, turned := range []string{"=>", "=<"} {
		if strings.HasPrefix(message, `unexpected token Operator("=")`) && strings.HasPrefix(string([]rune(c.text)[at.From:]), turned) {
			fact, hint = fmt.Sprintf("%q is no operator", turned), fmt.Sprintf("write %q", turned[1:]+"=")
		}
	}
	c.report(at, fact, hint)
}

var syntaxMessages = []advice{
	advise(`^unexpected token EOF.*`, "the expression ends too early", "is a bracket or an operand missing?"),
	advise(`^unexpected end of expression.*`, "the expression ends too early", "is a bracket or an operand missing?"),
	advise(`^unexpected token Operator\("="\)`, `"=" is no operator`, `"==" compares`),
	advise(`^unexpected token Operator\("&"\)|^unrecognized character: U\+0026.*`, `"&" is no operator`, `write "&&" or "and"`),
	advise(`^unexpected token (?:Operator|Bracket|Number|Identifier)\("(?P<raw>.*)"\)`, `unexpected "$1"`, ""),
	advise(`^unexpected token String\("(?P<raw>.*)"\)`, `unexpected text "$1"`, "is an operator missing before it?"),
	advise(`^unrecognized character: U\+\w+ '(?P<raw>.*)'`, `unexpected "$1"`, ""),
	advise(`^invalid \w+ literal: .*|^bad number syntax: .*|^(?:integer|float) literal is too large`, "this is no number", ""),
	advise(`^literal not terminated`, "the text has no closing quote", ""),
	advise(`^compilation failed: expression exceeds maximum allowed nodes`, fmt.Sprintf("the expression has more than %d parts", maxNodes), ""),
	advise(`^expected name`, "a name is wanted after the dot", ""),
}

// checkMessages puts the messages of the library's type check into plain words;
// types are translated afterwards.
var checkMessages = []advice{
	advise(`^invalid operation: \+ \(mismatched types (.+) and (.+)\)$`, `"+" does not work between $1 and $2`, "string(x) makes text of anything"),
	advise(`^invalid operation: (\S+) \(mismatched types (.+) and (.+)\)$`, `"$1" does not work between $2 and $3`, ""),
	advise(`^invalid operation: (\S+) \(mismatched type (.+)\)$`, `"$1" does not work on $2`, ""),
	advise(`^cannot use (.+) as argument \(type (.+)\) to call (?P<raw>\S+?)(?:\(\))? ?$`, `$3 wants $2, and this is $1`, ""),
	advise(`^cannot use (.+) as type (.+) in array$`, `"in" looks for $1 among elements that are $2`, ""),
	advise(`^cannot use (.+) as type (.+) in map key$`, `"in" looks for $1 among keys that are $2`, ""),
	advise(`^error parsing regexp: (?P<raw>.*)$`, `this is no regular expression: $1`, ""),
	advise(`^builtin (?P<raw>\S+) takes only array \(got (.+)\)$`, `$1 wants a list, and this is $2`, ""),
	advise(`^predicate should return boolean \(got (.+)\)$`, `the condition gives $1, and true or false is wanted`, ""),
	advise(`^non-bool expression \(type (.+)\) used as condition$`, `the condition gives $1, and true or false is wanted`, ""),
	advise(`^cannot use pointer accessor outside predicate$`, `"#" stands only inside map, filter and the like`, ""),
	advise(`^type (.+) has no (?:field|method) (?P<raw>\S+)$`, `$1 has no "$2"`, ""),
	advise(`^unknown pointer #(?P<raw>\S+)$`, `there is no "#$1" here`, "#acc is known to reduce, #index to map and reduce"),
	advise(`^array elements can only be selected using an integer \(got (.+)\)$`, `an element of a list is chosen by a whole number, and this is $1`, ""),
	advise(`^cannot redeclare (?:variable |builtin |function )?(?P<raw>\S+?)(?:\(\))?$`, `let cannot name $1 again`, "choose another name"),
	advise(`^cannot slice (.+)$`, `$1 has no parts to cut out`, ""),
	advise(`^invalid argument for (?P<raw>\S+) \(type (.+)\)$`, `$1 does not work on $2`, ""),
}

// mismatch reports what the library's type check found in a tree.
func (c *checker) mismatch(root ast.Node, err error) {
	at, message, placed := location(err)
	fact, hint := translate(checkMessages, message)
	if callMessage.MatchString(message) {
		fact, hint = c.callMistake(root, at, fact)
	}
	if !placed {
		at = file.Location{To: len([]rune(c.text))}
	}
	c.report(at, fact, hint)
}

// callMessage matches what the library says of a call that fits no declaration.
// Of several declarations it names the last, which may not be the one meant.
var callMessage = regexp.MustCompile(`^invalid number of arguments|(?:arguments to call|as argument .* to call) (\S+?)(?:\(\))? ?$`)

// callMistake says what a call was given, or the fact where the call is not
// found, and shows how the function is called.
func (c *checker) callMistake(root ast.Node, at file.Location, fact string) (string, string) {
	call := callAt(root, at)
	hint := ""
	for _, f := range append(Functions(), CommandFunctions()...) {
		if f.Name == call.name {
			hint = "it is called as in " + f.Example
		}
	}
	if call.argument || call.name == "" {
		return fact, hint
	}
	given := make([]string, len(call.args))
	for i, arg := range call.args {
		given[i] = natureWord(arg.Nature())
	}
	if len(given) == 0 {
		return call.name + " is given nothing", hint
	}
	return fmt.Sprintf("%s does not take %s", call.name, listed(given)), hint
}

func natureWord(n *nature.Nature) string {
	if n.Nil {
		return "nil"
	}
	return word(n.Type)
}

// callAt finds the call that is, or has an argument, at a place.
func callAt(root ast.Node, at file.Location) callFinder {
	f := callFinder{at: at}
	ast.Walk(&root, &f)
	f.name = strings.TrimSuffix(f.name, "()")
	return f
}

type callFinder struct {
	at       file.Location
	name     string // "" until found
	args     []ast.Node
	argument bool // an argument is at the place, not the call
}

// Visit is called for every node, children first, so the innermost call wins.
func (f *callFinder) Visit(node *ast.Node) {
	name, args := "", []ast.Node(nil)
	switch n := (*node).(type) {
	case *ast.CallNode:
		if callee, ok := n.Callee.(*ast.IdentifierNode); ok {
			name, args = callee.Value, n.Arguments
		}
	case *ast.BuiltinNode:
		name, args = n.Name, n.Arguments
	}
	if name == "" || f.name != "" {
		return
	}
	f.argument = slices.ContainsFunc(args, func(a ast.Node) bool { return a.Location() == f.at })
	if f.argument || (*node).Location() == f.at {
		f.name, f.args = name, args
	}
}

// gives reports a result that is not what the policy wants, in any of the
// branches that an expression may end in.
func (c *checker) gives(root ast.Node, w want) {
	ends := endings(root)
	for _, node := range ends {
		fact := w.refuses(node.Nature())
		if fact == "" {
			continue
		}
		verb := "gives"
		if len(ends) > 1 {
			verb = "can give"
		}
		c.found = append(c.found, diag.Diagnostic{
			Place: c.expr.Whole(), Path: c.path,
			Fact: fmt.Sprintf("this %s %s, and %s wants %s", verb, fact, c.policy, w.word),
			Hint: c.remedy(node, w),
		})
		return
	}
}

// endings are the nodes that give the value of an expression.
func endings(node ast.Node) []ast.Node {
	switch n := node.(type) {
	case *ast.ConditionalNode:
		return append(endings(n.Exp1), endings(n.Exp2)...)
	case *ast.VariableDeclaratorNode:
		return endings(n.Expr)
	case *ast.SequenceNode:
		return endings(n.Nodes[len(n.Nodes)-1])
	}
	return []ast.Node{node}
}

// refuses names what a value is where it is not wanted, and is "" where it is or
// may be.
func (w want) refuses(n *nature.Nature) string {
	switch {
	case n.Nil && !w.none:
		return "nothing"
	case n.Nil || n.Type == nil || n.Type.Kind() == reflect.Interface:
		return ""
	case !w.ok(n.Type):
		return word(n.Type)
	case w.elem != nil && !mayHold(n, w.elem):
		return "a list of something else"
	}
	return ""
}

// mayHold reports whether a list may have elements of a type.
func mayHold(list *nature.Nature, elem reflect.Type) bool {
	t := list.Type.Elem()
	if list.Ref != nil {
		t = list.Ref.Type
	}
	return t == nil || t.Kind() == reflect.Interface || t == elem
}
