package main_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// examples are the tests of the files in examples/, each of which has one.
var examples = map[string]func(*testing.T){
	"hello.yaml":     testHello,
	"wordcount.yaml": testWordcount,
	"mapreduce.yaml": testMapreduce,
	"multiply.yaml":  testMultiply,
	"yacat.yaml":     testYacat,
	"checksum.yaml":  testChecksum,
	"montage.yaml":   testMontage,
	"blender.yaml":   testBlender,
	"choosy.yaml":    testChoosy,
}

func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../../examples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < len(examples) {
		t.Errorf("found %d examples of %d", len(files), len(examples))
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			run := examples[name]
			if run == nil {
				t.Fatalf("%s has no test: write one, and add it to the list", file)
			}
			run(t)
		})
	}
}

func TestExamplesAreValid(t *testing.T) {
	s := newSite(t, 30*time.Second)
	for name := range examples {
		file := "examples/" + name
		want := file + ": ok\n"
		if name == "choosy.yaml" {
			want = file + ": ok, 14 cases right\n"
		}
		if got := string(s.run("validate", file)); got != want {
			t.Errorf("validate prints %q, want %q", got, want)
		}
	}
}

// helloLimit is several times what the first command of the README takes on a
// small computer.
const helloLimit = 20 * time.Second

func testHello(t *testing.T) {
	s := newSite(t, time.Minute)
	began := time.Now()
	s.run("apply", "examples/hello.yaml", "--run-id", "h")
	took := time.Since(began)
	t.Logf("took %s", took.Round(time.Millisecond))
	if took > helloLimit {
		t.Errorf("took %s, which is more than %s", took, helloLimit)
	}
	got := map[int]string{}
	list := resultsOf[int, string](s, "h")
	for _, r := range list {
		got[r.Item] = r.Value
	}
	want := map[int]string{}
	for n := 1; n <= 10; n++ {
		want[n] = fmt.Sprintf("hello from %d", n)
	}
	if diff := cmp.Diff(want, got); diff != "" || len(list) != len(want) {
		t.Errorf("%d results (-want +got):\n%s", len(list), diff)
	}
}

func testMapreduce(t *testing.T) {
	s := newSite(t, time.Minute)
	s.run("apply", "examples/mapreduce.yaml", "--run-id", "m")
	longest := map[string]string{}
	var total []string
	for _, r := range resultsOf[any, any](s, "m") {
		switch v := r.Value.(type) {
		case []any:
			for _, line := range v {
				total = append(total, fmt.Sprint(line))
			}
		case map[string]any:
			if r.Stage == "longest" {
				longest[fmt.Sprint(v["file"])] = fmt.Sprint(v["word"])
			}
		}
	}
	want := map[string]string{"gettysburg.txt": "consecrated", "sonnet18.txt": "complexion"}
	if diff := cmp.Diff(want, longest); diff != "" {
		t.Errorf("longest words (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"14 that", "13 the", "11 and", "11 to", "10 we"}, total); diff != "" {
		t.Errorf("the most frequent (-want +got):\n%s", diff)
	}
}

func testChoosy(t *testing.T) {
	s := newSite(t, time.Minute)
	s.run("apply", "examples/choosy.yaml", "--run-id", "c")
	list := resultsOf[int, int](s, "c")
	if len(list) != 12 {
		t.Errorf("%d results, want 12", len(list))
	}
	for _, r := range list {
		if r.Value != r.Item*r.Item {
			t.Errorf("%d squared is %d", r.Item, r.Value)
		}
	}
}

// A piece is an item of the stage `count` of wordcount.yaml.
type piece struct {
	File string
	Line int
	Text string
}

// A count is its result.
type count struct {
	File  string
	Line  int
	Words int
}

func testWordcount(t *testing.T) {
	s := newSite(t, time.Minute)
	s.run("apply", "examples/wordcount.yaml", "--run-id", "w")
	got := map[string]int{}
	list := resultsOf[piece, count](s, "w")
	for _, r := range list {
		got[fmt.Sprintf("%s:%d", r.Value.File, r.Value.Line)] += r.Value.Words
		if r.Stage != "count" || r.Item.File != r.Value.File || r.Item.Line != r.Value.Line {
			t.Errorf("result of stage %s and item %+v is %+v", r.Stage, r.Item, r.Value)
		}
		if len(r.Item.Text) > 200 {
			t.Errorf("a piece has %d characters: %q", len(r.Item.Text), r.Item.Text)
		}
	}
	want := countWords(s)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("words of each line (-want +got):\n%s", diff)
	}
	if len(list) <= len(want) {
		t.Errorf("%d pieces of %d lines: no line was cut", len(list), len(want))
	}
	inFile := decodeResults[piece, count](s, s.readFile(s.example("results/w.jsonl")))
	if diff := cmp.Diff(list, inFile); diff != "" {
		t.Errorf("the results file differs (-results +file):\n%s", diff)
	}
}

