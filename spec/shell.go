package spec

import (
	"strings"

	"tasks/spec/diag"
)

// ShellQuote is the text as one word of a POSIX shell: in single quotes, with
// those it has itself taken care of. No text can end the word or be expanded.
// A shell cannot have U+0000 in a word; the caller refuses it before.
func ShellQuote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func checkShell(t Template, path string) diag.List { return nil }

func checkArgv(argv []Template, path string) diag.List { return nil }
