package spec_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/spec"
)

// parse reads a document that must be good.
func parse(t *testing.T, doc string) *spec.Spec {
	t.Helper()
	s, list := spec.Parse("run.yaml", []byte(doc), "/dir", spec.Overrides{})
	if len(list) > 0 {
		t.Fatalf("Parse:\n%v\n%s", list, doc)
	}
	return s
}

const head = "name: x\npayload: i\n"

func TestParsePayload(t *testing.T) {
	const hash = "055911c811e56da4d75ffc928361a78ed13077933ffa8320fb1ec2db"
	tests := []struct {
		name, payload string
		want          spec.Payload
	}{
		{"short", `golem/alpine:latest`, spec.Payload{Image: "golem/alpine:latest", Runtime: "vm"}},
		{"hash of digits", strings.Repeat("1", 56), spec.Payload{Image: strings.Repeat("1", 56), Runtime: "vm"}},
		{"address", `https://a.b/c.gvmi`, spec.Payload{Image: "https://a.b/c.gvmi", Runtime: "vm"}},
		{"without an image", `{runtime: automatic}`, spec.Payload{Runtime: "automatic"}},
		{"all of it", `{image: ` + hash + `, url: "http://a/b", runtime: vm-nvidia,
  min: {cores: 2, threads: 4, memory: 512MiB, storage: 1.5 GB},
  capabilities: [vpn, inet], constraints: " (&(a=1)(b>=2)) "}`, spec.Payload{
			Image: hash, URL: "http://a/b", Runtime: "vm-nvidia",
			Min:          spec.Minimum{Cores: 2, Threads: 4, Memory: 0.5, Storage: 1.5e9 / (1 << 30)},
			Capabilities: []string{"vpn", "inet"}, Constraints: "(&(a=1)(b>=2))",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := parse(t, "name: x\npayload: "+test.payload+"\ntasks: {from: [a], run: date}\n")
			if diff := cmp.Diff(test.want, s.Payload); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseBudget(t *testing.T) {
	const hour, day = time.Hour, 24 * time.Hour
	tests := []struct {
		budget string
		want   []spec.Limit
	}{
		{`10/h`, []spec.Limit{{Amount: expr("10"), Window: hour}}},
		{`10 / hour`, []spec.Limit{{Amount: expr("10"), Window: hour}}},
		{`0.000000000000000001/d`, []spec.Limit{{Amount: expr("0.000000000000000001"), Window: day}}},
		{`'5/day '`, []spec.Limit{{Amount: expr("5"), Window: day}}},
		{`run.results * 0.01/h`, []spec.Limit{{Amount: expr("run.results * 0.01"), Window: hour}}},
		{`a / h/h`, []spec.Limit{{Amount: expr("a / h"), Window: hour}}},
		{`{total: 50}`, []spec.Limit{{Amount: expr("50")}}},
		{`{total: 2 * x}`, []spec.Limit{{Amount: expr("2 * x")}}},
		{`{rate: [1/h, 10/d], total: 50, when_exhausted: stop}`, []spec.Limit{
			{Amount: expr("1"), Window: hour}, {Amount: expr("10"), Window: day}, {Amount: expr("50")},
		}},
		{`{when_exhausted: stop}`, []spec.Limit{{Amount: expr("1"), Window: hour}}},
	}
	for _, test := range tests {
		t.Run(test.budget, func(t *testing.T) {
			s := parse(t, head+"budget: "+test.budget+"\ntasks: {from: [a], run: date}\n")
			if diff := cmp.Diff(spec.Budget{Limits: test.want, WhenExhausted: "stop"}, s.Budget, plain); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A flag says how much, and leaves alone what the document says of the end.
func TestBudgetPause(t *testing.T) {
	for document, want := range map[string]string{
		"{rate: 2/h, when_exhausted: pause}": "2/h", "{when_exhausted: pause}": "1/h",
	} {
		for _, flag := range []string{"", "7/h"} {
			s, list := spec.Parse("x.yaml", []byte(head+"budget: "+document+"\ntasks: {from: [a], run: date}\n"), "/", spec.Overrides{Budget: flag})
			wanted := flag
			if flag == "" {
				wanted = want
			}
			got := s.Budget.Limits[0].Amount.Text + "/h"
			if len(list) > 0 || got != wanted || s.Budget.WhenExhausted != spec.Pause {
				t.Errorf("budget %s with --budget %q: %s, %s, %v", document, flag, got, s.Budget.WhenExhausted, list)
			}
		}
	}
}

func TestParseSource(t *testing.T) {
	tests := []struct {
		name, from string
		want       spec.Source
	}{
		{"range", `{range: [1, 10]}`, spec.Source{Kind: "range", First: 1, Last: 10, Step: 1}},
		{"range of one", `{range: [7, 7]}`, spec.Source{Kind: "range", First: 7, Last: 7, Step: 1}},
		{"range down", `{range: [10, -10, -5]}`, spec.Source{Kind: "range", First: 10, Last: -10, Step: -5}},
		{"range in words", `{range: {from: 2, to: 8, step: 2}}`, spec.Source{Kind: "range", First: 2, Last: 8, Step: 2}},
		{"range without an end", `{range: {from: 1}}`, spec.Source{Kind: "range", First: 1, Step: 1, Endless: true}},
		{"items in short", `[a, b]`, spec.Source{Kind: "items", Items: []any{"a", "b"}}},
		{"items", `{items: [a, 1, -2, 1.5, true, "2", 0x10, 1_000, 1e3, no]}`, spec.Source{Kind: "items", Items: []any{"a", 1, -2, 1.5, true, "2", 16, 1000, 1000.0, "no"}}},
		{"items that look like numbers", `[01234, 007, 08, 2001-01-01, 1.2.3]`, spec.Source{Kind: "items", Items: []any{"01234", "007", "08", "2001-01-01", "1.2.3"}}},
		{"items of items", `[{a: 1, b: [x, {c: null}]}, []]`, spec.Source{Kind: "items", Items: []any{
			map[string]any{"a": 1, "b": []any{"x", map[string]any{"c": nil}}}, []any{},
		}}},
		{"items by alias", `[&m {a: 1}, *m]`, spec.Source{Kind: "items", Items: []any{map[string]any{"a": 1}, map[string]any{"a": 1}}}},
		{"lines", `{lines: a/b.txt, repeat: forever}`, spec.Source{Kind: "lines", Path: "/dir/a/b.txt"}},
		{"jsonl", `{jsonl: /b.jsonl, repeat: 3}`, spec.Source{Kind: "jsonl", Path: "/b.jsonl", Repeat: 3}},
		{"command", `{command: [./make, "", 1]}`, spec.Source{Kind: "command", Argv: []string{"./make", "", "1"}, Dir: "/dir"}},
		{"command for the shell", `{command: ./make | head}`, spec.Source{Kind: "command", Argv: []string{"/bin/sh", "-c", "./make | head"}, Dir: "/dir"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := parse(t, head+"tasks:\n  from: "+test.from+"\n  run: date\n")
			want := test.want
			if want.Repeat == 0 && !strings.Contains(test.from, "forever") {
				want.Repeat = 1
			}
			if diff := cmp.Diff(&want, s.Stages[0].From, plain); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseStages(t *testing.T) {
	s := parse(t, head+`
tasks:
  first:
    from: [a]
    run: [echo, "-n", "${{ task.item }}", "", '$${{ x }}']
    emit:
      - {stage: second, each: "[1]"}
      - {stage: first, each: "[2]"}
  second:
    steps:
      - run: date
      - run: [date]
    timeout: 1d12h
    result: int(stdout)
`)
	date := template("date", "date")
	want := []spec.Stage{
		{
			Name: "first",
			From: &spec.Source{Kind: "items", Items: []any{"a"}, Repeat: 1},
			Steps: []spec.Step{{Argv: []spec.Template{
				template("echo", "echo"), template("-n", "-n"), template("${{ task.item }}", expr("task.item")),
				template("", ""), template("$${{ x }}", "${{ x }}"),
			}}},
			Timeout: 10 * time.Minute,
			Emit:    []spec.Emit{{Stage: "second", Each: expr("[1]")}, {Stage: "first", Each: expr("[2]")}},
		},
		{
			Name:    "second",
			Steps:   []spec.Step{{Shell: &date}, {Argv: []spec.Template{date}}},
			Timeout: 36 * time.Hour,
			Result:  expr("int(stdout)"),
		},
	}
	if diff := cmp.Diff(want, s.Stages, plain); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseTemplate(t *testing.T) {
	tests := []struct {
		text string
		want []any
	}{
		{`a`, []any{"a"}},
		{`${{x}}`, []any{expr("x")}},
		{`a${{ x }}b${{y}}`, []any{"a", expr("x"), "b", expr("y")}},
		{`${{ {a: {b: 1}} }}`, []any{expr("{a: {b: 1}}")}},
		{`${{ {a: {b: 1}}}}`, []any{expr("{a: {b: 1}}")}},
		{`${{ "}}" + '}}' + x }}`, []any{expr(`"}}" + '}}' + x`)}},
		{`${{ "\"}}" }}`, []any{expr(`"\"}}"`)}},
		{"${{ `\\` }}", []any{expr("`\\`")}},
		{`$${{ x }}`, []any{"${{ x }}"}},
		{`$$${{ x }}`, []any{"$${{ x }}"}},
		{`$x {{ }} ${x}`, []any{"$x {{ }} ${x}"}},
		{`é${{ é }}é`, []any{"é", expr("é"), "é"}},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			got, list := spec.NewTemplate(test.text, "")
			if len(list) > 0 {
				t.Fatal(list)
			}
			if diff := cmp.Diff(template(test.text, test.want...), got, plain); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParsePolicies(t *testing.T) {
	s := parse(t, head+`
max_price: 0.1000000000000000000000000000
workers: min(10, 1 + run.pending / 20)
tasks: {from: [a], run: date}
policies:
  offer: {accept: true, score: "1\n"}
  activity: {prepare: '[deploy(), start()]', reuse: activity.results > 1}
  task: {retry: attempt.number < 2, result: "stdout"}
  debit_note: {accept: bill.total < 1}
  invoice: {accept: bill.adds < 1}
results: {file: "out/${{ run.id }}.jsonl", count: len(result)}
`)
	want := spec.Policies{
		OfferAccept:     expr("true"),
		OfferScore:      expr("1"),
		ActivityPrepare: expr("[deploy(), start()]"),
		ActivityKeep:    expr(`activity.saving == 0 && (activity.age < duration("300s") || activity.cost_per_result <= max_price)`),
		ActivityReuse:   expr("activity.results > 1"),
		DebitNoteAccept: expr("bill.total < 1"),
		InvoiceAccept:   expr("bill.adds < 1"),
		TaskRetry:       expr("attempt.number < 2"),
		TaskResult:      expr("stdout"),
	}
	if diff := cmp.Diff(want, s.Policies, plain); diff != "" {
		t.Errorf("Policies (-want +got):\n%s", diff)
	}
	file := template("out/${{ run.id }}.jsonl", "out/", expr("run.id"), ".jsonl")
	if diff := cmp.Diff(spec.Results{File: &file, Count: expr("len(result)")}, s.Results, plain); diff != "" {
		t.Errorf("Results (-want +got):\n%s", diff)
	}
	if got, want := s.MaxPrice.Text, "0.1000000000000000000000000000"; got != want {
		t.Errorf("MaxPrice = %s, want %s", got, want)
	}
}

func TestParseGolem(t *testing.T) {
	s := parse(t, head+"golem: {network: polygon, subnet: my-net, debit_note_interval: 1m30s, accept_timeout: 4m, payment_timeout: 1d}\ntasks: {from: [a], run: date}\n")
	want := spec.Golem{Network: "polygon", Subnet: "my-net", DebitNoteInterval: 90 * time.Second, AcceptTimeout: 4 * time.Minute, PaymentTimeout: 24 * time.Hour}
	if diff := cmp.Diff(want, s.Golem); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A broken document is still worth the rest of it, so that the mistakes in its
// expressions can be told at the same time.
func TestParseKeepsWhatIsGood(t *testing.T) {
	s, list := spec.Parse("run.yaml", []byte(head+"workrs: 1\ntasks: {from: [a], run: date}\npolicies: {offer: {score: a.b}}"), "/", spec.Overrides{})
	if len(list) != 1 || s.Policies.OfferScore.Text != "a.b" || len(s.Stages) != 1 {
		t.Errorf("%d mistakes, score %q, %d stages", len(list), s.Policies.OfferScore.Text, len(s.Stages))
	}
	for _, doc := range []string{"", "a: [", "[]", "\xff"} {
		s, list := spec.Parse("run.yaml", []byte(doc), "/", spec.Overrides{})
		if len(list) == 0 || s == nil || string(s.Text) != doc {
			t.Errorf("%q: %v, %v", doc, s, list)
		}
	}
}

func TestOverrides(t *testing.T) {
	doc := head + "workers: 2\nbudget: 1/h\ntasks: {from: [a], run: date}\n"
	s, list := spec.Parse("run.yaml", []byte(doc), "/", spec.Overrides{Workers: "run.pending", MaxPrice: "0.5", Budget: "3/day"})
	if len(list) > 0 {
		t.Fatal(list)
	}
	if got, want := s.Workers.Text+" "+s.MaxPrice.Text, "run.pending 0.5"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if diff := cmp.Diff([]spec.Limit{{Amount: expr("3"), Window: 24 * time.Hour}}, s.Budget.Limits, plain); diff != "" {
		t.Errorf("Budget (-want +got):\n%s", diff)
	}
	if got := s.Policies.ActivityKeep.Text; !strings.Contains(got, "max_price") {
		t.Errorf("the max price of a flag leaves keep at %q", got)
	}
}

func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	_, _, err := spec.Load(filepath.Join(dir, "none.yaml"), spec.Overrides{})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file gives %v", err)
	}
	if _, _, err := spec.Load(dir, spec.Overrides{}); err == nil {
		t.Error("a directory gives no error")
	}
}

// Large and hostile documents end soon, with a mistake if they are too much.
func TestLarge(t *testing.T) {
	tests := []struct {
		name, doc string
		fact      string
	}{
		{"fifty megabytes", head + "tasks: {run: date, from: [" + strings.Repeat("a, ", 50<<20/3) + "]}", "larger than"},
		{"many items", head + "tasks:\n  run: date\n  from:\n" + strings.Repeat("  - a\n", 30_000), ""},
		{"deep lists", strings.Repeat("[", 100_000), "nested too deeply"},
		{"deep mappings", strings.Repeat("{a: ", 100_000), "nested too deeply"},
		{"many mistakes", head + "tasks:\n  run: date\n  from:\n" + strings.Repeat("  - ~\n", 20_000), "nothing"},
		{"many keys", head + strings.Repeat("a: 1\n", 50_000), "unknown key"},
		{"one long line", head + "tasks: {from: [a], run: '" + strings.Repeat("x ", 500_000) + "${{'}", "never closed"},
		{"many values in quotes", head + "tasks: {from: [a], run: '" + strings.Repeat(`"${{ x }}" `, 2_000) + "'}", "quoted"},
		{"many good values", head + "tasks: {from: [a], run: 'echo " + strings.Repeat(`${{ x }} `, 50_000) + "'}", ""},
		{"many bad openings", head + "tasks: {from: [a], run: '" + strings.Repeat("${{", 60_000) + "'}", "not closed"},
		{"many stray quotes", head + "tasks: {from: [a], run: '" + strings.Repeat("\"${{ x }}\"", 15_000) + "'}", "quoted"},
		{"many aliases of a long text", head + "x: &a '" + strings.Repeat("x", 100_000) + "'\ntasks: {from: [a], run: [" + strings.Repeat("*a, ", 30_000) + "]}", "unknown key"},
		{"an error far down", strings.Repeat("# x\n", 100_000) + "a: b: c", "makes a key"},
		{"open quotes far up", "a: 'b\n" + strings.Repeat("c\n", 20_000), "never closed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			start := time.Now()
			_, list := spec.Parse("run.yaml", []byte(test.doc), "/", spec.Overrides{})
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
			switch {
			case test.fact == "" && len(list) > 0:
				t.Errorf("found %v", list[0])
			case test.fact != "" && (len(list) == 0 || !strings.Contains(list[0].Fact, test.fact)):
				t.Errorf("found %.200s, want %q", list.Error(), test.fact)
			case len(list) > 101:
				t.Errorf("%d mistakes", len(list))
			}
			t.Log(time.Since(start))
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, glob := range []string{"testdata/bad/*.yaml", "testdata/good/*.yaml"} {
		files, err := filepath.Glob(glob)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text, "1")
		}
	}
	f.Add([]byte(head), "{total: 5}")
	f.Add([]byte(head+"tasks: {a: {from: [a], run: date}, b: {after: [a], run: date}, c: {from: {results: b}, run: date, emit: {stage: b, each: '[]'}}}"), "1")
	f.Add([]byte(head+"env: {A: , B: x, C: {secret: true}, D: {default: 1}}\ntasks: {from: [a], run: 'echo ${{ env.A }}'}"), "1")
	bad := "\"${{ x }}\" `${{ x }}` $(( ${{ x }} )) ${a:-${{ x }}} \\${{ x }} $'${{ x }}' <<${{ x }} \n ${{ x }} # ${{ x }} \n"
	f.Add([]byte(head+"tasks:\n  from: [a]\n  run: |\n    "+strings.ReplaceAll(strings.Repeat(bad, 3), "\n", "\n    ")), "1/h")
	schema := compiledSchema(f)
	f.Fuzz(func(t *testing.T, text []byte, flag string) {
		s, list := spec.Parse("run.yaml", text, "/", spec.Overrides{Workers: flag, Budget: flag, MaxPrice: flag})
		checkPlaces(t, text, list)
		if len(list) == 0 {
			if err := schema.Validate(instance(t, string(text))); err != nil {
				t.Errorf("the schema refuses what is taken: %v", err)
			}
		}
		for _, st := range s.Stages {
			for _, step := range st.Steps {
				templates := step.Argv
				if step.Shell != nil {
					templates = append(templates, *step.Shell)
				}
				for _, e := range expressions(templates) {
					_, _ = e.Whole(), e.Place(1, 3, 2)
				}
			}
		}
		p := s.Policies.OfferScore.Place(1, 2, 3)
		if p.Line > len(text)+1 {
			t.Errorf("score is at %v", p)
		}
	})
}

// A chain of a thousand stages is read in well under 100 ms.
func BenchmarkParseStages(b *testing.B) {
	var text strings.Builder
	text.WriteString(head + "tasks:\n  s0: {from: [a], run: date}\n")
	for i := range 999 {
		fmt.Fprintf(&text, "  s%d: {after: s%d, run: date}\n", i+1, i)
	}
	for b.Loop() {
		if _, list := spec.Parse("run.yaml", []byte(text.String()), "/", spec.Overrides{}); len(list) > 0 {
			b.Fatal(list)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	doc := []byte(head + "tasks:\n  run: echo ${{ task.item }}\n  from:\n" + strings.Repeat("  - {name: a, size: 10}\n", 1000))
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, list := spec.Parse("run.yaml", doc, "/", spec.Overrides{}); len(list) > 0 {
			b.Fatal(list)
		}
	}
}
