package spec_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/spec"
)

const calm = `
name: calm
payload: golem/alpine:latest
budget: 1/h
tasks:
  from: {range: [1, 4]}
  run: echo ${{ task.item }}
`

func TestChanges(t *testing.T) {
	for _, tt := range []struct {
		name, after string
		flags       spec.Overrides
		want        []spec.Change
	}{
		{"nothing", calm, spec.Overrides{}, []spec.Change{}},
		{"a long form", `
payload: {image: "golem/alpine:latest", runtime: vm}
name: calm
workers: 1 # the default
budget: {rate: 1/h}
tasks: {tasks: {from: {range: [1, 4, 1]}, steps: [{run: 'echo ${{ task.item }}'}]}}
`, spec.Overrides{}, []spec.Change{}},
		{"a flag", calm, spec.Overrides{Workers: "3"}, []spec.Change{{Path: "workers", Before: "1", After: "3"}}},
		{"policies, a price and a source", `
name: calm
payload: golem/alpine:latest
budget: {rate: 2/h, total: 5}
max_price: 0.1
tasks:
  from: {items: [1, {a: 2}]}
  timeout: 2m
  run: [echo, '${{ task.item }}']
policies: {offer: {accept: offer.price.start == 0}}
`, spec.Overrides{}, []spec.Change{
			{Path: "budget", Before: "1/h", After: "2/h, 5 in all"},
			{Path: "max_price", After: "0.1"},
			{Path: "tasks.from", Before: "range: [1, 4, 1]", After: `items: [1,{"a":2}]`},
			{Path: "tasks.timeout", Before: "10m0s", After: "2m0s"},
			{Path: "tasks.steps[0]", Before: "run: echo ${{ task.item }}", After: `run: ["echo","${{ task.item }}"]`},
			{Path: "policies.offer.accept", Before: "true", After: "offer.price.start == 0"},
			{Path: "policies.activity.keep", Before: "activity.saving == 0", After: `activity.saving == 0 && (activity.age < duration("300s") || activity.cost_per_result <= max_price)`},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before, after := parsed(t, calm, spec.Overrides{}), parsed(t, tt.after, tt.flags)
			if diff := cmp.Diff(tt.want, spec.Changes(before, after)); diff != "" {
				t.Errorf("Changes (-want +got):\n%s", diff)
			}
		})
	}
}

func parsed(t *testing.T, text string, o spec.Overrides) *spec.Spec {
	t.Helper()
	s, mistakes := spec.Parse("run.yaml", []byte(text), "/srv", o)
	if err := mistakes.Err(); err != nil {
		t.Fatal(err)
	}
	return s
}

// What --var gives is a change like one in the file.
func TestChangesOfParameters(t *testing.T) {
	const doc = "name: x\npayload: a/b:c\nparams: {size: 3}\ntasks:\n  from: [a]\n  run: ls\n"
	before, _ := spec.Parse("x.yaml", []byte(doc), "/work", spec.Overrides{})
	now, list := spec.Parse("x.yaml", []byte(doc), "/work", spec.Overrides{Vars: []string{"size=4"}})
	if len(list) > 0 {
		t.Fatal(list)
	}
	kept, _ := spec.Parse("x.yaml", now.Kept, "/work", spec.Overrides{})
	if got := spec.Changes(before, now); len(got) != 1 {
		t.Errorf("changes %v, want one", got)
	}
	if got := spec.Changes(kept, now); len(got) != 0 {
		t.Errorf("changes from what was kept: %v", got)
	}
}
