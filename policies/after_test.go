package policies_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/policies"
)

const waitingStages = `name: x
payload: golem/alpine:latest
tasks:
  first: {from: [a], run: date}
  the-second: {from: [b], run: date}
  last:
    after: [first, the-second]
    run: [sum, "EXPR"]
    result: RESULT
`

func lastOf(t *testing.T, expr, result string) (*policies.Set, string) {
	t.Helper()
	text := strings.NewReplacer("EXPR", expr, "RESULT", result).Replace(waitingStages)
	set, list := policies.Compile(parse(t, text))
	var said []string
	for _, m := range list {
		said = append(said, strings.TrimSuffix(m.Path+": "+m.Fact+" | "+m.Hint, " | "))
	}
	return set, strings.Join(said, "\n")
}

func TestMistakesAboutEndedStages(t *testing.T) {
	for _, tt := range []struct{ name, expr, result, want string }{
		{"a misspelt stage", "${{ stages.frist.done }}", "stdout",
			`tasks.last.run: stages has no "frist" | did you mean "first"? it has the stages that stand in after, here first and the-second`},
		{"a stage as a value", "${{ stages.first }}", "stdout",
			`tasks.last.run: stages.first is a group of names, not a value | name one of them: results, done and failed`},
		{"a misspelt figure", "x", "stages.first.result",
			`tasks.last.result: stages.first has no "result" | did you mean "results"? stages.first has results, done and failed`},
		{"results are a list", "${{ stages.first.results + 1 }}", "stdout",
			`tasks.last.run: "+" does not work between a list and a number | string(x) makes text of anything`},
		{"an item where there is none", "${{ task.item }}", "stdout",
			`tasks.last.run: task has no "item" | this stage has one task, which has no item, because it has no from`},
		{"a key of an item where there is none", "${{ task.city }}", "stdout",
			`tasks.last.run: task has no "city" | this stage has one task, which has no item, because it has no from`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, got := lastOf(t, tt.expr, tt.result); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	s := parse(t, document)
	put(s, "run", "stages.keyspace.done")
	if _, list := policies.Compile(s); len(list) != 1 || list[0].Fact != "there are no stages to see here" {
		t.Errorf("without after: %v", list)
	}
}

func TestEndedStages(t *testing.T) {
	set, said := lastOf(t, `${{ stages['the-second'].results[0].n + stages.first.failed }}`, "sum(stages.first.results)")
	if said != "" {
		t.Fatal(said)
	}
	last := set.Stage("last")
	ended := map[string]policies.EndedStage{
		"first": {Results: []any{1, 2.5}, Done: 2, Failed: 40}, "the-second": {Results: []any{map[string]any{"n": 2}}, Done: 1},
	}
	commands, f := last.Commands(policies.TaskEnv{Stages: ended})
	if f != nil || commands[0].Run.Args[0] != "42" {
		t.Errorf("commands %+v, %v", commands, f)
	}
	value, keep, f := last.Result(policies.ResultEnv{Stages: ended})
	if value != 3.5 || !keep || f != nil {
		t.Errorf("result %v, %v, %v", value, keep, f)
	}
}

// Only what is read has to be loaded.
func TestReadsResults(t *testing.T) {
	for _, tt := range []struct {
		expr, result string
		want         []string
	}{
		{"x", "stdout", nil},
		{"${{ stages.first.done }}", "stdout", nil},
		{"${{ len(stages.first.results) }}", "stages.first.results[0]", []string{"first"}},
		{"x", `len(stages["the-second"].results)`, []string{"the-second"}},
		{"${{ len(stages[task.stage].results) }}", "stdout", []string{"first", "the-second"}},
	} {
		set, said := lastOf(t, tt.expr, tt.result)
		if said != "" {
			t.Fatal(said)
		}
		if diff := cmp.Diff(tt.want, set.Stage("last").ReadsResults()); diff != "" {
			t.Errorf("%s and %s (-want +got):\n%s", tt.expr, tt.result, diff)
		}
	}
}

// The same text in a stage that has items before it does not hide the mistake.
func TestNoItemAfterStagesWithItems(t *testing.T) {
	_, list := policies.Compile(parse(t, `
name: n
payload: golem/alpine:latest
tasks:
  a: {from: [1], run: x, emit: {stage: b, each: '[1]'}}
  b: {run: "echo ${{ task.item }}"}
  c: {after: b, run: "echo ${{ task.item }}"}
`))
	if len(list) != 1 || list[0].Fact != `task has no "item"` {
		t.Errorf("mistakes %v", list)
	}
}
