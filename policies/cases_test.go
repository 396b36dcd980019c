package policies_test

import (
	"strings"
	"testing"

	"tasks/policies"
	"tasks/spec"
)

// tried is what is said of one case, "" for one that is right.
func tried(t *testing.T, policy, text string) string {
	t.Helper()
	doc := document + "tests:\n  " + policy + ":\n    - " + text + "\n"
	s := parse(t, doc)
	if len(s.Tests) != 1 {
		t.Fatalf("%d cases", len(s.Tests))
	}
	return rendered(t, doc, policies.Try(s, s.Tests)[0].Wrong)
}

func TestTry(t *testing.T) {
	right := []struct{ policy, text string }{
		{"offer.accept", `{given: {}, want: true}`},
		{"offer.accept", `{want: true}`},
		{"offer.score", `{given: {offer: {price: {hour: 0.1}}}, want: -0.1}`},
		{"offer.score", `{given: {offer: {price: {start: 0.1, duration_sec: 0.0001}}}, want: -0.46}`},
		{"task.result", `{given: {stdout: " x"}, want: x}`},
		{"tasks.keyspace.run", `{given: {task: {mask: a b}}, want: "hashcat --keyspace 'a b'"}`},
		{"tasks.keyspace.emit", `{want: []}`},
		{"activity.prepare", `{want: [deploy(), start()]}`},
		{"task.retry", `{given: {attempt: {number: 3}}, want: false}`},
		{"workers", `{want: 1}`},
		{"budget", `{want: 10}`},
		{"max_price", `{want: 0.001}`},
	}
	for _, tt := range right {
		if got := tried(t, tt.policy, tt.text); got != "" {
			t.Errorf("%s: %s\n%s", tt.policy, tt.text, got)
		}
	}
	wrong := []struct{ policy, text, want string }{
		{"offer.accept", `{want: false}`, "wants false, and offer.accept gives true"},
		{"offer.accept", `{want: "true"}`, `wants "true", and offer.accept gives true`},
		{"task.retry", `{want: false}`, "where attempt.number = 0 (not given)"},
		{"task.retry", `{name: third, want: false}`, `hint: "third": task.retry is attempt.number < 3`},
		{"task.retry", `{given: {attempt: {numbr: 1}}, want: false}`, `did you mean "number"?`},
		{"task.retry", `{given: {attempt: {number: x}}, want: false}`, `tests.task.retry[0].given.attempt.number: wants a number, and this is "x"`},
		{"task.retry", `{fails: x}`, `this has to fail with "x", and it gives true`},
		{"tasks.attack.run", `{want: 1}`, `wants 1, and it fails: task.item is nil and has no "skip"`},
		{"tasks.attack.run", `{fails: other}`, `this has to fail with "other", and it fails: task.item is nil`},
		{"tasks.atack.run", `{want: 1}`, `did you mean "tasks.attack.run"?`},
		{"tasks.keyspace.emit", `{want: [1]}`, "wants [1], and tasks.keyspace.emit gives []"},
	}
	for _, tt := range wrong {
		if got := tried(t, tt.policy, tt.text); !strings.Contains(got, tt.want) || !strings.HasPrefix(got, "run.yaml:") {
			t.Errorf("%s: %s\ngives %s\nwant  %s", tt.policy, tt.text, got, tt.want)
		}
	}
}

// A policy may have to fail.
func TestCasesOfAPolicyThatFails(t *testing.T) {
	if got := tried(t, "tasks.attack.run", `{fails: has no}`); got != "" {
		t.Error(got)
	}
	if _, _, _, err := spec.LoadCases("nowhere.yaml"); err == nil {
		t.Error("no error for a file that is not there")
	}
}
