package source_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tasks/runner/source"
	"tasks/spec"
)

func TestValuesAreWhatExpressionsSee(t *testing.T) {
	repeated := lineFile("testdata/blank.txt")
	repeated.Repeat = 2
	tests := []struct {
		name string
		src  spec.Source
		want []any
	}{
		{"range up", between(1, 3, 1), []any{1, 2, 3}},
		{"range down", between(3, -3, -3), []any{3, 0, -3}},
		{"range that misses its end", between(1, 6, 2), []any{1, 3, 5}},
		{"range of one", between(5, 5, 1), []any{5}},
		{"range that never comes to its end", between(5, 1, 1), []any{}},
		{"range that never comes down to its end", between(1, 5, -1), []any{}},
		{"range to the largest number", between(math.MaxInt64-1, math.MaxInt64, 1), []any{math.MaxInt64 - 1, math.MaxInt64}},
		{"range over all numbers", between(math.MinInt64, math.MaxInt64, math.MaxInt64), []any{math.MinInt64, -1, math.MaxInt64 - 1}},
		{"range down over all numbers", between(math.MaxInt64, math.MinInt64, math.MinInt64), []any{math.MaxInt64, -1}},
		{"items", spec.Source{Kind: spec.SourceItems, Repeat: 1, Items: []any{"a", 1, 2.0, map[string]any{"k": []any{true, nil}}}},
			[]any{"a", 1, 2.0, map[string]any{"k": []any{true, nil}}}},
		{"lines with blank ones", lineFile("testdata/blank.txt"), []any{"one", "two", "three"}},
		{"lines that end in CRLF or not at all", lineFile("testdata/crlf.txt"), []any{"alpha", "beta", "  gamma ", "last"}},
		{"lines after a byte order mark", lineFile("testdata/bom.txt"), []any{"one", "two"}},
		{"no lines", lineFile(write(t, "")), []any{}},
		{"blank lines only", lineFile(write(t, "\n\r\n\n")), []any{}},
		{"repeated lines", repeated, []any{"one", "two", "three", "one", "two", "three"}},
		{"JSON lines", jsonFile("testdata/items.jsonl"), []any{
			map[string]any{"mask": "?d?d", "n": 3}, 7, -2.5, 1.0, "<text> é",
			[]any{1, map[string]any{"deep": []any{9007199254740993}}}, nil, 123456789012345678901234567890.0, true,
		}},
		{"a program", shell(`printf '1\n\n{"a": 2}\n"three"'`), []any{1, map[string]any{"a": 2}, "three"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			check(t, "values", tt.want, values(all(t, tt.src, "")))
		})
	}
}

func TestJSONKeepsEveryDigitAndType(t *testing.T) {
	items := spec.Source{Kind: spec.SourceItems, Repeat: 1, Items: []any{
		2.0, 0.1, 1e300, 7, "<&> \"q\" \u2028 é", []any{3.0}, map[string]any{"b": 1.0, "a": nil},
	}}
	check(t, "items", []string{`2.0`, `0.1`, `1e+300`, `7`, `"<&> \"q\" \u2028 é"`, `[3.0]`, `{"a":null,"b":1.0}`},
		texts(all(t, items, "")))
	check(t, "JSON lines", []string{
		`{"mask":"?d?d","n":3}`, `7`, `-2.50`, `1.0`, `"<text> \u00e9"`,
		`[1,{"deep":[9007199254740993]}]`, `null`, `123456789012345678901234567890`, `true`,
	}, texts(all(t, jsonFile("testdata/items.jsonl"), "")))
	check(t, "lines", []string{`"a\"b"`, `"a\\b"`, `"a\u0001b"`, `"é"`, `"<plain>"`},
		texts(all(t, lineFile(write(t, "a\"b\na\\b\na\x01b\né\n<plain>\n")), "")))
}

// Whatever prefix was used, the rest is the same, item by item and position by
// position.
func TestResumeAtEveryPosition(t *testing.T) {
	repeat := func(src spec.Source, n int) spec.Source { src.Repeat = n; return src }
	for name, src := range map[string]spec.Source{
		"range":             between(-2, 9, 3),
		"range repeated":    repeat(between(1, 3, 1), 3),
		"items":             {Kind: spec.SourceItems, Items: []any{"a", nil, 2.0}, Repeat: 2},
		"lines":             repeat(lineFile("testdata/blank.txt"), 2),
		"lines with CRLF":   repeat(lineFile("testdata/crlf.txt"), 3),
		"lines after a BOM": repeat(lineFile("testdata/bom.txt"), 2),
		"JSON lines":        repeat(jsonFile("testdata/items.jsonl"), 2),
		"program":           repeat(shell(`printf '1\n\n2\n"x"'`), 2),
	} {
		t.Run(name, func(t *testing.T) {
			whole := all(t, src, "null")
			for i, item := range whole {
				check(t, fmt.Sprintf("what comes after %s", item.Position), whole[i+1:], append([]source.Item{}, all(t, src, string(item.Position))...))
			}
		})
	}
}

