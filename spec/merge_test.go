package spec_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/spec"
	"tasks/spec/diag"
)

const baseDoc = `name: shop
payload: &p {image: golem/alpine:latest, min: {cores: 1}}
workers: 2
budget: {rate: 1/h}
tasks:
  first:
    from: {lines: items.txt}
    steps: [{run: date}]
    timeout: 5m
  second: {from: [a], run: "echo ${{ task.item }}"}
`

// mergeFiles writes files, by their names in a folder, and loads them in order.
func mergeFiles(t *testing.T, files ...[2]string) (*spec.Spec, string) {
	t.Helper()
	t.Chdir(t.TempDir())
	var names []string
	for _, f := range append(files, [2]string{"items.txt", "x\n"}, [2]string{"over/items.txt", "y\n"}) {
		if err := os.MkdirAll(filepath.Dir(f[0]), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f[0], []byte(f[1]), 0o666); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f[0], ".yaml") {
			names = append(names, f[0])
		}
	}
	s, list, err := spec.Load(names[0], spec.Overrides{Over: names[1:]})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := diag.Render(&b, list, func(name string) []byte { return s.Sources[name] }, false); err != nil {
		t.Fatal(err)
	}
	return s, strings.ReplaceAll(b.String(), s.Dir, "DIR")
}

// What is loaded from files is what is loaded from the one document that is kept.
func reloaded(t *testing.T, s *spec.Spec) {
	t.Helper()
	again, list := spec.Parse("kept.yaml", s.Kept, s.Dir, spec.Overrides{})
	if len(list) > 0 {
		t.Fatalf("%v\n%s", list, s.Kept)
	}
	if diff := cmp.Diff([]spec.Change{}, spec.Changes(s, again)); diff != "" {
		t.Errorf("what is kept is another document (-want +got):\n%s\n%s", diff, s.Kept)
	}
}

func TestMerge(t *testing.T) {
	s, said := mergeFiles(t,
		[2]string{"base.yaml", baseDoc},
		[2]string{"over/prod.yaml", `workers: 10
payload: {min: {memory: 1GiB}}
tasks:
  first: {run: ./work, timeout: 1m}
  second: {from: {lines: items.txt}}
  third: {after: first, run: ./report}
results: {file: "out/${{ run.id }}.jsonl"}
`},
		[2]string{"last.yaml", "workers: 20\nbudget: 5/h\ntasks: {first: {from: [x, y]}}\n"},
	)
	if said != "" {
		t.Fatal(said)
	}
	base, list := spec.Parse("base.yaml", []byte(baseDoc), s.Dir, spec.Overrides{})
	if len(list) > 0 {
		t.Fatal(list)
	}
	got := map[string]string{}
	for _, c := range spec.Changes(base, s) {
		got[c.Path] = strings.ReplaceAll(c.After, s.Dir, "DIR")
	}
	want := map[string]string{
		"workers": "20", "budget": "5/h", "payload.min.memory": "1GiB",
		"tasks.first.from": `items: ["x","y"]`, "tasks.first.timeout": "1m0s", "tasks.first.steps[0]": "run: ./work",
		"tasks.second.from": `lines: "DIR/over/items.txt"`,
		"tasks.third.batch": "1", "tasks.third.after": "first", "tasks.third.timeout": "10m0s", "tasks.third.steps[0]": "run: ./report",
		"results.file": "DIR/over/out/${{ run.id }}.jsonl",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	reloaded(t, s)
}

// A change of one place is no change of others that an anchor shares with it.
func TestMergeIntoAliases(t *testing.T) {
	s, said := mergeFiles(t,
		[2]string{"base.yaml", "name: x\npayload: a/b:c\ntasks:\n  a: &a {from: [a], run: date, timeout: 1m}\n  b: *a\n  c: *a\n"},
		[2]string{"over.yaml", "tasks: {a: {timeout: 2m}, b: {timeout: 3m}}\n"},
	)
	if said != "" {
		t.Fatal(said)
	}
	var times []string
	for _, st := range s.Stages {
		times = append(times, st.Timeout.String())
	}
	if diff := cmp.Diff([]string{"2m0s", "3m0s", "1m0s"}, times); diff != "" {
		t.Error(diff)
	}
	reloaded(t, s)
}

// Every mistake has its own file and place, and all are told at once.
func TestMergeMistakes(t *testing.T) {
	_, said := mergeFiles(t,
		[2]string{"base.yaml", strings.Replace(baseDoc, "timeout: 5m", "timeout: 5", 1)},
		[2]string{"over/prod.yaml", `workrs: 10
workers: 1
workers: 2
payload: {min: {cores: many}}
tasks:
  second: {after: frist}
  third: {from: {lines: none.txt}, steps: [{run: date}, {download: {from: /golem/output/x, to: "${{ task.item }}"}}]}
`},
	)
	const want = `base.yaml:9:14: tasks.first.timeout: 5 has no unit of time

   8 |     steps: [{run: date}]
 > 9 |     timeout: 5
     |              ^
   hint: write 5s for seconds or 5m for minutes

over/prod.yaml:1:1: unknown key "workrs"

 > 1 | workrs: 10
     | ^^^^^^
   hint: did you mean "workers"?

over/prod.yaml:3:1: "workers" is set twice in this file

   2 | workers: 1
 > 3 | workers: 2
     | ^^^^^^^
   hint: keep one of the two

over/prod.yaml:4:24: payload.min.cores: wants a whole number of at least 1, and this is "many"

   3 | workers: 2
 > 4 | payload: {min: {cores: many}}
     |                        ^^^^

over/prod.yaml:6:19: tasks.second.after: there is no stage "frist"

   5 | tasks:
 > 6 |   second: {after: frist}
     |                   ^^^^^
   hint: did you mean "first"?

over/prod.yaml:7:25: tasks.third.from.lines: there is no file "none.txt"

   6 |   second: {after: frist}
 > 7 | …none.txt}, steps: [{run: date}, {download: {from: /golem/output/x, to: …
     |  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   hint: paths are relative to the directory of this file, DIR/over

over/prod.yaml:7:96: tasks.third.steps[1].download.to: this path begins with a value, and the file is in another folder than the first one

   6 |   second: {after: frist}
 > 7 | …n: date}, {download: {from: /golem/output/x, to: "${{ task.item }}"}}]}
     |                                                   ^^^^^^^^^^^^^^^^^^
   hint: write the whole path, or keep the files in one folder
`
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Files that cannot be read as YAML are told of together.
func TestMergeUnreadable(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\n" +
		"d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e]\n"
	_, said := mergeFiles(t,
		[2]string{"base.yaml", "name: [x\n"}, [2]string{"list.yaml", "- a\n"}, [2]string{"tab.yaml", "workers:\n\t- 1\n"}, [2]string{"bomb.yaml", bomb},
	)
	for _, want := range []string{"base.yaml:", "list.yaml:1:1: wants a mapping of what differs", "tab.yaml:2:", "bomb.yaml:1:1: aliases make too many values"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not told in\n%s", want, said)
		}
	}
	if strings.Contains(said, "there is no payload") {
		t.Errorf("a document that cannot be read is checked:\n%s", said)
	}
}
