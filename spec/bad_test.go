package spec_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/spec"
	"tasks/spec/diag"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestBad holds what is said about every mistake in testdata/bad, and that it is
// said at a place in the file. A first line "# flags: budget=10" gives flags.
func TestBad(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 120 {
		t.Errorf("only %d bad documents", len(files))
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, list, err := spec.Load(file, flagsOf(text))
			if err != nil {
				t.Fatal(err)
			}
			if len(list) == 0 {
				t.Error("no mistake was found")
			}
			checkPlaces(t, text, list)
			var b strings.Builder
			if err := diag.Render(&b, list, func(string) []byte { return text }, false); err != nil {
				t.Fatal(err)
			}
			got := strings.ReplaceAll(b.String(), s.Dir, "DIR")
			golden := strings.TrimSuffix(file, ".yaml") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func flagsOf(text []byte) spec.Overrides {
	var o spec.Overrides
	line, _, _ := strings.Cut(string(text), "\n")
	flags, ok := strings.CutPrefix(line, "# flags: ")
	if !ok {
		return o
	}
	for f := range strings.SplitSeq(flags, "; ") {
		name, v, _ := strings.Cut(f, "=")
		switch name {
		case "workers":
			o.Workers = v
		case "max_price":
			o.MaxPrice = v
		case "budget":
			o.Budget = v
		case "var":
			o.Vars = append(o.Vars, v)
		case "set":
			o.Set = append(o.Set, v)
		}
	}
	return o
}

// checkPlaces fails if a diagnostic in the file points at nothing of it.
func checkPlaces(t *testing.T, text []byte, list diag.List) {
	t.Helper()
	lines := diag.Lines(text)
	for _, d := range list {
		p := d.Place
		if p.Line == 0 && strings.HasPrefix(p.File, "--") {
			continue
		}
		if p.Line < 1 || p.Line > len(lines) {
			t.Errorf("%v: there is no such line", d)
			continue
		}
		n := len([]rune(lines[p.Line-1]))
		if p.Col < 1 || p.Col > n+1 || p.Width < 1 || p.Col-1+p.Width > max(n, p.Col) {
			t.Errorf("%v: columns %d to %d are not in the line of %d", d, p.Col, p.Col+p.Width-1, n)
		}
		if d.Fact == "" {
			t.Errorf("%v: no fact", d)
		}
	}
}
