package source_test

import (
	"context"
	"testing"

	"tasks/runner/source"
	"tasks/spec"
)

func TestCarriesOn(t *testing.T) {
	count := func(first, last, step int64) spec.Source {
		return spec.Source{Kind: spec.SourceRange, First: first, Last: last, Step: step, Repeat: 1}
	}
	items := func(all ...any) spec.Source { return spec.Source{Kind: spec.SourceItems, Items: all, Repeat: 1} }
	grid := func(outer, inner int) spec.Source {
		values := func(n int) (all []any) {
			for i := range n {
				all = append(all, i)
			}
			return all
		}
		return spec.Source{Kind: spec.SourceMatrix, Repeat: 1, Axes: []spec.Axis{{Name: "a", Values: values(outer)}, {Name: "b", Values: values(inner)}}}
	}
	often := func(s spec.Source, n int) spec.Source { s.Repeat = n; return s }
	file := func(path string) spec.Source { return spec.Source{Kind: spec.SourceLines, Path: path, Repeat: 1} }
	for _, tt := range []struct {
		name        string
		before, now spec.Source
		read        string
		want        string // "" for yes
	}{
		{"nothing was read", count(1, 9, 1), file("/x"), ``, ""},
		{"a longer range", count(1, 9, 1), count(1, 20, 1), `{"index":9}`, ""},
		{"a shorter range, behind what was read", count(1, 9, 1), count(1, 5, 1), `{"index":5}`, ""},
		{"a range that was read further", count(1, 9, 1), count(1, 5, 1), `{"index":6}`, "it was read to 6 already"},
		{"a range downwards", count(9, 1, -2), count(9, 5, -2), `{"index":4}`, "it was read to 3 already"},
		{"another beginning", count(1, 9, 1), count(2, 9, 1), `{"index":1}`, "1 number was read already, from 1 in steps of 1"},
		{"other steps", count(1, 9, 1), count(1, 9, 2), `{"index":2}`, "2 numbers were read already, from 1 in steps of 1"},
		{"no end", count(1, 9, 1), spec.Source{Kind: spec.SourceRange, First: 1, Step: 1, Endless: true}, `{"index":9}`, ""},
		{"the whole range was read before", often(count(1, 9, 1), 0), often(count(1, 8, 1), 0), `{"round":1,"index":2}`, "it was read to 9 already"},
		{"more items", items("a", "b"), items("a", "b", "c"), `{"index":2}`, ""},
		{"fewer items", items("a", "b"), items("a"), `{"index":2}`, "2 items were read already, and only 1 are left"},
		{"another item", items("a", "b", "c"), items("a", "x", "c"), `{"index":2}`, "2 items were read already, and item 2 is another one"},
		{"another item to come", items("a", "b", "c"), items("a", "x"), `{"index":1}`, ""},
		{"one more round", often(items("a"), 2), often(items("a"), 3), `{"round":1,"index":1}`, ""},
		{"a round fewer", often(items("a"), 3), often(items("a"), 2), `{"round":2,"index":1}`, "it is read for the 3rd time already"},
		{"more of the outer name", grid(2, 3), grid(4, 3), `{"index":4,"offset":4}`, ""},
		{"fewer of the outer name", grid(4, 3), grid(2, 3), `{"index":6,"offset":6}`, ""},
		{"too few of the outer name", grid(4, 3), grid(2, 3), `{"index":7,"offset":7}`, "7 combinations were read already, and the others may only be added to the values of its first name, at their end"},
		{"more of the inner name", grid(2, 3), grid(2, 4), `{"index":1,"offset":1}`, "1 combination was read already, and the others may only be added to the values of its first name, at their end"},
		{"another kind", items("a"), file("/x"), `{"index":1}`, "1 item was read already, from a source of another kind"},
		{"another file", file("/x"), file("/y"), `{"index":3,"offset":9}`, "3 items were read already"},
		{"a file once more", file("/x"), often(file("/x"), 2), `{"index":3,"offset":9}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if err := source.CarriesOn(tt.before, tt.now, []byte(tt.read)); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("CarriesOn says %q, want %q", got, tt.want)
			}
		})
	}
}

// What CarriesOn allows, a reader can do.
func TestReaderCarriesOnWithMore(t *testing.T) {
	before := spec.Source{Kind: spec.SourceItems, Items: []any{"a", "b"}, Repeat: 1}
	after := spec.Source{Kind: spec.SourceItems, Items: []any{"a", "b", "c"}, Repeat: 1}
	r, err := source.Open(before, nil)
	if err != nil {
		t.Fatal(err)
	}
	var last source.Item
	for {
		item, err := r.Next(context.Background())
		if err != nil {
			break
		}
		last = item
	}
	if r, err = source.Open(after, last.Position); err != nil {
		t.Fatal(err)
	}
	if item, err := r.Next(context.Background()); err != nil || item.Value != "c" {
		t.Errorf("after the end comes %v, %v; want c", item.Value, err)
	}
}
