package runner_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"

	"tasks/golem/devnet"
	"tasks/runner"
	"tasks/runner/state"
	"tasks/runner/store"
)

// few is a run that keeps hardly anything.
const few = sixty + `
results: {file: "out/filed.jsonl", keep: 5}
`

// lines are the tasks of the results file, in order.
func (w *world) lines() (tasks []int64) {
	w.t.Helper()
	data, err := os.ReadFile(w.resultsFile())
	if err != nil {
		w.t.Fatal(err)
	}
	for text := range bytes.Lines(data) {
		var line runner.Line
		if err := json.Unmarshal(text, &line); err != nil {
			w.t.Fatalf("line %q: %v", text, err)
		}
		tasks = append(tasks, line.Task)
	}
	return tasks
}

// rolled is what is rolled up of a run, and the tasks of the results that are not.
func (w *world) rolled(id state.RunID) (rolled store.Rolled, left []int64) {
	w.t.Helper()
	w.view(func(tx *store.Tx) (err error) {
		if rolled, err = tx.Rolled(id); err != nil {
			return err
		}
		results, err := tx.Results(id, 0, 1_000_000)
		for _, r := range results {
			left = append(left, r.Task)
		}
		return err
	})
	return rolled, left
}

func TestRollUpKeepsWhatIsRecent(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 31}, func(w *world) {
		for range 3 {
			w.leaveAfter(150*time.Second, "filed", few)
		}
		w.mustRun("filed", few, state.RunDone)
		rolled, left := w.rolled("filed")
		if rolled.Results == 0 || rolled.Results+int64(len(left)) != 60 {
			t.Errorf("%d results are rolled up and %d are left, of 60", rolled.Results, len(left))
		}
		lines := w.lines()
		if len(lines) != 60 || !slices.Equal(lines[rolled.Results:], left) {
			t.Errorf("the file has %v, left are %v", lines, left)
		}
		slices.Sort(lines)
		if len(slices.Compact(lines)) != 60 {
			t.Errorf("a result is in the file twice: %v", lines)
		}
		w.checkBooks("filed")
	})
}

// Without a results file, or with it and `keep: all`, nothing of a short run goes.
func TestRollUpKeepsAllOfAShortRun(t *testing.T) {
	long(t)
	for name, document := range map[string]string{
		"default": sixty, "with a file": filed, "all": sixty + "\nresults: {keep: all}\n",
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, &devnet.Server{Seed: 31}, func(w *world) {
				w.mustRun("filed", document, state.RunDone)
				if rolled, left := w.rolled("filed"); rolled.Any() || len(left) != 60 {
					t.Errorf("%+v is rolled up, and %d results are left", rolled, len(left))
				}
			})
		})
	}
}

// A results file that lost something is mended from what the database still has.
// What is rolled up and was not lost stays in it.
func TestResultsFileHarmedAfterRollUp(t *testing.T) {
	long(t)
	for _, h := range harms {
		t.Run(h.name, func(t *testing.T) {
			inWorld(t, &devnet.Server{Seed: 31}, func(w *world) {
				w.leaveAfter(150*time.Second, "filed", few)
				before := w.lines()
				rolled, left := w.rolled("filed")
				if rolled.Results < 5 {
					t.Fatalf("only %d results are rolled up", rolled.Results)
				}
				w.harm(h.do)
				intact := wholeLines(t, w.resultsFile())
				w.mustRun("filed", few, state.RunDone)
				// What was rolled up and still there, and then everything else once.
				want := append(before[:min(intact, int(rolled.Results))], left...)
				got := w.lines()
				if len(got) != 60-int(rolled.Results)+min(intact, int(rolled.Results)) || !slices.Equal(got[:len(want)], want) {
					t.Errorf("%d results were rolled up and %d lines intact; the file has\n%v, want first\n%v", rolled.Results, intact, got, want)
				}
				slices.Sort(got)
				if n := len(got); len(slices.Compact(got)) != n {
					t.Errorf("a result is in the file twice: %v", got)
				}
			})
		})
	}
}

// wholeLines is how many lines of ours a file begins with.
func wholeLines(t *testing.T, path string) (n int) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for text := range bytes.Lines(data) {
		if !json.Valid(text) || !bytes.HasSuffix(text, []byte("\n")) {
			return n
		}
		n++
	}
	return n
}
