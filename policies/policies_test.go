package policies_test

import (
	"strings"
	"testing"

	"tasks/policies"
	"tasks/spec"
	"tasks/spec/diag"
)

// document is a spec with two stages; what a test looks at is replaced.
const document = `name: yacat
payload: golem/alpine:latest
workers: 1
budget: 10/h
max_price: 0.001
tasks:
  keyspace:
    from: [{mask: "?a", size: 3}, {mask: "?b", size: 4.5, word: x}]
    run: hashcat --keyspace ${{ task.mask }}
    emit: {stage: attack, each: '[]'}
  attack:
    run: hashcat --skip=${{ task.skip }}
policies:
  offer: {accept: "true", score: "-offer.price.hour"}
  activity: {prepare: "[deploy(), start()]", keep: "true"}
  task: {retry: "attempt.number < 3", result: "trim(stdout)"}
results: {file: "${{ run.id }}.jsonl", count: "1"}
`

// parse reads a document that has to be right.
func parse(t testing.TB, text string) *spec.Spec {
	t.Helper()
	s, list := spec.Parse("run.yaml", []byte(text), "/home/ann", spec.Overrides{})
	if len(list) > 0 {
		t.Fatalf("spec.Parse: %v\n%s", list, text)
	}
	return s
}

// compile compiles a document that has to be right.
func compile(t testing.TB, text string) *policies.Set {
	t.Helper()
	set, list := policies.Compile(parse(t, text))
	if len(list) > 0 {
		t.Fatalf("Compile:\n%s", rendered(t, text, list))
	}
	return set
}

// with replaces one part of the document.
func with(t testing.TB, old, new string) string {
	t.Helper()
	if strings.Count(document, old) != 1 {
		t.Fatalf("%q is not once in the document", old)
	}
	return strings.Replace(document, old, new, 1)
}

func rendered(t testing.TB, text string, list diag.List) string {
	t.Helper()
	var b strings.Builder
	if err := diag.Render(&b, list, func(string) []byte { return []byte(text) }, false); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// places puts an expression into the spec of document, by the name of its kind.
func put(s *spec.Spec, kind, text string) {
	e := spec.NewExpr(text, kind)
	switch kind {
	case "workers":
		s.Workers = e
	case "budget":
		s.Budget.Limits[0].Amount = e
	case "max_price":
		s.MaxPrice = e
	case "offer.accept":
		s.Policies.OfferAccept = e
	case "offer.score":
		s.Policies.OfferScore = e
	case "activity.prepare":
		s.Policies.ActivityPrepare = e
	case "activity.keep":
		s.Policies.ActivityKeep = e
	case "activity.reuse":
		s.Policies.ActivityReuse = e
	case "debit_note.accept":
		s.Policies.DebitNoteAccept = e
	case "invoice.accept":
		s.Policies.InvoiceAccept = e
	case "task.retry":
		s.Policies.TaskRetry = e
	case "task.result":
		s.Policies.TaskResult = e
	case "results.count":
		s.Results.Count = e
	case "emit":
		s.Stages[0].Emit[0].Each = e
	case "run":
		s.Stages[0].Steps[0].Shell.Parts[1].Expr = e
	case "results.file":
		s.Results.File.Parts[0].Expr = e
	default:
		panic(kind)
	}
}

// mistakes compiles one expression of a kind and returns what is wrong with it,
// a line each: column+width, fact and hint.
func mistakes(t testing.TB, kind, text string) []diag.Diagnostic {
	t.Helper()
	s := parse(t, document)
	put(s, kind, text)
	_, list := policies.Compile(s)
	return list
}
