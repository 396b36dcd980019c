package runner

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/runner/state"
	"tasks/spec"
)

const staged = `
name: staged
payload: golem/alpine:latest
tasks:
  first:
    from: {range: [1, 10]}
    run: echo one
    emit: {stage: second, each: '[1]'}
  second:
    run: echo two
  third:
    after: first
    from: [a]
    run: echo three
`

func parse(t *testing.T, text string) *spec.Spec {
	t.Helper()
	s, mistakes := spec.Parse("run.yaml", []byte(text), "/srv", spec.Overrides{})
	if err := mistakes.Err(); err != nil {
		t.Fatal(err)
	}
	return s
}

// What is refused, by how far the run is.
func TestCompareRefuses(t *testing.T) {
	begun := progress{cursors: map[string]state.Cursor{"first": {Next: 4, Position: []byte(`{"index":4}`)}}, counts: map[string]state.Counts{"first": {Done: 4}, "second": {Done: 4}}}
	over := progress{
		cursors: map[string]state.Cursor{
			"first": {Next: 10, Position: []byte(`{"index":10}`), Ended: true},
			"third": {Next: 1, Position: []byte(`{"index":1}`)},
		},
		counts: map[string]state.Counts{"first": {Done: 10}, "second": {Done: 10}, "third": {Running: 1}},
	}
	failed := over
	failed.counts = map[string]state.Counts{"first": {Done: 9, Failed: 1}, "second": {Done: 9}}
	live := begun
	live.live = true
	edit := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(staged) }
	for _, tt := range []struct {
		name, after string
		p           progress
		want        []string
	}{
		{"nothing", staged, over, nil},
		{"policies and workers", staged + "workers: 9\npolicies: {task: {retry: false}}", over, nil},
		{"a longer range", edit("10]", "20]"), begun, nil},
		{"a command of a stage that goes on", edit("echo one", "echo more"), begun, nil},
		{"a command of a stage that may still get tasks", edit("echo two", "echo more"), begun, nil},
		{"a command of a stage that has finished", edit("echo two", "echo more"), over,
			[]string{"tasks.second.steps[0]: the stage has finished, and its 10 tasks ran as it was"}},
		{"a timeout of a stage that has finished", edit("    run: echo one", "    timeout: 7m\n    run: echo one"), over, nil},
		{"a command of a stage with failed tasks", edit("echo one", "echo more"), failed, nil},
		{"more for a stage that another has waited for", edit("10]", "20]"), over,
			[]string{"tasks.first.from: stage third, which waited for the end of this one, has begun"}},
		{"no waiting any more, in time", edit("    after: first\n", ""), begun, nil},
		{"no waiting any more, too late", edit("    after: first\n", ""), over,
			[]string{"tasks.third.after: the stage has begun, and waits for no other any more"}},
		{"less memory", edit("payload: golem/alpine:latest", "payload: {image: golem/alpine:latest, min: {memory: 1GiB}}"), begun,
			[]string{"payload: the machines of a run are all of one kind"}},
		{"another results file", staged + "results: {file: x.jsonl}", begun, nil},
		{"another results file while live", staged + "results: {file: x.jsonl}", live,
			[]string{"results.file: the file is open while the run is live; stop the run first"}},
		{"several", edit("name: staged", "name: other", "[1, 10]", "[2, 10]"), begun,
			[]string{"name: the run is one of staged, and this is other", "tasks.first.from: 4 numbers were read already, from 1 in steps of 1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, r := range compare(1, parse(t, staged), parse(t, tt.after), tt.p).Refused {
				got = append(got, fmt.Sprint(r))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
		})
	}
}
