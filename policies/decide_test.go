package policies_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/policies"
	"tasks/spec"
)

// set compiles document with one expression replaced.
func set(t testing.TB, kind, text string) *policies.Set {
	t.Helper()
	s := parse(t, document)
	put(s, kind, text)
	out, list := policies.Compile(s)
	if len(list) > 0 {
		t.Fatalf("Compile %s %q: %v", kind, text, list)
	}
	return out
}

// check compares an answer and the text of a failure; "" means none.
func check(t *testing.T, got, want any, f *policies.Failure, failure string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("answer = %v, want %v", got, want)
	}
	switch {
	case f == nil && failure != "":
		t.Errorf("no failure, want %q", failure)
	case f != nil && f.Error() != failure:
		t.Errorf("failure = %q\nwant      %q", f, failure)
	}
}

func TestWorkers(t *testing.T) {
	tests := []struct {
		expr    string
		run     policies.Run
		want    int
		failure string
	}{
		{"3", policies.Run{}, 3, ""},
		{"min(10, 1 + run.pending / 20)", policies.Run{Pending: 50}, 3, ""},
		{"min(10, 1 + run.pending / 20)", policies.Run{Pending: 5000}, 10, ""},
		{"1 - run.done", policies.Run{Done: 9}, 0, ""},
		{"hour(run.now) < 6 ? 5 : 1", policies.Run{Now: time.Date(2026, 1, 1, 3, 0, 0, 0, time.UTC)}, 5, ""},
		{"hour(run.now) < 6 ? 5 : 1", policies.Run{Now: time.Date(2026, 1, 1, 3, 0, 0, 0, time.FixedZone("", -6*3600))}, 1, ""},
		{"run.done / run.pending", policies.Run{Done: 1}, 0, `workers: run.done / run.pending: gives infinity, which is no number where run.done = 1, run.pending = 0`},
		{"run.done % run.pending", policies.Run{Done: 1}, 0, `workers: run.done % run.pending: divides by zero where run.done = 1, run.pending = 0`},
		{"fromJSON('\"x\"')", policies.Run{}, 0, `workers: fromJSON('"x"'): gives text, and wants a number`},
		{"fromJSON(run.name)", policies.Run{Name: "{"}, 0, `workers: fromJSON(run.name): unexpected end of JSON input where run.name = "{"`},
		{"int(run.name)", policies.Run{Name: " 42\n"}, 42, ""},
		{"int(float(run.name) * 2)", policies.Run{Name: "1.5 "}, 3, ""},
		{"int(run.name)", policies.Run{Name: "abc"}, 0, `workers: int(run.name): int() cannot make a number of "abc" where run.name = "abc"`},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			got, f := set(t, "workers", tt.expr).Workers(tt.run)
			check(t, got, tt.want, f, tt.failure)
		})
	}
}

func TestLimits(t *testing.T) {
	tests := []struct {
		expr    string
		run     policies.Run
		want    string
		failure string
	}{
		{"0.100000000000000000000000001", policies.Run{}, "0.100000000000000000000000001", ""},
		{"10", policies.Run{}, "10", ""},
		{"1 + 2", policies.Run{}, "3", ""},
		{"0.1 + 0.2", policies.Run{}, "0.30000000000000004", ""},
		{"run.results * 0.01", policies.Run{Results: 3}, "0.03", ""},
		{"1 - run.results", policies.Run{Results: 3}, "0", "budget: 1 - run.results: gives -2, and less than 0 GLM is no amount where run.results = 3"},
		{"1 / run.results", policies.Run{}, "0", "budget: 1 / run.results: gives infinity, which is no number where run.results = 0"},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			got, f := set(t, "budget", tt.expr).Limits(tt.run)
			want := []policies.Limit{{Window: time.Hour, Amount: decimal.RequireFromString(tt.want)}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Limits (-want +got):\n%s", diff)
			}
			check(t, 0, 0, f, tt.failure)
		})
	}
}

// One limit that cannot be computed leaves the others as they are.
func TestLimitsFailAlone(t *testing.T) {
	s := parse(t, with(t, "budget: 10/h", "budget: {rate: 10/h, total: run.spent / run.done}"))
	set, list := policies.Compile(s)
	if len(list) > 0 {
		t.Fatal(list)
	}
	got, f := set.Limits(policies.Run{})
	want := []policies.Limit{{Window: time.Hour, Amount: decimal.NewFromInt(10)}, {}}
	if diff := cmp.Diff(want, got); diff != "" || f == nil {
		t.Errorf("failure %v, Limits (-want +got):\n%s", f, diff)
	}
}

