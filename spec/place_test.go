package spec_test

import (
	"strings"
	"testing"

	"tasks/spec"
	"tasks/spec/diag"
)

// TestExprPlace looks up the word "offr" of an expression in the file, however
// the scalar is written. The caret line shows where it has to be found.
func TestExprPlace(t *testing.T) {
	tests := []struct {
		name, scalar string // scalar: what stands behind "    score:"
		caret        string // under the line that has offr; ^ for each character
	}{
		{"plain", " 1 + offr.x", `               ^^^^`},
		{"plain with a comment", " 1 + offr.x # why", `               ^^^^`},
		{"plain with wide characters", " é漢 + offr", `                ^^^^`},
		{"single quoted", " '1 + offr.x'", `                ^^^^`},
		{"single quoted with a doubled quote", " 'a == ''x'' + offr'", `                         ^^^^`},
		{"double quoted", ` "1 + offr.x"`, `                ^^^^`},
		{"double quoted with escapes", ` "\"a\" + \u0061 +\toffr"`, `                              ^^^^`},
		{"double quoted over lines", " \"1 +\\\n      \\ 2 + offr\"", `            ^^^^`},
		{"plain over lines", " 1 +\n      2 +\n\n      offr", `      ^^^^`},
		{"single quoted over lines", " '1 +\n\n\n   2 + offr'", `       ^^^^`},
		{"literal", " |\n      1 +\n        2 + offr\n      + 3", `            ^^^^`},
		{"literal that starts with an empty line", " |-\n\n      offr", `      ^^^^`},
		{"literal with an indent of its own", " |2-\n         1 + offr", `             ^^^^`},
		{"folded", " >-\n      1 +\n      2 + offr\n      + 3", `          ^^^^`},
		{"folded with more indented lines", " >\n      1 +\n         2 +\n\n      offr\n", `      ^^^^`},
		{"anchored and tagged", " &a !!str 1 + offr", `                        ^^^^`},
		{"alias", " *score", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			doc := "name: x\npayload: &score 1 + offr\ntasks: {from: [a], run: date}\npolicies:\n  offer:\n    score:" + test.scalar + "\n"
			for _, end := range []string{"\n", "\r\n"} {
				text := strings.ReplaceAll(doc, "\n", end)
				s, _ := spec.Parse("run.yaml", []byte(text), "/", spec.Overrides{})
				e := s.Policies.OfferScore
				line, col := find(t, e.Text, "offr")
				got := e.Place(line, col, len("offr"))
				lines := diag.Lines([]byte(text))
				if said := under(t, lines, got); said != "offr" {
					t.Errorf("%q: %v is %q", doc, got, said)
				}
				if test.caret == "" {
					continue
				}
				if want := strings.Index(test.caret, "^") + 1; got.Col != want || got.Width != 4 {
					t.Errorf("%s\n%s\ngot column %d and width %d, want %d and 4", lines[got.Line-1], test.caret, got.Col, got.Width, want)
				}
			}
		})
	}
}

// find is the place of a word in an expression, as package expr counts.
func find(t *testing.T, text, word string) (line, col int) {
	t.Helper()
	for i, l := range strings.Split(text, "\n") {
		if before, _, ok := strings.Cut(l, word); ok {
			return i + 1, len([]rune(before))
		}
	}
	t.Fatalf("no %s in %q", word, text)
	return 0, 0
}

// under is the text at a place.
func under(t *testing.T, lines []string, p diag.Place) string {
	t.Helper()
	if p.Line < 1 || p.Line > len(lines) {
		t.Fatalf("no line %d", p.Line)
	}
	r := []rune(lines[p.Line-1])
	return string(r[min(p.Col-1, len(r)):min(p.Col-1+p.Width, len(r))])
}

func TestTemplatePlace(t *testing.T) {
	for name, run := range map[string]string{
		"plain":          ` echo ${{ 1 + offr }} b`,
		"tight":          ` echo é${{offr}}`,
		"escaped":        ` "echo \"a\" ${{ x }} ${{ 1 + offr }}"`,
		"literal":        " |\n    echo\n    echo ${{ 1 +\n      offr }}",
		"folded":         " >\n    echo\n    echo ${{ 1 + offr }}",
		"in a list":      ` [echo, '${{ "}}" + offr }}']`,
		"behind escapes": ` echo '$${{ '${{ offr }}`,
	} {
		t.Run(name, func(t *testing.T) {
			doc := "name: x\npayload: i\ntasks:\n  from: [a]\n  run:" + run + "\n"
			s, list := spec.Parse("run.yaml", []byte(doc), "/", spec.Overrides{})
			if len(list) > 0 {
				t.Fatal(list)
			}
			step := s.Stages[0].Steps[0]
			templates := step.Argv
			if step.Shell != nil {
				templates = append(templates, *step.Shell)
			}
			for _, e := range expressions(templates) {
				if !strings.Contains(e.Text, "offr") {
					continue
				}
				line, col := find(t, e.Text, "offr")
				got := under(t, diag.Lines([]byte(doc)), e.Place(line, col, 4))
				if got != "offr" {
					t.Errorf("%v is %q", e.Place(line, col, 4), got)
				}
				return
			}
			t.Error("no expression with offr")
		})
	}
}

func expressions(templates []spec.Template) []spec.Expr {
	var found []spec.Expr
	for _, t := range templates {
		for _, p := range t.Parts {
			if !p.Expr.IsZero() {
				found = append(found, p.Expr)
			}
		}
	}
	return found
}

func TestPlaceEdges(t *testing.T) {
	doc := "name: x\npayload: i\ntasks: {from: [a], run: date}\nbudget: a + b /hour\npolicies: {offer: {score: (1, accept: 'x  '}}\n"
	s, _ := spec.Parse("run.yaml", []byte(doc), "/", spec.Overrides{Workers: "min(10,\n offr)"})
	at := func(line, col, width int) diag.Place {
		return diag.Place{File: "run.yaml", Line: line, Col: col, Width: width}
	}
	tests := []struct {
		name      string
		got, want diag.Place
	}{
		{"behind the end", s.Policies.OfferScore.Place(1, 2, 1), at(5, 29, 1)},
		{"far behind the end", s.Policies.OfferScore.Place(7, 99, 99), at(5, 29, 1)},
		{"before the beginning", s.Policies.OfferScore.Place(0, -1, 0), at(5, 27, 1)},
		{"wider than the rest", s.Policies.OfferScore.Place(1, 1, 99), at(5, 28, 1)},
		{"whole", s.Policies.OfferScore.Whole(), at(5, 27, 2)},
		{"whole in quotes with blanks", s.Policies.OfferAccept.Whole(), at(5, 40, 1)},
		{"an amount without its unit", s.Budget.Limits[0].Amount.Whole(), at(4, 9, 5)},
		{"a flag", s.Workers.Place(2, 1, 4), diag.Place{File: "--workers", Col: 2, Width: 4, Text: " offr)"}},
		{"a default", s.Policies.TaskRetry.Whole(), diag.Place{File: "the default of policies.task.retry", Col: 1, Width: 18, Text: "attempt.number < 3"}},
		{"the zero expression", spec.Expr{}.Whole(), diag.Place{}},
		{"the zero template", spec.Template{}.Whole(), diag.Place{}},
		{"an expression of nobody", spec.NewExpr("a + b", "").Place(1, 4, 1), diag.Place{Col: 5, Width: 1, Text: "a + b"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.got != test.want {
				t.Errorf("got %#v, want %#v", test.got, test.want)
			}
		})
	}
}
