package spec_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tasks/spec"
	"tasks/spec/diag"
)

// plain compares what a document says, not where it says it.
var plain = cmp.Options{
	cmpopts.IgnoreUnexported(spec.Expr{}, spec.Template{}),
	cmpopts.IgnoreTypes(diag.Place{}),
}

func load(t *testing.T, path string, o spec.Overrides) *spec.Spec {
	t.Helper()
	s, list, err := spec.Load(path, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) > 0 {
		t.Fatalf("Load(%s):\n%v", path, list)
	}
	return s
}

func TestLoadHello(t *testing.T) {
	s := load(t, "testdata/good/hello.yaml", spec.Overrides{})
	shell := template(`echo "hello from "${{ task.item }}`, `echo "hello from "`, expr("task.item"))
	want := &spec.Spec{
		File:    s.File,
		Dir:     s.Dir,
		Text:    s.Text,
		Name:    "hello",
		Payload: spec.Payload{Image: "golem/alpine:latest", Runtime: "vm"},
		Golem: spec.Golem{
			Network: "hoodi", Subnet: "public",
			DebitNoteInterval: 2 * time.Minute, AcceptTimeout: 2 * time.Minute, PaymentTimeout: 12 * time.Hour,
		},
		Workers: expr("1"),
		Budget:  spec.Budget{Limits: []spec.Limit{{Amount: expr("1"), Window: time.Hour}}, WhenExhausted: "stop"},
		Stages: []spec.Stage{{
			Name:    "tasks",
			From:    &spec.Source{Kind: "range", First: 1, Last: 10, Step: 1, Repeat: 1},
			Steps:   []spec.Step{{Shell: &shell}},
			Timeout: 10 * time.Minute,
		}},
		Policies: spec.Policies{
			DebitNoteAccept: expr("true"), InvoiceAccept: expr("true"),
			OfferAccept:     expr("true"),
			OfferScore:      expr("-offer.price.busy / provider.speed"),
			ActivityPrepare: expr("[deploy(), start()]"),
			ActivityKeep:    expr("activity.saving == 0"),
			ActivityReuse:   expr("true"),
			TaskRetry:       expr("attempt.number < 3"),
			TaskResult:      expr("trim(stdout)"),
		},
	}
	want.Kept, want.Sources = want.Text, s.Sources
	if diff := cmp.Diff(want, s, plain); diff != "" {
		t.Errorf("Load (-want +got):\n%s", diff)
	}
}

func TestLoadYacat(t *testing.T) {
	s := load(t, "testdata/good/yacat.yaml", spec.Overrides{Workers: "3", Budget: "{total: 5}"})
	if got, want := s.Workers.Text, "3"; got != want {
		t.Errorf("Workers = %q, want %q", got, want)
	}
	if diff := cmp.Diff([]spec.Limit{{Amount: expr("5")}}, s.Budget.Limits, plain); diff != "" {
		t.Errorf("Budget.Limits (-want +got):\n%s", diff)
	}
	if got, want := len(s.Stages), 2; got != want {
		t.Fatalf("%d stages, want %d", got, want)
	}
	if got, want := s.Stages[0].Emit[0].Stage, "attack"; got != want {
		t.Errorf("keyspace emits into %q, want %q", got, want)
	}
	if got, want := len(s.Stages[1].Steps[1].Shell.Parts), 9; got != want {
		t.Errorf("second step of attack has %d parts, want %d", got, want)
	}
	if got, want := s.Policies.ActivityKeep.Whole(), (diag.Place{File: s.File, Line: 35, Col: 11, Width: 72}); got != want {
		t.Errorf("place of keep = %#v, want %#v", got, want)
	}
}

func expr(text string) spec.Expr { return spec.Expr{Text: text} }

// template is text with parts that are literals and expressions.
func template(text string, parts ...any) spec.Template {
	t := spec.Template{Text: text}
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			t.Parts = append(t.Parts, spec.Part{Literal: p})
		case spec.Expr:
			t.Parts = append(t.Parts, spec.Part{Expr: p})
		}
	}
	return t
}
