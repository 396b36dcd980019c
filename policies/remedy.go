package policies

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// remedy says how to make what a policy wants of a result that it does not want,
// or "".
func (c *checker) remedy(node ast.Node, w want) string {
	gives := natureWord(node.Nature())
	text := c.short()
	if plain := c.literalRemedy(node, w); plain != "" {
		return plain
	}
	switch {
	case w.word == wantBool().word && gives == "a number":
		return fmt.Sprintf("compare it with something, as in %s < 10", text)
	case w.word == wantBool().word && gives == "text":
		return fmt.Sprintf("compare it with something, as in %s == \"…\"", text)
	case (w.word == wantNumber().word || w.word == wantScore().word) && gives == "true or false":
		return fmt.Sprintf("write (%s) ? 1 : 0 to make a number of it", text)
	case w.word == wantNumber().word && gives == "text":
		return fmt.Sprintf("write float(%s) if it is the text of a number", text)
	case w.word == wantNumber().word && gives == "a duration":
		return fmt.Sprintf("write seconds(%s) for the number of its seconds", text)
	case w.word == wantItems().word && gives == "text":
		return fmt.Sprintf("lines(%s) makes a list of its lines, [%s] one of all of it", text, text)
	case w.word == wantCommands().word && gives == "a command", w.word == wantItems().word && gives != "nothing":
		return fmt.Sprintf("put it in brackets: [%s]", text)
	}
	return ""
}

// literalRemedy is remedy for a value that is written out.
func (c *checker) literalRemedy(node ast.Node, w want) string {
	switch n := node.(type) {
	case *ast.IntegerNode:
		if w.word == wantBool().word && c.policy == "task.retry" {
			return fmt.Sprintf("write attempt.number < %d for so many attempts", max(n.Value, 1))
		}
		if w.word == wantBool().word {
			return "write true, false or a comparison"
		}
	case *ast.StringNode:
		switch w.word {
		case wantBool().word:
			return "write true, false or a comparison"
		case wantNumber().word, wantScore().word:
			return "leave out the quotes if it is a number"
		}
	case *ast.BoolNode:
		if w.word == wantNumber().word || w.word == wantScore().word {
			return "write 1 or 0"
		}
	}
	return ""
}

// short is the text of the whole expression, or an ellipsis for a long one or one
// that has several ends.
func (c *checker) short() string {
	text := strings.Join(strings.Fields(c.text), " ")
	if len([]rune(text)) > 40 || strings.ContainsAny(text, "?;") {
		return "…"
	}
	return text
}
