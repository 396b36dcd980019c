package main

import (
	"slices"
	"strings"
	"testing"

	"tasks/policies"
	"tasks/spec"
)

// writtenAs says which keys of a document hold the expressions of a policy.
var writtenAs = map[string]string{
	"workers": "workers", "budget": "budget", "max_price": "max_price",
	"offer.accept": "policies.offer.accept", "offer.score": "policies.offer.score",
	"activity.prepare": "policies.activity.prepare", "activity.keep": "policies.activity.keep", "activity.reuse": "policies.activity.reuse",
	"debit_note.accept": "policies.debit_note.accept", "invoice.accept": "policies.invoice.accept",
	"task.retry": "policies.task.retry", "task.result": "policies.task.result",
	"run": "tasks.run", "emit": "tasks.emit.each",
	"results.count": "results.count", "results.file": "results.file",
}

// TestDocsPolicies holds policies.md to the names and functions that expressions
// have.
func TestDocsPolicies(t *testing.T) {
	parts := map[string]string{
		"overview": overview(t), "functions": functionTable(policies.Functions()),
		"functions of activity.prepare": functionTable(policies.CommandFunctions()),
	}
	groups := map[string]string{}
	for _, policy := range policies.Policies() {
		names := policies.Names(policy)
		parts["names of "+policy] = nameTable(names, func(n string) bool { return !strings.ContainsAny(n, ".[") })
		for _, n := range names {
			within := func(name string) bool {
				return strings.HasPrefix(name, n.Name+".") || strings.HasPrefix(name, n.Name+"[")
			}
			if strings.ContainsAny(n.Name, ".[") || !slices.ContainsFunc(names, func(n policies.NameDoc) bool { return within(n.Name) }) {
				continue
			}
			inside := nameTable(names, within)
			if before, ok := groups[n.Name]; ok && before != inside {
				t.Errorf("%s of %s has other names in it than elsewhere", n.Name, policy)
			}
			groups[n.Name] = inside
		}
	}
	for group, table := range groups {
		parts["names in "+group] = table
	}
	generated(t, "policies.md", parts)
}

// overview lists the policies with what they give and what they are by default.
func overview(t *testing.T) string {
	t.Helper()
	s, list := spec.Parse("run.yaml", []byte(strings.Join(skeleton, "")), "/work", spec.Overrides{})
	if len(list) > 0 {
		t.Fatal(list)
	}
	keys := spec.Keys()
	defaults := map[string]spec.Expr{
		"workers": s.Workers, "offer.accept": s.Policies.OfferAccept, "offer.score": s.Policies.OfferScore,
		"activity.prepare": s.Policies.ActivityPrepare, "activity.keep": s.Policies.ActivityKeep, "activity.reuse": s.Policies.ActivityReuse,
		"debit_note.accept": s.Policies.DebitNoteAccept, "invoice.accept": s.Policies.InvoiceAccept,
		"task.retry": s.Policies.TaskRetry, "task.result": s.Policies.TaskResult,
	}
	var b strings.Builder
	b.WriteString(mdRow("Policy", "Key", "Wants", "Default") + mdRow("---", "---", "---", "---"))
	for _, policy := range policies.Policies() {
		key := writtenAs[policy]
		if !slices.Contains(keys, key) {
			t.Errorf("policy %s is written as %q, which is no key", policy, key)
		}
		text := asCode(defaults[policy].Text)
		if policy == "budget" {
			text = asCode(s.Budget.Limits[0].Amount.Text + "/h")
		}
		b.WriteString(mdRow("["+asCode(policy)+"](#"+strings.ReplaceAll(policy, ".", "")+")", asCode(key), policies.Wants(policy), text))
	}
	return b.String()
}

func nameTable(names []policies.NameDoc, keep func(string) bool) string {
	var b strings.Builder
	b.WriteString(mdRow("Name", "Is", "What it is") + mdRow("---", "---", "---"))
	for _, n := range names {
		if !keep(n.Name) {
			continue
		}
		is := n.Type
		if is == "names" {
			is = "[names](#" + strings.ReplaceAll(n.Name, ".", "") + "-names)"
			if strings.Contains(n.Name, ".") {
				is = "names"
			}
		}
		b.WriteString(mdRow(asCode(n.Name), is, n.Doc))
	}
	return b.String()
}

func functionTable(list []policies.FuncDoc) string {
	var b strings.Builder
	b.WriteString(mdRow("Function", "Gives", "What it is", "Example") + mdRow("---", "---", "---", "---"))
	for _, f := range list {
		b.WriteString(mdRow(asCode(f.Name), f.Type, f.Doc, asCode(f.Example)))
	}
	return b.String()
}
