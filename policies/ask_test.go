package policies_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/policies"
	"tasks/spec"
)

// askDoc asks the spec of document, or an expression beside it.
func askDoc(t *testing.T, policy, expr, given string) (policies.Answer, error) {
	t.Helper()
	q := policies.Question{Policy: policy}
	if expr != "" {
		q.Expr = spec.NewExpr(expr, "the expression")
	}
	if given != "" {
		data, list := spec.ReadData("given", []byte(given))
		if len(list) > 0 {
			t.Fatal(list)
		}
		q.Given = data.Value.(map[string]any)
	}
	a, list, err := policies.Ask(parse(t, document), q)
	if err == nil {
		err = list.Err()
	}
	return a, err
}

func TestAsk(t *testing.T) {
	tests := []struct {
		name, policy, expr, given string
		want                      any
	}{
		{"a score", "", "1 - offer.price.hour", "offer: {price: {hour: 0.25}}", 0.75},
		{"a whole number for a fraction", "", "offer.price.start + 1", "offer: {price: {start: 2}}", 3.0},
		{"the hour follows", "", "offer.price.hour", "offer: {price: {start: 1, cpu_sec: 0.25, duration_sec: 0.5}, cpu: {threads: 2}}", 3601.0},
		{"an hour that is given stays", "", "offer.price.hour", "offer: {price: {start: 1, hour: 7}}", 7.0},
		{"properties", "", `[offer.cpu.threads, offer.price.start, offer.provider.name, offer.properties["golem.inf.cpu.threads"]]`,
			`offer: {golem.inf.cpu.threads: 4, golem.node.id.name: bob, golem.com.pricing.model: linear, golem.com.usage.vector: [golem.usage.cpu_sec], golem.com.pricing.model.linear.coeffs: [0.1, 0.5]}`,
			[]any{4, 0.5, "bob", 4}},
		{"the provider is the offer's", "", "provider.name", "offer: {provider: {name: bob}}", "bob"},
		{"never failed", "", `provider.last_failure > duration("1000h")`, "", true},
		{"a duration", "", "seconds(run.age)", "run: {age: 90s}", 90.0},
		{"days", "", "seconds(run.age)", "run: {age: 2d}", 172800.0},
		{"a time", "", "hour(run.now)", `run: {now: "2026-11-24T13:00:00Z"}`, 13},
		{"infinity", "", "activity.cost_per_result > 1000", "activity: {cost: 1}", true},
		{"infinity in words", "", "provider.cost_per_result", "provider: {cost_per_result: infinity}", math.Inf(1)},
		{"the item", "", "task.mask + task.item.mask", "task: {mask: ab}", "abab"},
		{"steps", "", "steps[1].stdout", "steps: [{}, {stdout: x}]", "x"},
		{"nothing", "", "nil", "", nil},
		{"commands", "", `[deploy(), start(), run("ls -l"), run(["cat", "x"])]`, "", []any{"deploy()", "start()", "ls -l", []any{"cat", "x"}}},
		{"max_price of the spec", "", "max_price", "", 0.001},
		{"max_price that is given", "", "max_price", "max_price: 3", 3.0},
		{"its own", "task.retry", "", "attempt: {number: 2}", true},
		{"its own, with the path", "policies.task.retry", "", "attempt: {number: 3}", false},
		{"its workers", "workers", "", "", 1},
		{"its budget", "budget", "", "", 10.0},
		{"its max_price", "max_price", "", "", 0.001},
		{"its file", "results.file", "", "run: {id: a1}", "a1.jsonl"},
		{"its preparation", "activity.prepare", "", "", []any{"deploy()", "start()"}},
		{"a stage's command", "tasks.keyspace.run", "", "task: {mask: '?a'}", "hashcat --keyspace '?a'"},
		{"a stage's result", "tasks.attack.result", "", "stdout: ' x '", "x"},
		{"what a stage emits", "tasks.keyspace.emit", "", "result: 3", []any{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := askDoc(t, tt.policy, tt.expr, tt.given)
			if tt.name == "infinity in words" {
				if a.Failure == nil || !strings.Contains(a.Failure.Error(), "infinity") {
					t.Errorf("%v, %v", a.Failure, err)
				}
				return
			}
			if err != nil || a.Failure != nil {
				t.Fatal(err, a.Failure)
			}
			if diff := cmp.Diff(tt.want, a.Value); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAskMistakes(t *testing.T) {
	tests := []struct{ name, policy, expr, given, want string }{
		{"unknown name", "", "offr.price", "", `unknown name "offr"`},
		{"wrong result", "offer.accept", "1 + 1", "", "this gives a number, and offer.accept wants true or false"},
		{"no such policy", "offer.scor", "1", "", `there is no policy "offer.scor"; did you mean "offer.score"?`},
		{"no such stage", "tasks.attck.run", "", "", `did you mean "tasks.attack.run"?`},
		{"a name that is not there", "", "1", "offer: {price: {strat: 1}}", `offer.price.strat: unknown name "strat"; did you mean "start"?`},
		{"a name of another policy", "offer.accept", "true", "task: {id: 1}", `task: unknown name "task"; offer.accept sees offer, provider, run and max_price`},
		{"text for a number", "", "1", "offer: {memory: big}", `offer.memory: wants a number, and this is "big"`},
		{"a fraction of a thread", "", "1", "offer: {cpu: {threads: 1.5}}", "offer.cpu.threads: wants a whole number, and this is 1.5"},
		{"a number for a group", "", "1", "offer: {price: 3}", "offer.price: wants its names, and this is 3; it has start, cpu_sec, duration_sec, hour and busy"},
		{"a number for a duration", "", "1", "run: {age: 3}", "run.age: wants a duration, and this is 3"},
		{"text for a list", "", "1", "steps: x", `steps: wants a list, and this is "x"`},
		{"an element", "", "1", "steps: [{stdot: x}]", `did you mean "stdout"?`},
		{"a key that the items lack", "tasks.keyspace.run", "", "task: {msk: x}", `task.msk: unknown name "msk"; did you mean "mask"?`},
		{"an offer without a price", "", "1", "offer: {golem.inf.cpu.threads: 4}", "offer: read offer: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := askDoc(t, tt.policy, tt.expr, tt.given)
			got := fmt.Sprint(err)
			if m, ok := errors.AsType[*policies.Misfit](err); ok {
				got += "; " + m.Hint
			}
			if !strings.Contains(got, tt.want) {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// What nobody gave is told, and what followed is not.
func TestAskAssumes(t *testing.T) {
	a, err := askDoc(t, "", `offer.price.hour + provider.failures + offer.memory > run.pending && provider.name == ""`,
		"offer: {price: {start: 1}, provider: {name: bob}}\nrun: {pending: 3}")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"offer.memory", "provider.failures"}, a.Assumed); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(a.Names) != 5 || a.Values["run.pending"] != 3 {
		t.Errorf("values = %v", a.Values)
	}
}

func TestAskFails(t *testing.T) {
	a, err := askDoc(t, "", "task.item.x / task.item.x", "")
	if err != nil || a.Failure == nil {
		t.Errorf("answer = %v, %v", a, err)
	}
	if a, _ := askDoc(t, "offer.score", "0.0 / offer.memory", ""); a.Failure == nil || a.Value != nil {
		t.Errorf("NaN gives %v", a.Value)
	}
}

// What Values writes is what Ask reads.
func TestValuesAreGivenBack(t *testing.T) {
	offer := policies.Offer{
		ID: "1", Provider: policies.ProviderRef{ID: "0x1", Name: "bob"}, Price: policies.Price{Start: 1, Hour: 2},
		CPU: policies.CPU{Threads: 3, Capabilities: []string{"avx"}}, Properties: map[string]any{"a.b": 1},
	}
	env := policies.OfferEnv{Offer: offer, Provider: policies.Provider{CostPerResult: math.Inf(1), LastFailure: policies.Never}}
	q := policies.Question{Policy: "offer.score", Given: policies.Values(env), Expr: spec.NewExpr(
		`offer.cpu.capabilities == ["avx"] && offer.price.hour == 2 && provider.cost_per_result > 9 && offer.properties["a.b"] == 1 ? 7 : 8`, "x")}
	a, list, err := policies.Ask(parse(t, document), q)
	if err != nil || len(list) > 0 || a.Value != 7 {
		t.Errorf("answer = %v, %v, %v", a, list, err)
	}
}

func TestWhyAmounts(t *testing.T) {
	run := policies.Run{Pending: 40, Results: 3}
	for _, tt := range []struct{ name, workers, want string }{
		{"a number", "3", ""},
		{"an expression", "min(10, 1 + run.pending / 20)", "workers: min(10, 1 + run.pending / 20): gives 3 where run.pending = 40"},
		{"one that fails", "1 / (run.pending - 40)", "workers: 1 / (run.pending - 40): gives infinity, which is no number where run.pending = 40"},
	} {
		if got := set(t, "workers", tt.workers).WhyWorkers(run); got != tt.want {
			t.Errorf("%s: WhyWorkers = %q, want %q", tt.name, got, tt.want)
		}
	}
}
