package spec_test

import (
	"slices"
	"strings"
	"testing"

	"tasks/spec"
)

func TestKeys(t *testing.T) {
	keys := spec.Keys()
	for _, want := range []string{
		"name", "budget.when_exhausted", "payload.min.cores", "golem.debit_note_interval", "policies.offer.accept",
		"results.count", "tasks.emit.each", "tasks.from.range.step", "tasks.from.jsonl", "tasks.steps.run",
	} {
		if !slices.Contains(keys, want) {
			t.Errorf("%s is not among the keys", want)
		}
	}
	for _, key := range keys {
		if strings.ContainsAny(key, "[]") || strings.HasSuffix(key, ".") {
			t.Errorf("%q is no path of a key", key)
		}
	}
}
