package source_test

import (
	"os"
	"path/filepath"
	"testing"

	"tasks/spec"
)

// tree makes files, each with its own name in it.
func tree(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("four"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func paths(t *testing.T, src spec.Source, position string) (out []any) {
	t.Helper()
	for _, v := range values(all(t, src, position)) {
		out = append(out, v.(map[string]any)["path"])
	}
	return out
}

func TestFilesOfAPattern(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a [strange] name")
	tree(t, dir, "in/b.png", "in/a.png", "in/.hidden.png", "in/deep/er/c.png", "in/d.txt", "in/x.png/y", "z.png")
	for _, tt := range []struct {
		pattern string
		want    []any
	}{
		{"in/*.png", []any{"in/a.png", "in/b.png"}},
		{"./in/a.png", []any{"in/a.png"}},
		{"**/*.png", []any{"in/a.png", "in/b.png", "in/deep/er/c.png", "z.png"}},
		{"**/**/c.*", []any{"in/deep/er/c.png"}},
		{"in/**", []any{"in/a.png", "in/b.png", "in/d.txt", "in/deep/er/c.png", "in/x.png/y"}},
		{"*/.h*", []any{"in/.hidden.png"}},
		{"nowhere/*", nil},
		{dir + "/z.*", nil}, // "[strange]" is a part of the pattern there
		{"../a*/z.png", []any{filepath.Join(dir, "z.png")}},
	} {
		t.Run(tt.pattern, func(t *testing.T) {
			src := spec.Source{Kind: spec.SourceFiles, Dir: dir, Pattern: tt.pattern, Repeat: 1}
			check(t, "paths", tt.want, paths(t, src, ""))
		})
	}
}

// A file that comes meanwhile is found where its name is behind the last one.
func TestFilesAreCarriedOnWithByName(t *testing.T) {
	dir := t.TempDir()
	tree(t, dir, "b.tar.gz", "d")
	src := spec.Source{Kind: spec.SourceFiles, Dir: dir, Pattern: "*", Repeat: 1}
	items := all(t, src, "")
	check(t, "the item", map[string]any{
		"path": "b.tar.gz", "name": "b.tar.gz", "stem": "b.tar", "ext": ".gz", "folder": ".", "size": 4,
	}, items[0].Value.(map[string]any))
	tree(t, dir, "a", "c")
	check(t, "the rest", []any{"c", "d"}, paths(t, src, string(items[0].Position)))
	if err := os.Remove(filepath.Join(dir, "b.tar.gz")); err != nil {
		t.Fatal(err)
	}
	check(t, "without the last one", []any{"c", "d"}, paths(t, src, string(items[0].Position)))
}
