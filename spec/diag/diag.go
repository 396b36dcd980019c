// Package diag is a mistake in a file as a person wants to read it: the place,
// the fact, and what to do next. It knows nothing of YAML or of expressions.
package diag

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A Place is a stretch of one line of a file. Line and Col count from 1 in
// characters, not bytes; Width is how many characters to underline, at least 1.
// The zero Place has no file and is shown without a snippet.
//
// A place in a command-line flag has the flag's name ("--budget") as its File,
// no Line, and the flag's value as its Text; Col and Width count in that.
type Place struct {
	File  string
	Line  int
	Col   int
	Width int
	Text  string // the line itself where no file has it, or ""
}

// String is the place as editors jump to it: "file:line:col", "file", or "".
func (p Place) String() string {
	if p.Line <= 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// A Diagnostic is one mistake. Path is where it stands in the document, such as
// "tasks.attack.emit.each", or "". Fact says what is wrong in the words of the
// file; Hint says what would be right, or is "".
type Diagnostic struct {
	Place Place
	Path  string
	Fact  string
	Hint  string
}

// String is the diagnostic on one line, without snippet and hint:
// "run.yaml:3:10: workers: wants a number". The path of a value that came from
// a flag is left out, because the flag already says it.
func (d Diagnostic) String() string {
	var parts []string
	if at := d.Place.String(); at != "" {
		parts = append(parts, at)
	}
	if d.Path != "" && (d.Place.Line > 0 || d.Place.File == "") {
		parts = append(parts, d.Path)
	}
	return strings.Join(append(parts, d.Fact), ": ")
}

// MarshalJSON gives the flat object with file, line, column, width, path, fact
// and hint that "-o json" shows; what is unknown is zero or empty, never left out.
func (d Diagnostic) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		File   string `json:"file"`
		Line   int    `json:"line"`
		Column int    `json:"column"`
		Width  int    `json:"width"`
		Path   string `json:"path"`
		Fact   string `json:"fact"`
		Hint   string `json:"hint"`
	}{d.Place.File, d.Place.Line, d.Place.Col, d.Place.Width, d.Path, d.Fact, d.Hint})
}

// A List is all the mistakes of a document, an error when it is not empty.
type List []Diagnostic

// Error is every mistake on a line of its own, in the order of the list.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, d := range l {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}

// Err is the list as an error, or nil where it is empty.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l
}

// Sorted is a copy in file order, each mistake once: of two with the same fact
// about the same place, which an alias in the document can bring, the first
// found. Mistakes in flags and those without a place come last.
func (l List) Sorted() List {
	out := slices.Clone(l)
	slices.SortStableFunc(out, func(a, b Diagnostic) int {
		return cmp.Or(
			placeless(a)-placeless(b),
			cmp.Compare(a.Place.File, b.Place.File),
			cmp.Compare(a.Place.Line, b.Place.Line),
			cmp.Compare(a.Place.Col, b.Place.Col),
		)
	})
	type said struct {
		place Place
		path  string
		fact  string
	}
	seen := make(map[said]bool, len(out))
	return slices.DeleteFunc(out, func(d Diagnostic) bool {
		s := said{d.Place, d.Path, d.Fact}
		if d.Place.Line > 0 {
			s.path = ""
		}
		twice := seen[s]
		seen[s] = true
		return twice
	})
}

// placeless is 1 for a diagnostic that no line of a file shows.
func placeless(d Diagnostic) int {
	if d.Place.Line == 0 {
		return 1
	}
	return 0
}
