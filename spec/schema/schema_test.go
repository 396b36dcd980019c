package schema_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/spec/schema"
)

const code = `package p

const inner = "inner"

func document(v value) {
	maker := func(key string) field { return field{key, nil} }
	fields(v, []field{
		// what it
		// is
		{"outer", d.below},
		{"bare", nil},
	}...)
	_ = maker("made") // of no use
}

func below(v value) {
	fields(v,
		// deep down
		field{inner, func(v value) { d.document(v) }},
	)
}
`

func keys(t *testing.T) map[string]schema.Comment {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "p.go"), []byte(code), 0o666); err != nil {
		t.Fatal(err)
	}
	keys, err := schema.ReadComments(dir, "document", "field")
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestReadComments(t *testing.T) {
	want := map[string]schema.Comment{
		"outer":       {Text: "what it is", Place: "p.go:10"},
		"bare":        {Place: "p.go:11"},
		"made":        {Place: "p.go:13"},
		"outer.inner": {Text: "deep down", Place: "p.go:19"},
	}
	if diff := cmp.Diff(want, keys(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadCommentsWithoutTheFunction(t *testing.T) {
	if _, err := schema.ReadComments(".", "document", "field"); err == nil {
		t.Error("a function that is not there is found")
	}
}

func TestBuildNamesWhatIsMissing(t *testing.T) {
	g := schema.Grammar{Keys: keys(t), Forms: map[string]schema.Form{
		"bare": schema.Is(schema.Enum("a")), "outer.inner": schema.Is(schema.Enum("b")), "other": schema.Is(nil),
	}}
	_, err := g.Build()
	want := `p.go:11: the key bare has no comment above it, saying what it is
p.go:13: the key made has no comment above it, saying what it is
p.go:13: the key made has no form, saying what it takes
there is a form for other, which is no key`
	if err == nil || err.Error() != want {
		t.Errorf("Build says\n%v\nwant\n%s", err, want)
	}
}

func TestBuild(t *testing.T) {
	g := schema.Grammar{
		Title:    "a thing",
		Keys:     map[string]schema.Comment{"size": {Text: "how large"}, "box": {Text: "around it"}, "box.takes": {Text: "time"}},
		Forms:    map[string]schema.Form{"size": schema.Is(schema.Whole("a whole number")), "box.takes": schema.Is(schema.Enum("long"))},
		Defaults: map[string]string{"size": "3"},
	}
	got, err := g.Build()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"description": "How large.\n\nTakes a whole number.\n\nDefault: ` + "`3`" + `"`, `"default": 3`, `"takes": {`, `"additionalProperties": false`,
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%s is not in\n%s", want, got)
		}
	}
}
