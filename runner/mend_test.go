package runner_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tasks/golem/devnet"
	"tasks/runner"
	"tasks/runner/state"
)

const filed = sixty + `
results: {file: "out/filed.jsonl"}
`

func (w *world) resultsFile() string { return filepath.Join(filepath.Dir(w.dsn), "out", "filed.jsonl") }

// wantFile demands each recorded result in the file, once, in order.
func (w *world) wantFile(id state.RunID) {
	w.t.Helper()
	data, err := os.ReadFile(w.resultsFile())
	if err != nil {
		w.t.Fatal(err)
	}
	var got []string
	for text := range bytes.Lines(data) {
		var line runner.Line
		if err := json.Unmarshal(text, &line); err != nil {
			w.t.Fatalf("line %q: %v", text, err)
		}
		got = append(got, string(line.Value))
	}
	if want := w.values(id); len(got) != 60 || !slices.Equal(got, want) {
		w.t.Errorf("the file has\n%v, recorded are\n%v", got, want)
	}
}

// harms are what can happen to a results file. Each is done to the file of a run
// that has some results in it.
var harms = []struct {
	name string
	do   func(path string) error
}{
	{"nothing", func(string) error { return nil }},
	{"deleted", os.Remove},
	{"deleted with its directory", func(path string) error { return os.RemoveAll(filepath.Dir(path)) }},
	{"moved away", func(path string) error { return os.Rename(path, path+".1") }},
	{"emptied", func(path string) error { return os.Truncate(path, 0) }},
	{"cut in a line", func(path string) error { return os.Truncate(path, 100) }},
	{"cut in the first line", func(path string) error { return os.Truncate(path, 3) }},
	{"longer than was recorded", func(path string) error {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(path, append(data, data[:150]...), 0o666)
	}},
	{"as long, and of zeros at its end", func(path string) error {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		clear(data[len(data)/2:])
		return os.WriteFile(path, data, 0o666)
	}},
}

// harm does something to the results file a minute after the start of a run.
func (w *world) harm(do func(path string) error) {
	if err := do(w.resultsFile()); err != nil {
		w.t.Error(err)
	}
}

func TestResultsFileHarmedWhileNobodyWasThere(t *testing.T) {
	long(t)
	for _, h := range harms {
		t.Run(h.name, func(t *testing.T) {
			inWorld(t, &devnet.Server{Seed: 31}, func(w *world) {
				w.leaveAfter(2*time.Minute, "filed", filed)
				w.harm(h.do)
				w.mustRun("filed", filed, state.RunDone)
				w.wantSixty("filed")
				w.wantFile("filed")
			})
		})
	}
}

func TestResultsFileHarmedWhileTheRunGoesOn(t *testing.T) {
	long(t)
	for _, h := range harms[:7] { // what only adds or changes is not noticed before the next start
		t.Run(h.name, func(t *testing.T) {
			inWorld(t, &devnet.Server{Seed: 32}, func(w *world) {
				time.AfterFunc(2*time.Minute, func() { w.harm(h.do) })
				w.mustRun("filed", filed, state.RunDone)
				w.wantSixty("filed")
				w.wantFile("filed")
			})
		})
	}
}

// A file of somebody else, or none that can be, in the place of ours is an error,
// is left as it is, and costs no result.
func TestResultsFileReplaced(t *testing.T) {
	long(t)
	const theirs = "shopping list\n"
	for _, c := range []struct {
		name string
		put  func(path string) error
		want error
	}{
		{"by a file of others", func(path string) error { return os.WriteFile(path, []byte(strings.Repeat(theirs, 2000)), 0o666) }, runner.ErrResultsFile},
		{"by a short file of others", func(path string) error { return os.WriteFile(path, []byte(theirs), 0o666) }, runner.ErrResultsFile},
		{"by a directory", func(path string) error { return os.Mkdir(path, 0o777) }, runner.ErrResultsLost},
	} {
		replace := func(path string) error { return errors.Join(os.Remove(path), c.put(path)) }
		again := func(w *world) {
			w.t.Helper()
			if err := os.RemoveAll(w.resultsFile()); err != nil {
				w.t.Error(err)
			}
			w.mustRun("filed", filed, state.RunDone)
			w.wantSixty("filed")
			w.wantFile("filed")
		}
		t.Run(c.name+", before a start", func(t *testing.T) {
			inWorld(t, &devnet.Server{Seed: 33}, func(w *world) {
				w.leaveAfter(2*time.Minute, "filed", filed)
				w.harm(replace)
				if _, err := w.process().run(w.t.Context(), "filed", filed); !errors.Is(err, c.want) || !strings.Contains(err.Error(), w.resultsFile()) {
					t.Errorf("run: %v", err)
				}
				if text, err := os.ReadFile(w.resultsFile()); err == nil && !strings.HasPrefix(string(text), theirs) {
					t.Error("a file of others was overwritten")
				}
				again(w)
			})
		})
		t.Run(c.name+", while the run goes on", func(t *testing.T) {
			inWorld(t, &devnet.Server{Seed: 34}, func(w *world) {
				time.AfterFunc(2*time.Minute, func() { w.harm(replace) })
				if got, err := w.process().run(w.t.Context(), "filed", filed); got != state.RunInterrupted || !errors.Is(err, c.want) {
					t.Errorf("run: %s, %v", got, err)
				}
				w.checkBooks("filed")
				again(w)
			})
		})
	}
}

// What happens between the last result and the end of the run is noticed too.
func TestResultsFileReplacedAtTheVeryEnd(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 35, Timings: devnet.Timings{Invoice: devnet.Span{Min: 20 * time.Second, Max: 20 * time.Second}}}, func(w *world) {
		document := `
name: last
payload: golem/alpine:latest
tasks: {from: [1s], run: [sleep, "${{ task.item }}"]}
results: {file: "out/filed.jsonl"}
`
		time.AfterFunc(20*time.Second, func() {
			w.harm(func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o777)) })
		})
		if got, err := w.process().run(w.t.Context(), "last", document); got != state.RunInterrupted || !errors.Is(err, runner.ErrResultsLost) {
			t.Errorf("run: %s, %v", got, err)
		}
		if err := os.Remove(w.resultsFile()); err != nil {
			t.Fatal(err)
		}
		w.mustRun("last", document, state.RunDone)
		if text, err := os.ReadFile(w.resultsFile()); err != nil || bytes.Count(text, []byte("\n")) != 1 {
			t.Errorf("file %q, %v", text, err)
		}
	})
}
