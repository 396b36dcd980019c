package spec_test

import (
	"testing"
	"time"

	"tasks/spec"
)

const settable = `name: x   # a comment
payload: a/b:c
tasks:
  from: [a]
  steps:
    - run: echo 1
    - run: echo 2
policies:
`

func TestSetPutsValuesIntoTheDocument(t *testing.T) {
	o := spec.Overrides{Set: []string{
		"workers=3", "workers=4", "tasks.timeout = 5m", "tasks.steps[1].run=[echo, '3: # 4']",
		"policies.offer.accept=offer.memory > 1 ? true : false # no comment", "budget={total: 5}", "tasks.from=['01', 2]",
		`results.file="a b.jsonl"`,
	}}
	s, list := spec.Parse("x.yaml", []byte(settable), "/work", o)
	if len(list) > 0 {
		t.Fatal(list)
	}
	again, list := spec.Parse("x.yaml", s.Kept, "/work", spec.Overrides{})
	if len(list) > 0 {
		t.Fatalf("%v in\n%s", list, s.Kept)
	}
	for name, s := range map[string]*spec.Spec{"set": s, "kept": again} {
		stage := s.Stages[0]
		if s.Workers.Text != "4" || stage.Timeout != 5*time.Minute || s.Budget.Limits[0].Amount.Text != "5" {
			t.Errorf("%s: workers %q, timeout %v, budget %v", name, s.Workers.Text, stage.Timeout, s.Budget)
		}
		if got, want := stage.Steps[1].Argv[1].Text, "3: # 4"; got != want {
			t.Errorf("%s: argument %q, want %q", name, got, want)
		}
		if got, want := s.Policies.OfferAccept.Text, "offer.memory > 1 ? true : false # no comment"; got != want {
			t.Errorf("%s: accept %q, want %q", name, got, want)
		}
		if got := stage.From.Items; len(got) != 2 || got[0] != "01" || got[1] != 2 {
			t.Errorf("%s: items %#v", name, got)
		}
	}
	if string(s.Text) != settable {
		t.Error("the text of the file changed")
	}
}