// countWords counts the words of every line of the texts.
func countWords(s *site) map[string]int {
	s.Helper()
	words := map[string]int{}
	files, err := filepath.Glob(s.example("texts/*.txt"))
	if err != nil || len(files) == 0 {
		s.Fatalf("found %d texts: %v", len(files), err)
	}
	for _, file := range files {
		number := 0
		for line := range bytes.Lines(s.readFile(file)) {
			number++
			if n := len(bytes.Fields(line)); n > 0 {
				words[fmt.Sprintf("texts/%s:%d", filepath.Base(file), number)] = n
			}
		}
	}
	return words
}

func testChecksum(t *testing.T) {
	s := newSite(t, time.Minute)
	s.run("apply", "examples/checksum.yaml", "--run-id", "c")
	list := resultsOf[string, string](s, "c")
	for _, r := range list {
		name := r.Item + ".txt"
		sum := fmt.Sprintf("%x", sha256.Sum256(s.readFile(s.example("texts/"+name))))
		if r.Value != sum {
			t.Errorf("the checksum of %s is %q, want %s", name, r.Value, sum)
		}
		line := string(s.readFile(s.example("checksums/" + r.Item + ".sha256")))
		if want := sum + "  " + name + "\n"; line != want {
			t.Errorf("the file for %s has %q, want %q", name, line, want)
		}
	}
	if len(list) != 2 {
		t.Errorf("%d results of 2", len(list))
	}
	if left, _ := filepath.Glob(s.example("checksums/.*")); len(left) > 0 {
		t.Errorf("unfinished files left: %v", left)
	}
}

func testMultiply(t *testing.T) {
	const workers, enough = 4, 12
	s := newSite(t, 2*time.Minute)
	p := s.start("apply", "examples/multiply.yaml", "--run-id", "m")
	p.await("a run", func() bool { return s.began("m") })
	p.await("12 results", func() bool { return s.status("m").Results >= enough })
	p.signal(syscall.SIGINT)
	p.end(130)
	if st := s.status("m"); st.State != "interrupted" || st.Tasks.Running != 0 || st.Tasks.Failed != 0 {
		t.Errorf("the run is %s, with tasks %+v", st.State, st.Tasks)
	}
	seen, highest := map[int]bool{}, 0
	for _, r := range resultsOf[int, int](s, "m") {
		if r.Value != 7*r.Item {
			t.Errorf("7 times %d gave %d", r.Item, r.Value)
		}
		if seen[r.Item] {
			t.Errorf("item %d has two results", r.Item)
		}
		seen[r.Item], highest = true, max(highest, r.Item)
	}
	if len(seen) < enough {
		t.Errorf("%d results, and there were %d before the signal", len(seen), enough)
	}
	// Tasks begin in the order of the items, and what has begun ends or is given
	// back: only as many can be missing as there are workers.
	if missing := highest + 1 - len(seen); missing > workers {
		t.Errorf("%d of the first %d items have no result", missing, highest+1)
	}
	if _, err := os.Stat(s.example("results")); err == nil {
		t.Error("there is a results file, which the spec does not ask for")
	}
}
