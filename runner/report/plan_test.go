package report_test

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/runner/report"
	"tasks/runner/state"
	"tasks/runner/store"
)

func TestTotal(t *testing.T) {
	const head = "name: x\npayload: golem/alpine:latest\ntasks:\n"
	tests := []struct {
		name    string
		tasks   string
		cursors []state.Cursor
		want    *int64
	}{
		{"a range that nobody has read", "  {from: {range: [1, 10]}, run: echo}", nil, pointer[int64](12)},
		{
			"a range that is half read", "  {from: {range: [1, 10]}, run: echo}",
			[]state.Cursor{{Stage: "tasks", Next: 6}}, pointer[int64](6),
		},
		{
			"a range with steps, thrice", "  {from: {range: [10, 1, -3], repeat: 3}, run: echo}",
			[]state.Cursor{{Stage: "tasks", Next: 2}}, pointer[int64](12),
		},
		{"items", "  {from: [a, b, c], run: echo}", nil, pointer[int64](5)},
		{"an endless range", "  {from: {range: {from: 1}}, run: echo}", nil, nil},
		{"for ever", "  {from: {items: [a], repeat: forever}, run: echo}", nil, nil},
		{"a source that only reading ends", "  {from: {command: seq 3}, run: echo}", nil, nil},
		{
			"one that was read to its end", "  {from: {command: seq 3}, run: echo}",
			[]state.Cursor{{Stage: "tasks", Next: 3, Ended: true}}, pointer[int64](2),
		},
		{
			"results that may make more",
			"  tasks: {from: [1], run: echo, emit: {stage: other, each: '[1]'}}\n  other: {run: echo}",
			[]state.Cursor{{Stage: "tasks", Next: 1, Ended: true}}, nil,
		},
		{
			"results that can make no more",
			"  first: {from: [1], run: echo, emit: {stage: tasks, each: '[1]'}}\n  tasks: {run: echo}",
			[]state.Cursor{{Stage: "first", Next: 1, Ended: true}}, pointer[int64](2),
		},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := open(t)
			id := state.RunID("r" + strconv.Itoa(i))
			b.run(id, head+test.tasks+"\n")
			b.tasks(id, 2)
			for _, c := range test.cursors {
				b.write(func(tx *store.Tx) error { return tx.SaveCursor(id, c) })
			}
			got := b.load(id, report.Options{Plan: b.plan(id)}).Tasks.Total
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Total (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNewPlanOfABrokenDocument(t *testing.T) {
	for name, text := range map[string]string{
		"no document":      "nonsense",
		"wrong expression": "name: x\npayload: golem/alpine:latest\nworkers: run.nothing\ntasks: {from: [1], run: echo}\n",
	} {
		if _, err := report.NewPlan(state.Revision{Run: "r1", Number: 3, File: "a.yaml", Text: []byte(text)}); err == nil {
			t.Errorf("%s: NewPlan() gave no error", name)
		}
	}
}

func TestOverridesBeatTheDocument(t *testing.T) {
	p, err := report.NewPlan(state.Revision{
		Run: "r1", Number: 1, File: "a.yaml", Dir: "/", Text: []byte(document), Workers: "7", Budget: "3/h",
	})
	if err != nil {
		t.Fatal(err)
	}
	b := open(t)
	b.run("r1", document)
	s := b.load("r1", report.Options{Live: true, Plan: p, Brief: true})
	if s.Workers.Wanted != 7 || len(s.Budget) == 0 || s.Budget[0].Limit != "3/h" {
		t.Errorf("Wanted %d, Budget %v; want the flags' 7 and 3/h", s.Workers.Wanted, s.Budget)
	}
}
