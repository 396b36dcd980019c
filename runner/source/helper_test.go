package source_test

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/runner/source"
	"tasks/spec"
)

func open(t testing.TB, src spec.Source, position string) *source.Reader {
	t.Helper()
	r, err := source.Open(src, json.RawMessage(position))
	if err != nil {
		t.Fatalf("Open(%s): %v", position, err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// take reads at most n items, and gives the error that came first.
func take(t testing.TB, r *source.Reader, n int) ([]source.Item, error) {
	t.Helper()
	var items []source.Item
	for len(items) < n {
		item, err := r.Next(t.Context())
		if err != nil {
			return items, err
		}
		items = append(items, item)
	}
	return items, nil
}

// all reads to the end, which must be io.EOF.
func all(t testing.TB, src spec.Source, position string) []source.Item {
	t.Helper()
	items, err := take(t, open(t, src, position), 1000)
	if err != io.EOF {
		t.Fatalf("after %d items from %s: %v, want io.EOF", len(items), position, err)
	}
	return items
}

func values(items []source.Item) []any {
	out := []any{}
	for _, item := range items {
		out = append(out, item.Value)
	}
	return out
}

func texts(items []source.Item) []string {
	out := []string{}
	for _, item := range items {
		out = append(out, string(item.JSON))
	}
	return out
}

func write(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "items.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func lineFile(path string) spec.Source {
	return spec.Source{Kind: spec.SourceLines, Path: path, Repeat: 1}
}

func jsonFile(path string) spec.Source {
	return spec.Source{Kind: spec.SourceJSONL, Path: path, Repeat: 1}
}

func shell(script string) spec.Source {
	return spec.Source{Kind: spec.SourceCommand, Argv: []string{"/bin/sh", "-c", script}, Repeat: 1}
}

func between(first, last, step int64) spec.Source {
	return spec.Source{Kind: spec.SourceRange, First: first, Last: last, Step: step, Repeat: 1}
}

func check(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s differ (-want +got):\n%s", what, diff)
	}
}
