package scenario_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"tasks/golem/devnet"
	"tasks/spec/diag"
	"tasks/spec/scenario"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestMistakes holds every scenario of testdata/bad to what is said of it.
func TestMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, list := scenario.Parse(filepath.Base(file), text, scenario.Overrides{})
			var got bytes.Buffer
			if err := diag.Render(&got, list, func(string) []byte { return text }, false); err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".txt"
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if len(list) == 0 {
				t.Error("nothing is found")
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

// read reads a scenario that has no mistake.
func read(t *testing.T, text string, o scenario.Overrides) *scenario.Scenario {
	t.Helper()
	s, list := scenario.Parse("s.yaml", []byte(text), o)
	if len(list) > 0 {
		t.Fatal(list)
	}
	return s
}

func glm(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func TestEverythingIsRead(t *testing.T) {
	s := read(t, `
seed: 3
market:
  providers:
    - name: greedy
      price: {cpu: 0.00001, duration: 0.00002, start: 0.1}
      cores: 2
      threads: 4
      memory: 512MiB
      storage: 10GiB
      speed: 0.5
      start_up: 2s
      slots: 3
      subnet: mine
      runtime: wasmtime
      overcharges: 1.5
      notes_every: 10s
      notes_late: 1m
      repeats_notes: 2
      reorders_notes: true
      lowers_totals: 50%
      loses_invoice: true
      invoice_late: 1h
      invoice_early: 2h
      cancels_invoice: 3h
    - name: rude
      refuses_proposals: "no"
      never_answers: true
      answers_late: 20s
      rejects_agreements: never
      never_approves: true
      start_fails: no KVM
      start_hangs: true
      dies_after: 1m
      hangs_after: 2m
      leaves_after: 3m
      vanishes: true
      slower: 4
      slower_after: 30s
      truncates_output: 100B
      corrupts_output: true
daemon:
  - {calls: [GET /me, /payment-api], from: 1m, until: 2m, share: 5%, times: 3, fails: 500}
  - {calls: /a, loses_answer: 504}
  - {drops: before}
  - {drops: after}
  - {delays: 2s, repeats_events: true}
  - {restarts: true, from: 5m}
runtime:
  instant:
    - {command: '^echo (.*)', stdout: "$1", stderr: a, exit: 3, takes: 5ms, cpu: {from: 1ms, to: 2ms}, files: [{path: /golem/output/out, text: b}]}
    - {}
timings:
  match: 0s
  deploy: {from: 1s, to: 2s}
  no_activity: 3m
`, scenario.Overrides{})
	want := &scenario.Scenario{
		Seed: 3, Text: s.Text,
		Providers: []devnet.Provider{{
			Name: "greedy", CPU: glm("0.00001"), Duration: glm("0.00002"), Start: glm("0.1"),
			Cores: 2, Threads: 4, MemoryGiB: 0.5, StorageGiB: 10, Speed: 0.5, StartUp: 2 * time.Second,
			Slots: 3, Subnet: "mine", Runtime: "wasmtime",
			Overcharge: 1.5, NoteEvery: 10 * time.Second, NotesLate: time.Minute, RepeatsNotes: 2, ReordersNotes: true,
			LowersTotals: 0.5, LosesInvoice: true, InvoiceLate: time.Hour, InvoiceEarly: 2 * time.Hour,
			CancelsInvoice: 3 * time.Hour,
		}, {
			Name: "rude", RefuseProposals: "no", Silent: true, AnswersLate: 20 * time.Second,
			RefuseAgreements: "never", Undecided: true, StartFails: "no KVM", StartHangs: true,
			DiesAfter: time.Minute, HangsAfter: 2 * time.Minute, LeavesAfter: 3 * time.Minute, OfflineAfter: -1,
			Slower: 4, SlowerAfter: 30 * time.Second, TruncatesOutput: 100, CorruptsOutput: true,
		}},
		Faults: []devnet.Fault{
			{Calls: []string{"GET /me", "/payment-api"}, From: time.Minute, Until: 2 * time.Minute, Share: 0.05, Times: 3, Status: 500},
			{Calls: []string{"/a"}, Status: 504, Effect: true},
			{Drop: true},
			{Drop: true, Effect: true},
			{Delay: 2 * time.Second, RepeatEvents: true},
			{Restart: true, Times: 1, From: 5 * time.Minute},
		},
		Table: devnet.Table{{
			Command: regexp.MustCompile("^echo (.*)"), Stdout: "$1", Stderr: "a", ExitCode: 3,
			Takes: devnet.Span{Min: 5 * time.Millisecond, Max: 5 * time.Millisecond},
			CPU:   devnet.Span{Min: time.Millisecond, Max: 2 * time.Millisecond},
			Files: map[string]string{"/golem/output/out": "b"},
		}, {}},
		Timings: devnet.Timings{
			Match: devnet.Span{Min: 1, Max: 1}, Deploy: devnet.Span{Min: time.Second, Max: 2 * time.Second},
			NoActivity: 3 * time.Minute,
		},
	}
	text := cmp.Transformer("text", func(r *regexp.Regexp) string {
		if r == nil {
			return ""
		}
		return r.String()
	})
	if diff := cmp.Diff(want, s, text); diff != "" {
		t.Errorf("scenario (-want +got):\n%s", diff)
	}
}

func TestMarketIsDrawn(t *testing.T) {
	const text = `
seed: 9
market:
  count: 400
  price: {cpu: {median: 0.0001, factor: 2}, duration: {from: 0.001, to: 0.002}, start: [0, 1]}
  threads: [2, 8]
  speed: {from: 0.2, to: 0.4}
`
	s := read(t, text, scenario.Overrides{})
	again := read(t, strings.Replace(text, "  threads: [2, 8]\n", "", 1), scenario.Overrides{})
	above, inner, dear, big := 0, 0, 0, 0
	for i, p := range s.Providers {
		if !p.Duration.Equal(again.Providers[i].Duration) || p.Speed != again.Providers[i].Speed {
			t.Fatalf("prices and speed of %s depend on its threads", p.Name)
		}
		if p.Duration.LessThan(glm("0.001")) || p.Duration.GreaterThan(glm("0.002")) || p.Speed < 0.2 || p.Speed > 0.4 || p.Cores > p.Threads {
			t.Errorf("%+v is not in its bounds", p)
		}
		above += count(p.CPU.GreaterThan(glm("0.0001")))
		inner += count(p.CPU.GreaterThan(glm("0.00005")) && p.CPU.LessThan(glm("0.0002")))
		dear += count(p.Start.Equal(glm("1")))
		big += count(p.Threads == 8)
		if p.Threads != 2 && p.Threads != 8 {
			t.Errorf("%s has %d threads", p.Name, p.Threads)
		}
	}
	for what, got := range map[string][3]int{
		"above the median":      {above, 160, 240},
		"a factor away at most": {inner, 240, 300},
		"start price 1":         {dear, 160, 240},
		"eight threads":         {big, 160, 240},
	} {
		if got[0] < got[1] || got[0] > got[2] {
			t.Errorf("%d of 400 with %s, want %d to %d", got[0], what, got[1], got[2])
		}
	}
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func TestTimings(t *testing.T) {
	slow := devnet.RealTimings()
	slow.Deploy = devnet.Span{Min: 1, Max: 1}
	for text, want := range map[string]devnet.Timings{
		"timings: none":                     devnet.NoDelays(),
		"timings: brisk":                    {},
		"timings: real":                     devnet.RealTimings(),
		"timings: {deploy: 0s, base: real}": slow,
		"market: {count: 1}":                {},
	} {
		if diff := cmp.Diff(want, read(t, text, scenario.Overrides{}).Timings); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// TestRuntime wants a scenario to replace the runtime of a server only if it has
// one.
func TestRuntime(t *testing.T) {
	var server devnet.Server
	read(t, "{}", scenario.Overrides{}).Apply(&server)
	if server.Runtime != nil {
		t.Error("an empty scenario has a runtime")
	}
	read(t, "runtime: {instant: [{}]}", scenario.Overrides{}).Apply(&server)
	if server.Runtime == nil {
		t.Error("the runtime is not set")
	}
}

func TestOverrides(t *testing.T) {
	seed, n := uint64(8), 5
	text := "seed: 3\nmarket: {count: 9}\n"
	file := read(t, text, scenario.Overrides{})
	flags := read(t, text, scenario.Overrides{Seed: &seed, Providers: &n})
	if file.Seed != 3 || len(file.Providers) != 9 || flags.Seed != 8 || len(flags.Providers) != 5 {
		t.Errorf("seeds %d and %d, providers %d and %d", file.Seed, flags.Seed, len(file.Providers), len(flags.Providers))
	}
	if got := len(read(t, "{}", scenario.Overrides{}).Providers); got != 12 {
		t.Errorf("an empty scenario has %d providers, want 12", got)
	}
	if got := len(read(t, "market: {providers: [{name: a}]}", scenario.Overrides{}).Providers); got != 1 {
		t.Errorf("%d providers, want the one with a name", got)
	}
}

func TestWhoMisbehaves(t *testing.T) {
	s := read(t, `
market: {count: 10, providers: [{name: one}, {name: two, never_approves: true}]}
misbehaviour:
  - {share: 25%, never_answers: true}
  - {provider: [one, two], loses_invoice: true}
  - {overcharges: 2}
`, scenario.Overrides{})
	silent := 0
	for i, p := range s.Providers {
		silent += count(p.Silent)
		if p.Overcharge != 2 || p.LosesInvoice != (i < 2) || p.Undecided != (i == 1) {
			t.Errorf("%+v", p)
		}
	}
	if silent != 3 {
		t.Errorf("%d of 12 are silent, want a quarter", silent)
	}
}

func TestPhases(t *testing.T) {
	s := read(t, `
market: {providers: [{name: one, corrupts_output: true}]}
misbehaviour:
  - {from: 1m, until: 3m, vanishes: true}
  - {from: 2m, overcharges: 2}
  - {until: 2m, never_answers: true}
`, scenario.Overrides{})
	want := devnet.Provider{Name: "one", CorruptsOutput: true, Silent: true, Phases: []devnet.Phase{
		{After: time.Minute, As: devnet.Provider{CorruptsOutput: true, Silent: true, OfflineAfter: -1}},
		{After: 2 * time.Minute, As: devnet.Provider{CorruptsOutput: true, OfflineAfter: -1, Overcharge: 2}},
		{After: 3 * time.Minute, As: devnet.Provider{CorruptsOutput: true, Overcharge: 2}},
	}}
	if diff := cmp.Diff(want, s.Providers[0]); diff != "" {
		t.Errorf("provider (-want +got):\n%s", diff)
	}
}

// FuzzParse wants no panic, and every mistake within the file.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/bad/*.yaml")
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		none := 0
		_, list := scenario.Parse("s.yaml", text, scenario.Overrides{Providers: &none})
		lines := bytes.Count(text, []byte("\n")) + bytes.Count(text, []byte("\r")) + 1
		for _, d := range list {
			if d.Place.Line < 1 || d.Place.Line > lines || d.Fact == "" {
				t.Errorf("%s: %s is not in a file of %d lines", d.Place, d.Fact, lines)
			}
		}
	})
}