func TestMaxPrice(t *testing.T) {
	price, ok, f := set(t, "max_price", "0.001").MaxPrice(policies.Run{})
	if !price.Equal(decimal.RequireFromString("0.001")) || !ok || f != nil {
		t.Errorf("MaxPrice = %v, %v, %v", price, ok, f)
	}
	price, ok, f = set(t, "max_price", "run.spent / run.results").MaxPrice(policies.Run{})
	if !price.IsZero() || ok || f == nil {
		t.Errorf("MaxPrice that breaks = %v, %v, %v", price, ok, f)
	}
	price, ok, f = compile(t, with(t, "max_price: 0.001\n", "")).MaxPrice(policies.Run{})
	if !price.IsZero() || ok || f != nil {
		t.Errorf("MaxPrice that is not set = %v, %v, %v", price, ok, f)
	}
}

func TestAcceptOffer(t *testing.T) {
	offer := policies.OfferEnv{
		Offer: policies.Offer{
			Memory: 8, Capabilities: []string{"vpn", "inet"}, CPU: policies.CPU{Threads: 4, Capabilities: []string{"avx2"}},
			Provider: policies.ProviderRef{ID: "0xab", Name: "ann"}, Properties: map[string]any{"golem.inf.cpu.vendor": "GenuineIntel"},
		},
		Provider: policies.Provider{Failures: 2, LastFailure: time.Minute},
	}
	tests := []struct {
		expr    string
		want    bool
		failure string
	}{
		{"offer.price.start == 0 && provider.failures < 3", true, ""},
		{"offer.memory > 8", false, ""},
		{`"vpn" in offer.capabilities and "avx2" in offer.cpu.capabilities`, true, ""},
		{`offer.provider.id not in ["0xab", "0xcd"]`, false, ""},
		{`offer.provider.name matches "^a.n$"`, true, ""},
		{`offer.properties["golem.inf.cpu.vendor"] == "GenuineIntel"`, true, ""},
		{`provider.last_failure > duration("10m")`, false, ""},
		{`offer.properties["gpu.memory"] > 8`, false, `offer.accept: offer.properties["gpu.memory"] > 8: ">" does not work between nothing and a number where offer.properties["gpu.memory"] = nil`},
		{`(offer.properties["gpu.memory"] ?? 0) > 8`, false, ""},
		{`offer.properties["golem.inf.cpu.vendor"]`, false, `offer.accept: offer.properties["golem.inf.cpu.vendor"]: gives text, and wants true or false where offer.properties["golem.inf.cpu.vendor"] = "GenuineIntel"`},
		{`offer.capabilities[7] == ""`, false, `offer.accept: offer.capabilities[7] == "": index out of range: 7 (array length is 2) where offer.capabilities = ["vpn","inet"]`},
		{`let o = offer; o.memory == 8`, true, ""},
		{`any(offer.capabilities, # startsWith "in")`, true, ""},
		{`run.spent <= max_price`, false, `offer.accept: run.spent <= max_price: "<=" does not work between a number and nothing where max_price = nil, run.spent = 0`},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			got, f := set(t, "offer.accept", tt.expr).AcceptOffer(offer)
			check(t, got, tt.want, f, tt.failure)
		})
	}
}

func TestScoreOffer(t *testing.T) {
	tests := []struct {
		expr    string
		want    float64
		ok      bool
		failure string
	}{
		{"-offer.price.hour", -2.5, true, ""},
		{"1", 1, true, ""},
		{"offer.memory > 1 ? nil : 3", 3, true, ""},
		{"offer.memory < 1 ? nil : 3", 0, false, ""},
		{"1 / offer.memory", 0, false, "offer.score: 1 / offer.memory: gives infinity, which is no number where offer.memory = 0"},
		{"offer.memory / offer.memory", 0, false, "offer.score: offer.memory / offer.memory: gives NaN, which is no number where offer.memory = 0"},
		{"provider.last_failure > duration('1000d') ? 2 : 1", 2, true, ""}, // never failed
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			got, ok, f := set(t, "offer.score", tt.expr).ScoreOffer(policies.OfferEnv{Offer: policies.Offer{Price: policies.Price{Hour: 2.5}}})
			check(t, []any{got, ok}, []any{tt.want, tt.ok}, f, tt.failure)
		})
	}
}

