package spec_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/spec"
)

// TestReadDocument reads recipes: a time to cook, and a list of what is in it.
func TestReadDocument(t *testing.T) {
	for _, test := range []struct {
		name, text string
		cook       time.Duration
		has        int
		mistakes   string
	}{
		{"fine", "cook: 2m\nof: [salt, rice]\n", 2 * time.Minute, 2, ""},
		{"empty", "", 0, 0, "r.yaml:1:1: there is nothing in the file"},
		{"no YAML", "cook: [", 0, 0, "r.yaml:1:7: the list that opens here is not closed"},
		{"a key of specs", "of: [{budget: 1}]\n", 0, 1, `r.yaml:1:7: of[0]: unknown key "budget"`},
		{"every mistake", "cok: 2m\nof: salt\n", 0, 0, "r.yaml:1:1: unknown key \"cok\"\nr.yaml:2:5: of: wants a list of what is in it, and this is \"salt\""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var cook time.Duration
			has := 0
			list := spec.ReadDocument("r.yaml", []byte(test.text), func(d *spec.Document, top spec.Value) {
				d.Fields(top,
					spec.Field{Key: "cook", Read: func(v spec.Value) { cook = d.Duration(v, time.Second, time.Hour) }},
					spec.Field{Key: "of", Read: func(v spec.Value) {
						d.List(v, "a list of what is in it", "", func(v spec.Value) {
							has++
							if v.IsMapping() {
								d.Fields(v, spec.Field{Key: "grams", Read: func(spec.Value) {}})
							}
						})
					}},
				)
			})
			if diff := cmp.Diff(test.mistakes, list.Error()); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
			if cook != test.cook || has != test.has {
				t.Errorf("read %v and %d things, want %v and %d", cook, has, test.cook, test.has)
			}
			for _, d := range list {
				if test.name == "a key of specs" && d.Hint != "the only key here is grams" {
					t.Errorf("hint = %q, want nothing about specs", d.Hint)
				}
			}
		})
	}
}
