package policies_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/policies"
)

// stage compiles a document of one stage whose items are open.
func stage(t testing.TB, body string) *policies.Stage {
	t.Helper()
	set := compile(t, "name: x\npayload: golem/alpine:latest\ntasks:\n  from: {command: [gen]}\n"+body)
	return set.Stage("tasks")
}

func item(v any) policies.TaskEnv {
	return policies.TaskEnv{Task: policies.Task{ID: 7, Stage: "tasks", Item: v, Index: 3, Attempt: 1}, Run: policies.Run{ID: "r1"}}
}

func TestCommands(t *testing.T) {
	stream := &golem.CaptureMode{Stream: &golem.CaptureStream{Limit: 1 << 20}}
	capture := &golem.Capture{Stdout: stream, Stderr: stream}
	st := stage(t, "  steps:\n    - run: echo plain\n    - run: echo ${{ task.item }}-${{ task.index }}\n    - run: [cat, \"/${{ task.item }}\", '', \"${{ run.id }}\"]\n  timeout: 90s\n")
	got, f := st.Commands(item("a b"))
	if f != nil {
		t.Fatal(f)
	}
	want := []golem.Command{
		{Run: &golem.Run{EntryPoint: "/bin/sh", Args: []string{"-c", "echo plain"}, Capture: capture}},
		{Run: &golem.Run{EntryPoint: "/bin/sh", Args: []string{"-c", "echo 'a b'-'3'"}, Capture: capture}},
		{Run: &golem.Run{EntryPoint: "cat", Args: []string{"/a b", "", "r1"}, Capture: capture}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Commands (-want +got):\n%s", diff)
	}
	if st.Timeout() != 90*time.Second {
		t.Errorf("Timeout() = %v", st.Timeout())
	}
}

func TestValuesInText(t *testing.T) {
	tests := []struct {
		name    string
		value   any
		want    string
		failure string
	}{
		{"text", "a\nb", "a\nb", ""},
		{"empty text", "", "", ""},
		{"whole", 42, "42", ""},
		{"whole of JSON", 4096.0, "4096", ""},
		{"large", 1e21, "1000000000000000000000", ""},
		{"fraction", 0.0000001, "0.0000001", ""},
		{"negative", -1.5, "-1.5", ""},
		{"true", true, "true", ""},
		{"list", []any{1, "a", nil, 2.0, true}, `[1,"a",null,2,true]`, ""},
		{"map", map[string]any{"b": 1, "a": "<&>"}, `{"a":"<&>","b":1}`, ""},
		{"nothing", nil, "", "tasks.run: task.item: gives nothing (nil) where task.item = nil"},
		{"zero byte", "a\x00b", "", `tasks.run: task.item: gives text with a zero byte, which no command can take where task.item = "a\x00b"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st := stage(t, `  run: [x, "${{ task.item }}"]`)
			got, f := st.Commands(item(tt.value))
			if tt.failure != "" {
				check(t, len(got), 0, f, tt.failure)
				return
			}
			if f != nil {
				t.Fatal(f)
			}
			check(t, got[0].Run.Args[0], tt.want, f, "")
		})
	}
}

// Whatever a value holds, a shell line made with it has one argument more.
func TestShellLineKeepsItsShape(t *testing.T) {
	if _, err := exec.LookPath("/bin/sh"); err != nil {
		t.Skip("no /bin/sh")
	}
	st := stage(t, `  run: "printf '[%s]' a${{ task.item }}z ${{ task.item }} > /dev/stdout"`)
	for _, hostile := range []string{
		`'; rm -rf /`, `"; exit 1; "`, "$(exit 1)", "`exit 1`", "$HOME ${HOME}", "a\nexit 1\n", `\`, `\'`, `'`, `''`, "*", "~", "#", "-n", "a b\tc",
		"! & | ; < > ( ) { }", "ünïcödé ☃", "%s %d", "", "\r", "$'x'", "--", "\x7f\x01",
	} {
		got, f := st.Commands(item(hostile))
		if f != nil {
			t.Fatal(f)
		}
		run := got[0].Run
		out, err := exec.Command(run.EntryPoint, run.Args...).Output()
		if want := "[a" + hostile + "z][" + hostile + "]"; err != nil || string(out) != want {
			t.Errorf("%q gives %q, %v, want %q", hostile, out, err, want)
		}
	}
}

func TestTaskKeys(t *testing.T) {
	st := stage(t, `  run: [x, "${{ task.mask }}", "${{ task['hash sum'] ?? 'none' }}", "${{ task.item.mask }}", "${{ task.deep.er }}"]`)
	got, f := st.Commands(item(map[string]any{"mask": "?a", "deep": map[string]any{"er": 5}}))
	if f != nil {
		t.Fatal(f)
	}
	if diff := cmp.Diff([]string{"?a", "none", "?a", "5"}, got[0].Run.Args); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
	st = stage(t, `  run: [x, "${{ task.mask }}"]`)
	_, f = st.Commands(item(map[string]any{}))
	check(t, 0, 0, f, `tasks.run: task.mask: gives nothing (nil) where task.mask = nil`)
	_, f = st.Commands(item("text"))
	check(t, 0, 0, f, `tasks.run: task.mask: task.item is text and has no "mask"`)
	_, f = st.Commands(item(nil))
	check(t, 0, 0, f, `tasks.run: task.mask: task.item is nil and has no "mask"`)
}

func TestResult(t *testing.T) {
	env := policies.ResultEnv{
		Stdout: " a=1\nb=2\n", Duration: 90 * time.Second, Task: item(map[string]any{"mask": "?a"}).Task,
		Steps: []policies.Output{{Stdout: "first"}, {Stdout: " a=1\nb=2\n"}},
	}
	tests := []struct {
		expr    string
		want    any
		keep    bool
		failure string
	}{
		{`trim(stdout)`, "a=1\nb=2", true, ""},
		{`stdout == "" ? nil : trim(stdout)`, "a=1\nb=2", true, ""},
		{`stdout != "" ? nil : trim(stdout)`, nil, false, ""},
		{`""`, "", true, ""},
		{`exit_code`, 0, true, ""},
		{`false`, false, true, ""},
		{`map(lines(stdout), last(split(#, "=")))`, []any{"1", "2"}, true, ""},
		{`steps[0].stdout`, "first", true, ""},
		{`steps[-1].stdout`, " a=1\nb=2\n", true, ""},
		{`{mask: task.mask, n: len(lines(stdout))}`, map[string]any{"mask": "?a", "n": 2}, true, ""},
		{`groupBy(lines(stdout), len(#))`, map[string]any{"3": []any{"b=2"}, "4": []any{" a=1"}}, true, ""},
		{`duration`, "1m30s", true, ""},
		{`seconds(duration)`, 90.0, true, ""},
		{`chunks(0, 3, 2)`, []any{map[string]any{"from": 0, "to": 2}, map[string]any{"from": 2, "to": 3}}, true, ""},
		{`1..3`, []any{1, 2, 3}, true, ""},
		{`fromJSON("{\"a\": [1.5, null]}")`, map[string]any{"a": []any{1.5, nil}}, true, ""},
		{`1 / exit_code`, nil, false, "tasks.result: 1 / exit_code: gives infinity, which is no number where exit_code = 0"},
		{`[[1 / exit_code]]`, nil, false, "tasks.result: [[1 / exit_code]]: gives infinity, which is no number where exit_code = 0"},
		{`int(stdout)`, nil, false, `tasks.result: int(stdout): int() cannot make a number of "a=1 b=2" where stdout = " a=1\nb=2\n"`},
		{`steps[5].stdout`, nil, false, `tasks.result: steps[5].stdout: index out of range: 5 (array length is 2)`},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			got, keep, f := stage(t, "  run: x\n  result: '"+strings.ReplaceAll(tt.expr, "'", "''")+"'\n").Result(env)
			if diff := cmp.Diff(tt.want, got); diff != "" || keep != tt.keep {
				t.Errorf("keep %v, Result (-want +got):\n%s", keep, diff)
			}
			check(t, 0, 0, f, tt.failure)
		})
	}
}

func TestCount(t *testing.T) {
	tests := []struct {
		count   string
		want    int
		failure string
	}{
		{"", 1, ""},
		{"results: {count: len(lines(result))}", 2, ""},
		{"results: {count: '5 / 2'}", 2, ""},
		{"results: {count: '-5'}", 0, ""},
		{"results: {count: 'int(result)'}", 1, `results.count: int(result): int() cannot make a number of "a b" where result = "a\nb"`},
	}
	for _, tt := range tests {
		got, f := stage(t, "  run: x\n"+tt.count).Count(policies.ResultEnv{}, "a\nb")
		check(t, got, tt.want, f, tt.failure)
	}
}

func TestEmit(t *testing.T) {
	env := policies.ResultEnv{Task: item(map[string]any{"mask": "?a", "hash": "h"}).Task}
	tests := []struct {
		each    string
		value   any
		want    []policies.Emitted
		failure string
	}{
		{`map(chunks(0, int(result), 4096), {mask: task.mask, skip: #.from, limit: #.to - #.from})`, "5000", []policies.Emitted{
			{"tasks", map[string]any{"mask": "?a", "skip": 0, "limit": 4096}},
			{"tasks", map[string]any{"mask": "?a", "skip": 4096, "limit": 904}},
		}, ""},
		{`lines(result)`, "x\n\ny\r\n", []policies.Emitted{{"tasks", "x"}, {"tasks", "y"}}, ""},
		{`[]`, "", nil, ""},
		{`result == "" ? nil : [result]`, "", nil, ""},
		{`result == "" ? nil : [result]`, "z", []policies.Emitted{{"tasks", "z"}}, ""},
		{`lines(result) | map({line: #})`, "a", []policies.Emitted{{"tasks", map[string]any{"line": "a"}}}, ""},
		{`result`, "a", nil, `tasks.emit.each: result: gives text, and wants a list where result = "a"`},
		{`chunks(0, int(result), 1)`, "1000001", nil, `tasks.emit.each: chunks(0, int(result), 1): chunks(0, 1000001, 1) makes 1000001 chunks, and 1000000 is the most where result = "1000001"`},
		{`chunks(0, int(result), 0)`, "1", nil, `tasks.emit.each: chunks(0, int(result), 0): chunks of size 0: the size is at least 1 where result = "1"`},
		{`chunks(0, result, 5)`, 7.0, []policies.Emitted{{"tasks", map[string]any{"from": 0, "to": 5}}, {"tasks", map[string]any{"from": 5, "to": 7}}}, ""},
		{`chunks(0, result, 5)`, 7.5, nil, `tasks.emit.each: chunks(0, result, 5): 7.5 is no whole number where result = 7.5`},
	}
	for _, tt := range tests {
		t.Run(tt.each, func(t *testing.T) {
			got, f := stage(t, "  run: x\n  emit: {stage: tasks, each: '"+strings.ReplaceAll(tt.each, "'", "''")+"'}\n").Emit(env, tt.value)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Emit (-want +got):\n%s", diff)
			}
			check(t, 0, 0, f, tt.failure)
		})
	}
}

// Several emits are one answer: all of them, or none.
func TestEmitIsAllOrNothing(t *testing.T) {
	set := compile(t, `name: x
payload: golem/alpine:latest
tasks:
  a:
    from: [1]
    run: x
    emit:
      - {stage: b, each: '[1, 2]'}
      - {stage: c, each: '[int(result)]'}
  b: {run: x}
  c: {run: x}
`)
	got, f := set.Stage("a").Emit(policies.ResultEnv{}, "3")
	want := []policies.Emitted{{"b", 1}, {"b", 2}, {"c", 3}}
	if diff := cmp.Diff(want, got); diff != "" || f != nil {
		t.Errorf("%v, Emit (-want +got):\n%s", f, diff)
	}
	if got, f := set.Stage("a").Emit(policies.ResultEnv{}, "x"); got != nil || f == nil {
		t.Errorf("Emit that breaks = %v, %v", got, f)
	}
	var names []string
	for _, st := range set.Stages() {
		names = append(names, st.Name)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, names); diff != "" {
		t.Errorf("Stages (-want +got):\n%s", diff)
	}
	if set.Stage("d") != nil {
		t.Error("there is a stage d")
	}
}
