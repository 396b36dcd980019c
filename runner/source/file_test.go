package source_test

import (
	"io"
	"os"
	"strings"
	"testing"

	"tasks/runner/source"
	"tasks/spec"
)

func TestMistakesInAFileHaveTheirPlace(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for _, tt := range []struct {
		name, text string
		kind       string
		items      int
		want       string
	}{
		{"a huge line", "ok\n\n" + long + "\nnext\n", spec.SourceLines, 1, ":3: the line is longer than 1 MiB"},
		{"a huge line without an end", "ok\n" + long + "x", spec.SourceLines, 1, ":2: the line is longer than 1 MiB"},
		{"Latin-1", "ok\nfa\xe7ade\n", spec.SourceLines, 1, ":2: not UTF-8"},
		{"Latin-1 in JSON", "\"fa\xe7ade\"\n", spec.SourceJSONL, 0, ":1: not UTF-8"},
		{"no JSON", "1\n2\n{a: 1}\n", spec.SourceJSONL, 2, ":3: invalid character 'a'"},
		{"JSON over two lines", "1\n\n{\"a\":\n1}\n", spec.SourceJSONL, 1, ":3: the JSON value does not end on its line"},
		{"two values on a line", "1\n2 3\n", spec.SourceJSONL, 1, ":2: there is more after the JSON value"},
		{"a bracket too many", "1\n[2]]\n", spec.SourceJSONL, 1, ":2: there is more after the JSON value"},
		{"a number beyond all", "[1e999]\n", spec.SourceJSONL, 0, ":1: 1e999 is too large a number"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src := spec.Source{Kind: tt.kind, Path: write(t, tt.text), Repeat: 1}
			items, err := take(t, open(t, src, ""), 100)
			wantText(t, err, src.Path+tt.want)
			if len(items) != tt.items {
				t.Errorf("%d items before the error, want %d", len(items), tt.items)
			}
			if len(items) > 0 {
				_, err = take(t, open(t, src, string(items[len(items)-1].Position)), 1)
				wantText(t, err, src.Path+tt.want)
			}
		})
	}
}

func TestTheLongestLine(t *testing.T) {
	line := strings.Repeat("x", 1<<20-1)
	src := lineFile(write(t, line+"\n"+line+"\nshort\n"))
	check(t, "values", []any{line, line, "short"}, values(all(t, src, "")))
}

// The file is rewritten after its first item was read, and the source resumed.
func TestAFileThatChanged(t *testing.T) {
	for _, tt := range []struct {
		name, before, after string
		want                []any
		err                 string
	}{
		{"grew", "a\n", "a\nb\nc", []any{"b", "c"}, ""},
		{"grew after a last line without end", "a", "a\nb\n", []any{"b"}, ""},
		{"grew after a last line without end, in CRLF", "a", "a\r\nb\r\n", []any{"b"}, ""},
		{"got the end of its last line", "a", "a\n", nil, ""},
		{"had its last line made longer", "a", "abc\n", nil, ":1: the line was the last one when it was read, and was made longer since"},
		{"shrank", "abc\nd\n", "a\n", nil, ": the file has 2 bytes, and 4 were read before: it was cut or replaced"},
		{"was replaced by longer lines", "ab\nc\n", "abcdef\nghi\n", nil, "made longer since"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src := lineFile(write(t, tt.before))
			first, err := take(t, open(t, src, ""), 1)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(src.Path, []byte(tt.after), 0o600); err != nil {
				t.Fatal(err)
			}
			r, err := source.Open(src, first[0].Position)
			var items []source.Item
			if err == nil {
				defer r.Close()
				items, err = take(t, r, 100)
			}
			if tt.err == "" {
				if err != io.EOF {
					t.Fatal(err)
				}
				check(t, "values", append([]any{}, tt.want...), values(items))
				return
			}
			wantText(t, err, tt.err)
		})
	}
}

func TestAFileThatIsCutWhileItIsRead(t *testing.T) {
	src := lineFile(write(t, strings.Repeat("a line of some length\n", 10_000)))
	r := open(t, src, "")
	if _, err := take(t, r, 1); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(src.Path, 10); err != nil {
		t.Fatal(err)
	}
	_, err := take(t, r, 20_000)
	wantText(t, err, "it was cut or replaced")
}

func TestBlankIsWhiteSpaceInJSONAndNothingInLines(t *testing.T) {
	path := write(t, "1\n \t\r\n2\n")
	check(t, "JSON lines", []any{1, 2}, values(all(t, jsonFile(path), "")))
	check(t, "lines", []any{"1", " \t", "2"}, values(all(t, lineFile(path), "")))
}

func TestEveryRoundReadsTheFileAsItIsThen(t *testing.T) {
	src := lineFile(write(t, "a\nb\n"))
	src.Repeat = 2
	r := open(t, src, "")
	if _, err := take(t, r, 2); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(src.Path+".new", []byte("c\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(src.Path+".new", src.Path); err != nil {
		t.Fatal(err)
	}
	items, err := take(t, r, 100)
	if err != io.EOF {
		t.Fatal(err)
	}
	check(t, "values", []any{"c"}, values(items))
}

func TestAFileThatIsGoneForTheNextRound(t *testing.T) {
	src := lineFile(write(t, "a\n"))
	src.Repeat = 2
	r := open(t, src, "")
	if _, err := take(t, r, 1); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(src.Path); err != nil {
		t.Fatal(err)
	}
	_, err := take(t, r, 100)
	wantText(t, err, "no such file")
	if err := r.Close(); err != nil {
		t.Errorf("Close after it: %v", err)
	}
}