func TestKeepAndRetryFailSafe(t *testing.T) {
	price := 0.5
	env := policies.ActivityEnv{Activity: policies.Activity{Age: 10 * time.Minute, Cost: 1, CostPerResult: math.Inf(1)}, MaxPrice: &price}
	rule := `activity.age < duration("300s") || activity.cost_per_result <= max_price`
	keep, f := set(t, "activity.keep", rule).Keep(env)
	check(t, keep, false, f, "")
	env.Activity.CostPerResult = 0.5
	keep, f = set(t, "activity.keep", rule).Keep(env)
	check(t, keep, true, f, "")
	env.MaxPrice = nil
	keep, f = set(t, "activity.keep", rule).Keep(env)
	check(t, keep, true, f, `activity.keep: activity.age < duration("300s") || activity.cost_per_result <= max_price: "<=" does not work between a number and nothing where activity.age = 10m0s, activity.cost_per_result = 0.5, max_price = nil`)

	attempt := policies.AttemptEnv{Attempt: policies.Attempt{Number: 3, Fault: policies.FaultTask}, Task: policies.Task{Item: map[string]any{"mask": "?a"}}}
	retry, f := set(t, "task.retry", `attempt.number < 3 && attempt.fault != "task"`).Retry(attempt)
	check(t, retry, false, f, "")
	retry, f = set(t, "task.retry", `task.tries > attempt.number`).Retry(attempt)
	check(t, retry, true, f, `task.retry: task.tries > attempt.number: ">" does not work between nothing and a number where attempt.number = 3, task.tries = nil`)
}

func TestPrepare(t *testing.T) {
	tests := []struct {
		expr    string
		want    int
		failure string
	}{
		{`[deploy(), start()]`, 2, ""},
		{`[deploy(), start("sh", "-c"), run("mkdir -p " + quote(offer.id)), run(["ls", "-l"])]`, 4, ""},
		{`offer.memory > 1 ? [deploy(), start()] : [deploy(), start(), run("swapon -a")]`, 3, ""},
		{`concat([deploy(), start()], map(lines("a\nb"), run("touch " + #)))`, 4, ""},
		{`[start(), deploy()]`, 0, `activity.prepare: [start(), deploy()]: command 1 is out of order: deploy() comes first, start() second, then any others`},
		{`[deploy(), start(), deploy()]`, 0, `activity.prepare: [deploy(), start(), deploy()]: command 3 is out of order: deploy() comes first, start() second, then any others`},
		{`[deploy()]`, 0, `activity.prepare: [deploy()]: gives a list of 1, and deploy() and start() are the least`},
		{`[deploy(), start(), run([])]`, 0, `activity.prepare: [deploy(), start(), run([])]: run([]) names no program`},
		{`[deploy(), start(), run([1])]`, 0, `activity.prepare: [deploy(), start(), run([1])]: element 0 of the list is a number, not text; string(#) makes text of it`},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			got, f := set(t, "activity.prepare", tt.expr).Prepare(policies.ActivityEnv{Offer: policies.Offer{ID: "R-a'b"}})
			check(t, len(got), tt.want, f, tt.failure)
			if len(got) >= 2 && (got[0].Run.Deploy == nil || got[1].Run.Start == nil) {
				t.Errorf("commands = %+v", got)
			}
		})
	}
	got, _ := set(t, "activity.prepare", `[deploy(), start("a"), run("x " + quote("it's")), run(["ls", "-l"])]`).Prepare(policies.ActivityEnv{})
	stream := &golem.CaptureMode{Stream: &golem.CaptureStream{Limit: 1 << 20}}
	capture := &golem.Capture{Stdout: stream, Stderr: stream}
	var commands []golem.Command
	for _, step := range got {
		commands = append(commands, *step.Run)
	}
	want := []golem.Command{
		{Deploy: &golem.Deploy{}},
		{Start: &golem.Start{Args: []string{"a"}}},
		{Run: &golem.Run{EntryPoint: "/bin/sh", Args: []string{"-c", "x " + spec.ShellQuote("it's")}, Capture: capture}},
		{Run: &golem.Run{EntryPoint: "ls", Args: []string{"-l"}, Capture: capture}},
	}
	if diff := cmp.Diff(want, commands); diff != "" {
		t.Errorf("Prepare (-want +got):\n%s", diff)
	}
}

