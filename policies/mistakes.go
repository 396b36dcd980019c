package policies

import (
	"fmt"
	"reflect"
	"regexp"
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
	fact, hint := message, ""
	for _, t := range syntaxMessages {
		if t.pattern.MatchString(message) {
			fact, hint = t.pattern.ReplaceAllString(message, t.instead), t.hint
			break
		}
	}
	if strings.Contains(message, "EOF") && strings.TrimSpace(c.expr.Text) == "" {
		fact, hint = "the expression is empty", ""
	}
	c.report(at, fact, hint)
}

type advice struct {
	translation
	hint string
}

func advise(pattern, instead, hint string) advice {
	return advice{translation{regexp.MustCompile(pattern), instead}, hint}
}

var syntaxMessages = []advice{
	advise(`^unexpected token EOF.*`, "the expression ends too early", "is a bracket or an operand missing?"),
	advise(`^unexpected end of expression.*`, "the expression ends too early", "is a bracket or an operand missing?"),
	advise(`^unexpected token Operator\("="\)`, `"=" is no operator`, `"==" compares`),
	advise(`^unexpected token Operator\("&"\)|^unrecognized character: U\+0026.*`, `"&" is no operator`, `write "&&" or "and"`),
	advise(`^unexpected token (?:Operator|Bracket|Number|Identifier)\("(.*)"\)`, `unexpected "$1"`, ""),
	advise(`^unexpected token String\("(.*)"\)`, `unexpected text "$1"`, "is an operator missing before it?"),
	advise(`^unrecognized character: U\+\w+ '(.*)'`, `unexpected "$1"`, ""),
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
	advise(`^cannot use (.+) as argument \(type (.+)\) to call (\S+?)(?:\(\))? ?$`, `$3 wants $2, and this is $1`, ""),
	advise(`^not enough arguments to call (\S+?)(?:\(\))?$`, `$1 wants more than it is given`, ""),
	advise(`^too many arguments to call (\S+?)(?:\(\))?$`, `$1 is given more than it wants`, ""),
	advise(`^builtin (\S+) takes only array \(got (.+)\)$`, `$1 wants a list, and this is $2`, ""),
	advise(`^predicate should return boolean \(got (.+)\)$`, `the condition gives $1, and true or false is wanted`, ""),
	advise(`^non-bool expression \(type (.+)\) used as condition$`, `the condition gives $1, and true or false is wanted`, ""),
	advise(`^cannot use pointer accessor outside predicate$`, `"#" stands only inside map, filter and the like`, ""),
	advise(`^type (.+) has no (?:field|method) (\S+)$`, `$1 has no "$2"`, ""),
	advise(`^unknown pointer #(\S+)$`, `there is no "#$1" here`, "#acc is known to reduce, #index to map and reduce"),
	advise(`^array elements can only be selected using an integer \(got (.+)\)$`, `an element of a list is chosen by a whole number, and this is $1`, ""),
	advise(`^cannot redeclare (?:variable |builtin |function )?(\S+?)(?:\(\))?$`, `let cannot name $1 again`, "choose another name"),
	advise(`^cannot slice (.+)$`, `$1 has no parts to cut out`, ""),
	advise(`^invalid argument for (\S+) \(type (.+)\)$`, `$1 does not work on $2`, ""),
}

// mismatch reports what the library's type check found.
func (c *checker) mismatch(err error) {
	at, message, placed := location(err)
	fact, hint := message, ""
	for _, t := range checkMessages {
		if t.pattern.MatchString(message) {
			fact, hint = t.pattern.ReplaceAllString(message, t.instead), t.hint
			break
		}
	}
	if !placed {
		at = file.Location{To: len([]rune(c.text))}
	}
	c.report(at, inWords(fact), hint)
}

// gives reports a result that is not what the policy wants.
func (c *checker) gives(node ast.Node, w want) {
	n := node.Nature()
	fact := ""
	switch {
	case n.Nil && !w.none:
		fact = "nothing"
	case n.Nil || n.Type == nil || n.Type.Kind() == reflect.Interface:
		return
	case !w.ok(n.Type):
		fact = word(n.Type)
	case w.elem != nil && !mayHold(n, w.elem):
		fact = "a list of something else"
	default:
		return
	}
	c.found = append(c.found, diag.Diagnostic{
		Place: c.expr.Whole(), Path: c.path,
		Fact: fmt.Sprintf("this gives %s, and %s wants %s", fact, c.policy, w.word),
	})
}

// mayHold reports whether a list may have elements of a type.
func mayHold(list *nature.Nature, elem reflect.Type) bool {
	t := list.Type.Elem()
	if list.Ref != nil {
		t = list.Ref.Type
	}
	return t == nil || t.Kind() == reflect.Interface || t == elem
}
