package diag_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/spec/diag"
)

func render(t *testing.T, text string, colour bool, list ...diag.Diagnostic) string {
	t.Helper()
	var b strings.Builder
	sources := func(string) []byte {
		if text == "" {
			return nil
		}
		return []byte(text)
	}
	if err := diag.Render(&b, list, sources, colour); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func at(line, col, width int) diag.Diagnostic {
	return diag.Diagnostic{Place: diag.Place{File: "run.yaml", Line: line, Col: col, Width: width}, Fact: "wrong"}
}

func TestRender(t *testing.T) {
	policy := strings.Repeat("#\n", 29) + "policies:\n  score: offer.cpu.threads / offr.price.hour\n"
	long := "  run: " + strings.Repeat("a", 60) + " BAD " + strings.Repeat("b", 60)
	tests := []struct {
		name, text string
		list       []diag.Diagnostic
		want       string
	}{
		{"with all there is", policy, []diag.Diagnostic{{
			Place: diag.Place{File: "examples/blender.yaml", Line: 31, Col: 30, Width: 4},
			Path:  "policies.score",
			Fact:  `unknown name "offr"`,
			Hint:  `did you mean "offer"? A score policy sees offer, provider, task and history.`,
		}}, `examples/blender.yaml:31:30: policies.score: unknown name "offr"

   30 | policies:
 > 31 |   score: offer.cpu.threads / offr.price.hour
      |                              ^^^^
   hint: did you mean "offer"? A score policy sees offer, provider, task and history.
`},
		{"on the first line", "ab\n", []diag.Diagnostic{at(1, 2, 1)}, `run.yaml:1:2: wrong

 > 1 | ab
     |  ^
`},
		{"two of them, digits of two widths", strings.Repeat("x\n", 9) + "y", []diag.Diagnostic{at(9, 1, 1), at(10, 1, 1)}, `run.yaml:9:1: wrong

   8 | x
 > 9 | x
     | ^

run.yaml:10:1: wrong

    9 | x
 > 10 | y
      | ^
`},
		{"behind the end of a line", "ab\r\n", []diag.Diagnostic{at(1, 3, 1)}, `run.yaml:1:3: wrong

 > 1 | ab
     |   ^
`},
		{"wider than the line", "ab\n", []diag.Diagnostic{at(1, 2, 9)}, `run.yaml:1:2: wrong

 > 1 | ab
     |  ^
`},
		{"tabs", "\ta\tb\n", []diag.Diagnostic{at(1, 4, 1)}, `run.yaml:1:4: wrong

 > 1 |     a   b
     |         ^
`},
		{"wide and combining characters", "漢e\u0301字x\n", []diag.Diagnostic{at(1, 4, 2)}, "run.yaml:1:4: wrong\n\n > 1 | 漢e\u0301字x\n     |    ^^^\n"},
		{"characters that drive terminals", "a\x1b[2Jb\n", []diag.Diagnostic{at(1, 6, 1)}, "run.yaml:1:6: wrong\n\n > 1 | a\ufffd[2Jb\n     |      ^\n"},
		{"in the midst of a long line", "aaaaaaaa" + long, []diag.Diagnostic{at(1, 77, 3)}, `run.yaml:1:77: wrong

 > 1 | …aaaaaaaaaaaaaaaaaaaaa BAD bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb…
     |                        ^^^
`},
		{"at the start of a long line", long, []diag.Diagnostic{at(1, 3, 3)}, `run.yaml:1:3: wrong

 > 1 |   run: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa BAD…
     |   ^^^
`},
		{"all of a long line", long, []diag.Diagnostic{at(1, 1, 132)}, `run.yaml:1:1: wrong

 > 1 |   run: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa BAD…
     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
`},
		{"a flag", "", []diag.Diagnostic{{
			Place: diag.Place{File: "--workers", Col: 3, Width: 2, Text: "a bc"}, Path: "workers", Fact: "wrong", Hint: "right",
		}}, `--workers: wrong

 > a bc
     ^^
   hint: right
`},
		{"no source", "", []diag.Diagnostic{at(3, 1, 1)}, "run.yaml:3:1: wrong\n"},
		{"no place", "", []diag.Diagnostic{{Path: "a.b", Fact: "wrong", Hint: "right"}}, "a.b: wrong\n   hint: right\n"},
		{"a line that is not there", "a", []diag.Diagnostic{at(3, 1, 1)}, "run.yaml:3:1: wrong\n"},
		{"an empty file", "\n\n", []diag.Diagnostic{at(1, 1, 1)}, "run.yaml:1:1: wrong\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, render(t, test.text, false, test.list...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRenderColour(t *testing.T) {
	got := render(t, "ab", true, at(1, 2, 1))
	want := "\x1b[1mrun.yaml:1:2: wrong\x1b[0m\n\n\x1b[2m > 1 | \x1b[0mab\n\x1b[2m     | \x1b[0m \x1b[1;31m^\x1b[0m\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRenderAsksForAFileOnce(t *testing.T) {
	asked := map[string]int{}
	list := diag.List{at(1, 1, 1), at(2, 1, 1)}
	err := diag.Render(new(strings.Builder), list, func(file string) []byte { asked[file]++; return nil }, false)
	if err != nil || asked["run.yaml"] != 1 {
		t.Errorf("asked %v, error %v", asked, err)
	}
}

func TestList(t *testing.T) {
	flag := diag.Diagnostic{Place: diag.Place{File: "--budget", Col: 1, Width: 1, Text: "1"}, Path: "budget", Fact: "wrong"}
	later := at(2, 1, 1)
	twice := at(2, 1, 1)
	twice.Path = "by.another.way"
	list := diag.List{flag, later, at(1, 9, 1), twice, at(1, 2, 1), flag}
	want := diag.List{at(1, 2, 1), at(1, 9, 1), later, flag}
	if diff := cmp.Diff(want, list.Sorted()); diff != "" {
		t.Errorf("Sorted (-want +got):\n%s", diff)
	}
	if got, want := list.Sorted().Error(), "run.yaml:1:2: wrong\nrun.yaml:1:9: wrong\nrun.yaml:2:1: wrong\n--budget: wrong"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	if err := (diag.List{}).Err(); err != nil {
		t.Errorf("Err() of nothing = %v", err)
	}
	if list.Err() == nil {
		t.Error("Err() of mistakes = nil")
	}
}

func TestJSON(t *testing.T) {
	d := diag.Diagnostic{Place: diag.Place{File: "a", Line: 1, Col: 2, Width: 3}, Path: "p", Fact: "f", Hint: "h"}
	got, err := json.Marshal(diag.List{d})
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"file":"a","line":1,"column":2,"width":3,"path":"p","fact":"f","hint":"h"}]`
	if string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNearest(t *testing.T) {
	keys := []string{"name", "payload", "workers", "budget", "max_price", "tasks", "run"}
	for word, want := range map[string]string{
		"wrokers": "workers", "Workers": "workers", "worker": "workers", "max-price": "max_price", "maxprice": "max_price",
		"task": "tasks", "rnu": "run", "nmae": "name", "paylod": "payload",
		"colour": "", "x": "", "": "", "go": "", "pre": "",
	} {
		got, ok := diag.Nearest(word, keys)
		if got != want || ok != (want != "") {
			t.Errorf("Nearest(%q) = %q, %t, want %q", word, got, ok, want)
		}
	}
}

func TestLines(t *testing.T) {
	got := diag.Lines([]byte("\ufeffa\nb\r\nc\rd\u0085e\u2028f\u2029\n"))
	if diff := cmp.Diff([]string{"a", "b", "c", "d", "e", "f", "", ""}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzRender(f *testing.F) {
	f.Add("a\tb\n漢字", 2, 1, 5)
	f.Add(strings.Repeat("x", 200), 1, 150, 60)
	f.Fuzz(func(t *testing.T, text string, line, col, width int) {
		width = min(width, 1<<20)
		got := render(t, text, false, at(line, col, width))
		for l := range strings.Lines(got) {
			if strings.ContainsAny(strings.TrimSuffix(l, "\n"), "\x1b\n\r") {
				t.Errorf("%q", l)
			}
			if carets := strings.Count(l, "^"); strings.HasPrefix(l, "      ") && carets > 80 {
				t.Errorf("%d carets in %q", carets, l)
			}
		}
	})
}