func TestResultsFile(t *testing.T) {
	tests := []struct{ file, want string }{
		{`results/${{ run.id }}.jsonl`, "/home/ann/results/r1.jsonl"},
		{`/var/${{ run.name }}`, "/var/yacat"},
		{`out.jsonl`, "/home/ann/out.jsonl"},
	}
	for _, tt := range tests {
		set := compile(t, with(t, `${{ run.id }}.jsonl`, tt.file))
		got, ok, f := set.ResultsFile(policies.Run{ID: "r1", Name: "yacat"})
		if got != tt.want || !ok || f != nil {
			t.Errorf("ResultsFile of %q = %q, %v, %v, want %q", tt.file, got, ok, f, tt.want)
		}
	}
	set := compile(t, with(t, `file: "${{ run.id }}.jsonl", `, ""))
	if got, ok, f := set.ResultsFile(policies.Run{}); got != "" || ok || f != nil {
		t.Errorf("ResultsFile of none = %q, %v, %v", got, ok, f)
	}
}

// A policy that the runner asks a thousand times at once gives every asker an
// answer to its own question.
func TestConcurrentUse(t *testing.T) {
	s := set(t, "offer.score", "sum(map(1..10, # * offer.memory))")
	errs := make(chan error, 8)
	for g := range 8 {
		go func() {
			for range 200 {
				env := policies.OfferEnv{Offer: policies.Offer{Memory: float64(g)}}
				if got, _, f := s.ScoreOffer(env); f != nil || got != float64(55*g) {
					errs <- fmt.Errorf("score = %v, %v, want %d", got, f, 55*g)
					return
				}
			}
			errs <- nil
		}()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// A Failure shows the first values only, and cuts what is long.
func TestFailureIsShort(t *testing.T) {
	run := policies.Run{ID: strings.Repeat("x", 5000), Name: "a"}
	_, f := set(t, "workers", "run.id + run.name + string(run.age) + string(run.done + run.failed + run.pending + run.results + run.running) matches 'x' ? int(run.id) : 1").Workers(run)
	if f == nil {
		t.Fatal("no failure")
	}
	if len(f.Error()) > 900 || strings.Contains(f.Error(), "\n") {
		t.Errorf("Error() = %q", f)
	}
	if n := len(f.Values["run.id"].(string)); n > 210 {
		t.Errorf("Values keep %d bytes of run.id", n)
	}
}

func TestBillsFailSafe(t *testing.T) {
	env := policies.DebitNoteEnv{
		InvoiceEnv: policies.InvoiceEnv{
			Bill: policies.Bill{Total: 0.5, Adds: 0.1}, Usage: policies.Usage{CPUSec: 3, Counters: map[string]any{"gpu": 2.5}},
			Audit: policies.Audit{Expected: 0.4, Most: 0.6}, Budget: policies.BudgetLeft{Room: 0.2},
			Agreement: policies.Agreement{Results: 1},
		},
		Activity: policies.Activity{Results: 2},
	}
	tests := []struct {
		expr    string
		want    bool
		failure string
	}{
		{`bill.total <= audit.most && bill.adds < budget.room`, true, ""},
		{`bill.total <= audit.expected`, false, ""},
		{`usage.counters["gpu"] < 2 || activity.results + agreement.results > 3`, false, ""},
		{`usage.counters["tpu"] < 2`, false, `debit_note.accept: usage.counters["tpu"] < 2: "<" does not work between nothing and a number where usage.counters.tpu = nil`},
		{`bill.total / 0 * 0 < 1`, false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			got, f := set(t, "debit_note.accept", tt.expr).AcceptDebitNote(env)
			check(t, got, tt.want, f, tt.failure)
		})
	}
	got, f := set(t, "invoice.accept", `bill.adds > budget.room`).AcceptInvoice(env.InvoiceEnv)
	check(t, got, false, f, "")
}
