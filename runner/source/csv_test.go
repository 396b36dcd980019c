package source_test

import (
	"testing"

	"tasks/spec"
)

func csvFile(path string) spec.Source {
	return spec.Source{Kind: spec.SourceCSV, Path: path, Delimiter: ',', Repeat: 1}
}

const cities = "\xef\xbb\xbfcity,note\r\nOslo,\"a, b\"\r\n\r\nRome,\"two\nlines, \"\"quoted\"\"\"\r\n01234,\n"

func TestCSVIsReadAndCarriedOnWithAnywhere(t *testing.T) {
	src := csvFile(write(t, cities))
	items := all(t, src, "")
	want := []any{
		map[string]any{"city": "Oslo", "note": "a, b"},
		map[string]any{"city": "Rome", "note": "two\nlines, \"quoted\""},
		map[string]any{"city": "01234", "note": ""},
	}
	check(t, "values", want, values(items))
	check(t, "JSON", `{"city":"Rome","note":"two\nlines, \"quoted\""}`, texts(items)[1])
	for i, item := range items {
		check(t, "the rest", want[i+1:], values(all(t, src, string(item.Position))))
	}
	src.Repeat = 2
	check(t, "two rounds", append(want, want...), values(all(t, src, "")))
}

func TestCSVWithNamedColumns(t *testing.T) {
	src := csvFile(write(t, "a;1\nb;2"))
	src.Delimiter, src.Columns = ';', []string{"name", "n"}
	check(t, "values", []any{
		map[string]any{"name": "a", "n": "1"}, map[string]any{"name": "b", "n": "2"},
	}, values(all(t, src, "")))
}

func TestMistakesInCSVHaveTheirPlace(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"no header", "\n", ":1: there is no line with the names of the columns"},
		{"a column without a name", "a,,c\n", ":1: column 2 has no name"},
		{"two of a name", "\na,b,a\n", ":2: columns 1 and 3 have the same name, \"a\""},
		{"too few", "a,b\n1,2\n3\n", ":3: a record has 2 values, and this has 1"},
		{"too many", "a,b\n1,2\n3,4,5\n", ":3: a record has 2 values, and this has 3"},
		{"a quote without an end", "a,b\n1,2\n\"3,4\n5,6\n", ":3: a quoted value begins here and has no end"},
		{"a quote in the middle", "a,b\n1,\"x\n5\" y,6\n", ":3: column 2: a quote stands at the beginning"},
		{"Latin-1", "a\nfa\xe7ade\n", ":2: not UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src := csvFile(write(t, tt.text))
			_, err := take(t, open(t, src, ""), 100)
			wantText(t, err, src.Path+tt.want)
		})
	}
}

func TestAMatrix(t *testing.T) {
	src := spec.Source{Kind: spec.SourceMatrix, Repeat: 1,
		Axes:    []spec.Axis{{Name: "size", Values: []any{"s", "l"}}, {Name: "seed", Values: []any{1, 2, 3}}},
		Exclude: []any{map[string]any{"size": "s", "seed": 2}, map[string]any{"seed": 3}},
	}
	items := all(t, src, "")
	want := []any{
		map[string]any{"size": "s", "seed": 1}, map[string]any{"size": "l", "seed": 1}, map[string]any{"size": "l", "seed": 2},
	}
	check(t, "values", want, values(items))
	for i, item := range items {
		check(t, "the rest", want[i+1:], values(all(t, src, string(item.Position))))
	}
}

func TestALargeMatrixIsNotInMemory(t *testing.T) {
	var axis []any
	for i := range 10_000 {
		axis = append(axis, i)
	}
	src := spec.Source{Kind: spec.SourceMatrix, Repeat: 1}
	for _, name := range []string{"a", "b", "c"} {
		src.Axes = append(src.Axes, spec.Axis{Name: name, Values: axis})
	}
	items, err := take(t, open(t, src, `{"index":999999999999,"offset":999999999999}`), 1)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "the last", []any{map[string]any{"a": 9999, "b": 9999, "c": 9999}}, values(items))
}
