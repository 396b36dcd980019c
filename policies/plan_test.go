package policies_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/policies"
)

func TestPlan(t *testing.T) {
	st := stage(t, `  steps:
    - upload: {from: "in/${{ task.item }}.txt", to: "/golem/input/${{ task.index }}"}
    - upload: {from: "/data/*/${{ task.item }}*", to: /golem/input/}
    - upload: {from: "${{ 'https://example.com/' + task.item }}", to: /golem/input/web}
    - upload: {data: "", to: /golem/work/empty}
    - run: [cat, "${{ task.item }}"]
    - download: {from: /golem/output/a, to: "out/${{ task.id }}"}
    - download: {from: /golem/output/a, to: "https://example.com/${{ task.id }}"}
`)
	if !st.Transfers() {
		t.Error("Transfers() is false")
	}
	got, f := st.Plan(item("a[1]"))
	if f != nil {
		t.Fatal(f)
	}
	if run := got[4].Run; run == nil || run.Run.EntryPoint != "cat" || run.Run.Args[0] != "a[1]" {
		t.Errorf("Plan()[4] = %+v", got[4])
	}
	got[4].Run = nil
	want := []policies.Step{
		{Upload: &policies.Upload{From: "/home/ann/in/a[1].txt", To: "/golem/input/3"}},
		{Upload: &policies.Upload{From: `/data/*/a\[1]*`, To: "/golem/input/"}},
		{Upload: &policies.Upload{From: "https://example.com/a[1]", To: "/golem/input/web"}},
		{Upload: &policies.Upload{To: "/golem/work/empty"}},
		{},
		{Download: &policies.Download{From: "/golem/output/a", To: "/home/ann/out/7"}},
		{Download: &policies.Download{From: "/golem/output/a", To: "https://example.com/7"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Plan (-want +got):\n%s", diff)
	}
}

func TestPathsStayWhereTheyAre(t *testing.T) {
	for _, test := range []struct{ name, step, item, want string }{
		{"upload from", `upload: {from: "in/${{ task.item }}", to: /golem/input/a}`, "../secret", `gives "../secret", and a value in a path cannot have .. in it`},
		{"upload to", `upload: {data: x, to: "/golem/input/${{ task.item }}"}`, "a/../../../etc/x", "cannot have .. in it"},
		{"download to", `download: {from: /golem/output/a, to: "out/${{ task.item }}"}`, "..", "cannot have .. in it"},
		{"download from", `download: {from: "/golem/output/${{ task.item }}", to: out/a}`, "x/..", "cannot have .. in it"},
		{"no name", `upload: {data: x, to: "/golem/input/${{ task.item }}"}`, "", "gives a path without the name of a file"},
		{"nothing", `upload: {from: "${{ task.item }}", to: /golem/input/a}`, "", "gives an empty path"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, f := stage(t, "  steps:\n    - "+test.step+"\n").Plan(item(test.item))
			if f == nil || !strings.Contains(f.Error(), test.want) {
				t.Errorf("Failure = %v, want %s", f, test.want)
			}
		})
	}
	for _, fine := range []string{"a..b", "a/b", "..a"} {
		if _, f := stage(t, "  steps:\n    - upload: {from: \"in/${{ task.item }}\", to: /golem/input/a}\n").Plan(item(fine)); f != nil {
			t.Errorf("%s: %v", fine, f)
		}
	}
}

func TestReadsDownloads(t *testing.T) {
	const step = "  steps:\n    - download: {from: /golem/output/a, to: out/a}\n"
	for body, want := range map[string]bool{
		step:                                   false,
		step + "  result: downloads[0].text\n": true,
		step + "  emit: {stage: tasks, each: 'lines(downloads[0].text)'}\n": true,
		step + "results: {count: len(downloads)}\n":                         true,
		step + "policies: {task: {result: 'len(downloads)'}}\n":             true,
		"  run: echo downloads\n  result: stdout\n":                         false,
	} {
		if got := stage(t, body).ReadsDownloads(); got != want {
			t.Errorf("%s\nReadsDownloads() = %v", body, got)
		}
	}
}
