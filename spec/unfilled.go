package spec

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"tasks/spec/diag"
)

// unfilledForm matches what other programs write for ${{ task.item }}.
var unfilledForm = regexp.MustCompile(`(?:^|[^$])(\{\{-?\s*((?:task|run|params)\.[A-Za-z0-9_.]+)\s*-?\}\}|\$\{\s*((?:task|run|params)\.[A-Za-z0-9_.]+)\s*\})`)

// checkUnfilled reports what looks like an expression of a command, and is none.
func checkUnfilled(t Template, path string) diag.List {
	var found diag.List
	text := withoutExpressions(t.Text)
	for _, m := range unfilledForm.FindAllStringSubmatchIndex(text, maxInCommand) {
		said := text[m[2]:m[3]]
		name := strings.Trim(said, "${}- \t")
		found = append(found, diag.Diagnostic{
			Place: t.place(utf8.RuneCountInString(text[:m[2]]), utf8.RuneCountInString(said)),
			Path:  path,
			Fact:  "nothing is filled in here: the command gets " + shown(said) + " as it is",
			Hint:  "write ${{ " + name + " }}; where the braces are meant, write ${{ '" + said + "' }}",
		})
	}
	return found
}

// withoutExpressions is the text of a template with signs of as many characters
// in the place of its expressions.
func withoutExpressions(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		switch {
		case strings.HasPrefix(s[i:], escaped):
			b.WriteString(escaped)
			i += len(escaped)
		case strings.HasPrefix(s[i:], opening):
			end, _, _ := expressionEnd(s, i+len(opening))
			b.WriteString(strings.Repeat("_", utf8.RuneCountInString(s[i:end])))
			i = end
		default:
			b.WriteByte(s[i])
			i++
		}
	}
	return b.String()
}