// A restart may come after any number of items, any number of times.
func TestResumeAnywhereInAnyFile(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"a", "bc", "", "\n", "\r\n", "\r", " ", "é", "\n\n"})).Draw(rt, "text"), "")
		src := lineFile(write(t, text))
		src.Repeat = rapid.IntRange(1, 3).Draw(rt, "repeat")
		reference, _ := take(t, open(t, src, ""), 1000)
		var got []source.Item
		position := ""
		for {
			part, err := take(t, open(t, src, position), rapid.IntRange(1, 4).Draw(rt, "items until the restart"))
			got = append(got, part...)
			if err != nil {
				break
			}
			position = string(part[len(part)-1].Position)
		}
		if a, b := fmt.Sprint(reference), fmt.Sprint(got); a != b {
			rt.Fatalf("%q in one go:\n%s\nwith restarts:\n%s", text, a, b)
		}
	})
}

func TestRangeWithoutAnEnd(t *testing.T) {
	src := spec.Source{Kind: spec.SourceRange, First: 10, Step: -5, Endless: true}
	items, err := take(t, open(t, src, ""), 4)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "values", []any{10, 5, 0, -5}, values(items))
	check(t, "position", `{"index":4}`, string(items[3].Position))
}

func TestRepeatForever(t *testing.T) {
	src := between(1, 2, 1)
	src.Repeat = 0
	items, err := take(t, open(t, src, `{"round":1000000,"index":1}`), 3)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "values", []any{2, 1, 2}, values(items))
	check(t, "position", `{"round":1000001,"index":2}`, string(items[2].Position))
}

func TestNothingToRepeatIsAnError(t *testing.T) {
	for name, src := range map[string]spec.Source{
		"lines":   lineFile(write(t, "\n\n")),
		"items":   {Kind: spec.SourceItems},
		"program": shell("true"),
	} {
		t.Run(name, func(t *testing.T) {
			src.Repeat = 0
			wantError(t, src, "gives no items, and is to be repeated")
		})
	}
}

func TestAnEmptyRoundAfterOneWithItems(t *testing.T) {
	src := shell(`if [ -e "$0" ]; then rm "$0"; echo 1; fi`)
	src.Argv = append(src.Argv, write(t, ""))
	src.Repeat = 0
	items, err := take(t, open(t, src, ""), 5)
	if len(items) != 1 {
		t.Errorf("got %v", values(items))
	}
	wantText(t, err, "gives no items, and is to be repeated")
}

func TestARoundThatWasUsedUpIsNotEmpty(t *testing.T) {
	src := lineFile(write(t, "a\n"))
	src.Repeat = 0
	items, err := take(t, open(t, src, `{"index":1,"offset":2,"line":1}`), 1)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "values", []any{"a"}, values(items))
}

func TestPositionsThatAreNone(t *testing.T) {
	for _, tt := range []struct{ name, position, want string }{
		{"not JSON", `{`, "read position {: "},
		{"another shape", `[1]`, "read position [1]: "},
		{"an unknown key", `{"page":1}`, "unknown field"},
		{"a negative number", `{"index":-1}`, "a number is negative"},
		{"of another kind of source", `{"index":2}`, "not one in a file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := source.Open(lineFile("testdata/blank.txt"), json.RawMessage(tt.position))
			wantText(t, err, tt.want)
		})
	}
}

func TestSourcesThatCannotBeOpened(t *testing.T) {
	for _, tt := range []struct {
		name string
		src  spec.Source
		want string
	}{
		{"no file", lineFile("testdata/absent.txt"), "open testdata/absent.txt: no such file or directory"},
		{"a directory", lineFile("testdata"), "testdata: not a regular file"},
		{"no program", spec.Source{Kind: spec.SourceCommand, Argv: []string{"./absent-program", "-x"}}, `start command "./absent-program -x": `},
		{"no command", spec.Source{Kind: spec.SourceCommand}, "the command is empty"},
		{"a step of 0", spec.Source{Kind: spec.SourceRange}, "its step is 0"},
		{"an unknown kind", spec.Source{Kind: "tape"}, `unknown kind "tape"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := source.Open(tt.src, nil)
			wantText(t, err, tt.want)
		})
	}
}

func TestNextAfterTheEnd(t *testing.T) {
	r := open(t, between(1, 1, 1), "")
	if _, err := take(t, r, 5); err != io.EOF {
		t.Fatal(err)
	}
	if _, err := r.Next(t.Context()); err != io.EOF {
		t.Errorf("Next after the end: %v, want io.EOF again", err)
	}
	closed := open(t, between(1, 1, 1), "")
	if err := errors.Join(closed.Close(), closed.Close()); err != nil {
		t.Errorf("Close twice: %v", err)
	}
	_, err := closed.Next(t.Context())
	wantText(t, err, "closed")
}

func TestNextUnderACancelledContext(t *testing.T) {
	r := open(t, between(1, 2, 1), "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Next(ctx); err != context.Canceled {
		t.Errorf("Next = %v, want %v", err, context.Canceled)
	}
	if item, err := r.Next(t.Context()); err != nil || item.Value != 1 {
		t.Errorf("Next after it = %v, %v, want the first item", item.Value, err)
	}
}

// wantError reads a source until it fails.
func wantError(t *testing.T, src spec.Source, want string) {
	t.Helper()
	r := open(t, src, "")
	_, err := take(t, r, 1000)
	wantText(t, err, want)
	if _, again := r.Next(t.Context()); again != err {
		t.Errorf("Next after the error = %v, want the same", again)
	}
}

func wantText(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error = %v, want one with %q", err, want)
	}
}
