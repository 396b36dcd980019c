package source_test

import (
	"context"
	"os"
	"testing"

	"tasks/spec"
)

// pipe puts a pipe in the place of standard input.
func pipe(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stdin
	os.Stdin = r
	t.Cleanup(func() { os.Stdin = before; r.Close(); w.Close() })
	return w
}

func say(t *testing.T, text string) {
	t.Helper()
	w := pipe(t)
	if _, err := w.WriteString(text); err != nil {
		t.Fatal(err)
	}
	w.Close()
}

func stdin(kind string) spec.Source {
	return spec.Source{Kind: kind, Path: spec.Stdin, Delimiter: ',', Repeat: 1}
}

func TestStandardInput(t *testing.T) {
	say(t, "a,b\n1,\"2\n3\"\n4,5\n")
	want := []any{map[string]any{"a": "1", "b": "2\n3"}, map[string]any{"a": "4", "b": "5"}}
	items := all(t, stdin(spec.SourceCSV), "")
	check(t, "values", want, values(items))

	say(t, "a,b\n1,\"2\n3\"\n4,5\n")
	check(t, "the rest", want[1:], values(all(t, stdin(spec.SourceCSV), string(items[0].Position))))

	say(t, " x\n\ny \n")
	check(t, "lines", []any{" x", "y "}, values(all(t, stdin(spec.SourceLines), "")))

	say(t, "1\n{}\nno\n")
	_, err := take(t, open(t, stdin(spec.SourceJSONL), ""), 10)
	wantText(t, err, "standard input:3: invalid character")

	say(t, "x\n")
	_, err = take(t, open(t, stdin(spec.SourceLines), `{"index":2,"line":2}`), 10)
	wantText(t, err, "standard input gave only 1 items this time, and 2 were read before")
}

func TestWaitingForStandardInputCanBeGivenUp(t *testing.T) {
	w := pipe(t)
	if _, err := w.WriteString("first\n"); err != nil {
		t.Fatal(err)
	}
	r := open(t, stdin(spec.SourceLines), "")
	if _, err := take(t, r, 1); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Next(ctx); err != context.Canceled {
		t.Errorf("Next = %v, want context.Canceled", err)
	}
}
