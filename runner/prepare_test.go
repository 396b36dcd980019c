package runner_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/runner/state"
	"tasks/runner/store"
)

const prepared = `
name: prepared
payload: golem/alpine:latest
workers: 2
tasks:
  from: [a, b, c, d]
  steps:
    - run: [sleep, 10s]
    - download: {from: /golem/input/scene.txt, to: "out/${{ task.item }}"}
    - download: {from: /golem/work/settings, to: "out/${{ task.item }}.settings"}
  result: downloads[0].text + downloads[1].text
policies:
  activity:
    prepare: '[deploy(), start(), upload("in/*.txt", "/golem/input/"), uploadText("fast\n", "/golem/work/settings"), run(["sleep", "1m"])]'
`

// TestPrepareUploads wants the files in each machine once, whatever the number of
// tasks, and nothing published while tasks run.
func TestPrepareUploads(t *testing.T) {
	srv := &devnet.Server{Seed: 1}
	var mu sync.Mutex // the machines run side by side
	var published []int
	srv.Runtime = devnet.Instant(func(run golem.Run, p devnet.Provider) devnet.Reply {
		if run.EntryPoint == "sleep" && run.Args[0] == "10s" {
			return devnet.Reply{Wall: 10 * time.Second}
		}
		files := len(srv.Inspect().Files)
		mu.Lock()
		defer mu.Unlock()
		published = append(published, files)
		return devnet.Reply{Wall: time.Minute}
	})
	inFileWorld(t, srv, func(w *world) {
		w.write("in/scene.txt", "a scene, ")
		w.mustRun("prepared", prepared, state.RunDone)
		want := []string{`"a scene, fast\n"`, `"a scene, fast\n"`, `"a scene, fast\n"`, `"a scene, fast\n"`}
		if diff := cmp.Diff(want, w.sortedValues("prepared")); diff != "" {
			t.Errorf("results (-want +got):\n%s", diff)
		}
		// Both machines are prepared at once, from the same two URLs.
		if diff := cmp.Diff([]int{2, 2}, published); diff != "" {
			t.Errorf("URLs while machines are prepared (-want +got):\n%s", diff)
		}
		w.checkFiles()
		w.checkBooks("prepared")
	})
}

// TestPrepareUploadsAgain leaves while the machines are prepared: the next
// process prepares others, and publishes the files anew.
func TestPrepareUploadsAgain(t *testing.T) {
	inFileWorld(t, &devnet.Server{Seed: 1}, func(w *world) {
		w.write("in/scene.txt", "a scene, ")
		w.leaveAfter(30*time.Second, "prepared", prepared)
		w.checkFiles()
		w.mustRun("prepared", prepared, state.RunDone)
		if got := len(w.values("prepared")); got != 4 {
			t.Errorf("%d results of 4", got)
		}
		w.checkFiles()
		w.checkBooks("prepared")
	})
}

// TestPrepareWithoutItsFile hires no second provider for what fails with all.
func TestPrepareWithoutItsFile(t *testing.T) {
	inFileWorld(t, &devnet.Server{Seed: 1}, func(w *world) {
		got, err := w.process().run(w.t.Context(), "none", strings.Replace(prepared, "workers: 2", "workers: 1", 1))
		if err == nil || !strings.Contains(err.Error(), "activity.prepare: upload ") || !strings.HasSuffix(err.Error(), "in/*.txt: no file has such a name") {
			t.Errorf("Run: %s, %v, want the missing file", got, err)
		}
		w.view(func(tx *store.Tx) error {
			rows, err := tx.ActivityRows("none")
			if len(rows) != 1 {
				t.Errorf("%d activities for a file that is not there: %+v", len(rows), rows)
			}
			return err
		})
		w.checkFiles()
		w.checkBooks("none")
	})
}
