package runner_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/runner"
	"tasks/runner/state"
	"tasks/runner/store"
)

// write makes a file beside the document.
func (w *world) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(filepath.Dir(w.dsn), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		w.t.Fatal(err)
	}
}

// folder is the files of a folder beside the document, and what is in them.
func (w *world) folder(name string) map[string]string {
	w.t.Helper()
	dir := filepath.Join(filepath.Dir(w.dsn), name)
	entries, err := os.ReadDir(dir)
	if err != nil {
		w.t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			w.t.Fatal(err)
		}
		files[e.Name()] = string(text)
	}
	return files
}

// checkFiles demands that nothing is left published and no temporary file stays.
func (w *world) checkFiles() {
	w.t.Helper()
	if left := w.srv.Inspect().Files; len(left) > 0 {
		w.t.Errorf("still published: %v", left)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "tasks-upload-*")); len(left) > 0 {
		w.t.Errorf("temporary files left: %v", left)
	}
}

// sortedValues are the recorded results without regard to their order.
func (w *world) sortedValues(id state.RunID) []string {
	return slices.Sorted(slices.Values(w.values(id)))
}

// inFileWorld is inWorld with temporary files in a place of the test's own.
func inFileWorld(t *testing.T, srv *devnet.Server, test func(w *world)) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	inWorld(t, srv, test)
}

func TestFilesGoThereAndBack(t *testing.T) {
	inFileWorld(t, &devnet.Server{Seed: 1}, func(w *world) {
		for _, name := range []string{"a", "b", "c"} {
			w.write("in/"+name+".txt", "same for all")
		}
		w.mustRun("files", `
name: files
payload: golem/alpine:latest
workers: 3
tasks:
  from: [a, b, c]
  steps:
    - upload: {from: "in/${{ task.item }}.txt", to: "/golem/input/${{ task.item }}"}
    - upload: {data: "for ${{ task.item }}", to: /golem/work/data}
    - run: [echo, ran, "${{ task.item }}"]
    - download: {from: "/golem/input/${{ task.item }}", to: "out/${{ task.item }}.txt"}
    - download: {from: /golem/work/data, to: "out/${{ task.item }}.data"}
  result: '[trim(stdout), steps[2].stdout == stdout, len(steps), downloads[1].text, downloads[0].size]'
`, state.RunDone)
		want := []string{
			`["ran a",true,5,"for a",12]`, `["ran b",true,5,"for b",12]`, `["ran c",true,5,"for c",12]`,
		}
		if diff := cmp.Diff(want, w.sortedValues("files")); diff != "" {
			t.Errorf("results (-want +got):\n%s", diff)
		}
		out := map[string]string{
			"a.txt": "same for all", "b.txt": "same for all", "c.txt": "same for all",
			"a.data": "for a", "b.data": "for b", "c.data": "for c",
		}
		if diff := cmp.Diff(out, w.folder("out")); diff != "" {
			t.Errorf("files that came back (-want +got):\n%s", diff)
		}
		w.checkFiles()
		w.checkBooks("files")
	})
}

func TestSeveralFilesByPattern(t *testing.T) {
	inFileWorld(t, &devnet.Server{Seed: 1}, func(w *world) {
		w.write("in[1]/a.txt", "1")
		w.write("in[1]/b.txt", "2")
		w.write("in[1]/b.jpg", "3")
		w.write("in[1]/folder.txt/c.txt", "4")
		w.mustRun("many", `
name: many
payload: golem/alpine:latest
tasks:
  from: ["in[1]"]
  steps:
    - upload: {from: "${{ task.item }}/*.txt", to: /golem/input/}
    - download: {from: /golem/input/a.txt, to: out/a}
    - download: {from: /golem/input/b.txt, to: out/b}
  result: 'map(downloads, #.text)'
`, state.RunDone)
		if diff := cmp.Diff([]string{`["1","2"]`}, w.values("many")); diff != "" {
			t.Errorf("results (-want +got):\n%s", diff)
		}
		w.checkFiles()
	})
}

// TestFilesThatAreNotThere is the task's fault, whichever side the file is
// missing on, and leaves what was there before.
func TestFilesThatAreNotThere(t *testing.T) {
	for _, test := range []struct{ name, step, want string }{
		{"here", `upload: {from: "in/${{ task.item }}", to: /golem/input/a}`, "in/none: no such file or directory"},
		{"pattern", `upload: {from: "in/${{ task.item }}*", to: /golem/input/}`, "no file has such a name"},
		{"folder", `upload: {from: "${{ task.item == 'none' ? '.' : task.item }}", to: /golem/input/a}`, "it is not a file"},
		{"there", `download: {from: /golem/output/none, to: "out/${{ task.item }}"}`, "No such file or directory"},
		{"upwards", `upload: {from: "in/${{ task.item + '/../../x' }}", to: /golem/input/a}`, "a value in a path cannot have .. in it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			inFileWorld(t, &devnet.Server{Seed: 1}, func(w *world) {
				w.write("out/none", "old")
				w.mustRun("none", `
name: none
payload: golem/alpine:latest
tasks:
  from: [none]
  steps:
    - `+test.step+`
    - run: [echo, done]
policies: {task: {retry: false}}
`, state.RunFailed)
				w.view(func(tx *store.Tx) error {
					attempts, err := tx.Attempts(1)
					if len(attempts) != 1 || attempts[0].Fault != state.FaultTask || !strings.Contains(attempts[0].Message, test.want) {
						t.Errorf("attempts = %+v, want the task's fault: %s", attempts, test.want)
					}
					return err
				})
				if diff := cmp.Diff(map[string]string{"none": "old"}, w.folder("out")); diff != "" {
					t.Errorf("files (-want +got):\n%s", diff)
				}
				w.checkFiles()
				w.checkBooks("none")
			})
		})
	}
}

// diskless runs commands and has no place for files.
type diskless struct{ devnet.Runner }

func (diskless) Path(string) (string, bool) { return "/dev/null/none", true }

func (diskless) Mount([]string) error { return nil }

func TestTransferBrokenByTheProvider(t *testing.T) {
	whole := devnet.Instant(shell)
	srv := &devnet.Server{
		Providers: []devnet.Provider{{Name: "full"}, {Name: "fair", Threads: 4}},
		Runtime: func(a devnet.Activity) (devnet.Runner, error) {
			r, err := whole(a)
			if a.Provider.Name == "full" {
				r = diskless{r}
			}
			return r, err
		},
	}
	inFileWorld(t, srv, func(w *world) {
		w.mustRun("broken", `
name: broken
payload: golem/alpine:latest
workers: 2
tasks:
  from: {range: [1, 6]}
  steps:
    - upload: {data: "${{ task.item }}", to: /golem/input/n}
    - run: [sleep, 10s]
    - download: {from: /golem/input/n, to: "out/${{ task.item }}"}
  result: downloads[0].text
policies:
  task: {retry: 'attempt.fault == "provider"'}
`, state.RunDone)
		if got := strings.Join(w.sortedValues("broken"), " "); got != `"1" "2" "3" "4" "5" "6"` {
			t.Errorf("results: %s", got)
		}
		w.view(func(tx *store.Tx) error {
			rows, err := tx.ActivityRows("broken")
			if err != nil {
				return err
			}
			blamed := false
			for _, row := range rows {
				blamed = blamed || strings.Contains(row.Reason, "Transfer error")
			}
			if !blamed {
				t.Errorf("no activity ended over its transfers: %+v", rows)
			}
			return nil
		})
		w.checkFiles()
	})
}

func TestLargeFilesAreNoText(t *testing.T) {
	large := strings.Repeat("x", 1<<20+1)
	inFileWorld(t, &devnet.Server{Seed: 1, Runtime: devnet.Instant(func(golem.Run, devnet.Provider) devnet.Reply {
		return devnet.Reply{Files: map[string]string{"/golem/output/large": large}}
	})}, func(w *world) {
		const document = `
name: large
payload: golem/alpine:latest
tasks:
  from: [1]
  steps:
    - run: [make]
    - download: {from: /golem/output/large, to: out/large}
  result: `
		w.mustRun("size", document+"int(steps[1].exit_code)", state.RunDone)
		if got := len(w.folder("out")["large"]); got != len(large) {
			t.Errorf("downloaded %d bytes of %d", got, len(large))
		}
		w.mustRun("text", document+"downloads[0].text\npolicies: {task: {retry: false}}", state.RunFailed)
		w.checkFiles()
	})
}

// TestFilesOfADeadProcess leaves in the midst of a batch: the next process does
// the task anew, once, whatever became of the first try.
func TestFilesOfADeadProcess(t *testing.T) {
	inFileWorld(t, &devnet.Server{Seed: 1}, func(w *world) {
		const document = `
name: dead
payload: golem/alpine:latest
tasks:
  from: [a, b]
  steps:
    - upload: {data: "${{ task.item }}", to: /golem/work/x}
    - run: [sleep, 1m]
    - download: {from: /golem/work/x, to: "out/${{ task.item }}"}
  result: downloads[0].text
policies: {task: {retry: false}}
`
		w.leaveAfter(30*time.Second, "dead", document)
		if got := w.values("dead"); len(got) > 0 {
			t.Fatalf("results before the task can have ended: %v", got)
		}
		w.checkFiles()
		w.mustRun("dead", document, state.RunDone)
		if got := strings.Join(w.sortedValues("dead"), " "); got != `"a" "b"` {
			t.Errorf("results: %s", got)
		}
		if diff := cmp.Diff(map[string]string{"a": "a", "b": "b"}, w.folder("out")); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
		w.checkFiles()
		w.checkBooks("dead")
	})
}

// TestFilesAreTakenBackAfterEachTask looks at the register in the midst of every
// task of one worker.
func TestFilesAreTakenBackAfterEachTask(t *testing.T) {
	srv := &devnet.Server{Seed: 1}
	var seen []int
	srv.Runtime = devnet.Instant(func(run golem.Run, p devnet.Provider) devnet.Reply {
		seen = append(seen, len(srv.Inspect().Files))
		return shell(run, p)
	})
	inFileWorld(t, srv, func(w *world) {
		w.mustRun("back", `
name: back
payload: golem/alpine:latest
tasks:
  from: [a, fail, b]
  steps:
    - upload: {data: "${{ task.item }}", to: /golem/work/x}
    - run: ["${{ task.item == 'fail' ? 'fail' : 'echo' }}"]
    - download: {from: /golem/work/x, to: "out/${{ task.item }}"}
policies: {task: {retry: false}}
`, state.RunFailed)
		if diff := cmp.Diff([]int{2, 2, 2}, seen); diff != "" {
			t.Errorf("URLs in the midst of each task (-want +got):\n%s", diff)
		}
		if got := len(w.folder("out")); got != 2 {
			t.Errorf("%d files of 2 tasks that ended well: %v", got, w.folder("out"))
		}
	})
}

// TestFilesThatChange wants no provider to be blamed for a file that is not what
// was published any more.
func TestFilesThatChange(t *testing.T) {
	srv := &devnet.Server{Seed: 1}
	var change func()
	srv.Runtime = devnet.Instant(func(golem.Run, devnet.Provider) devnet.Reply {
		change()
		return devnet.Reply{Wall: time.Second}
	})
	inFileWorld(t, srv, func(w *world) {
		w.write("data", "as it was")
		change = func() { w.write("data", "written to in the meantime") }
		w.mustRun("change", `
name: change
payload: golem/alpine:latest
tasks:
  from: [1]
  steps:
    - run: [wait]
    - upload: {from: data, to: /golem/input/data}
policies: {task: {retry: false}}
`, state.RunFailed)
		w.view(func(tx *store.Tx) error {
			attempts, err := tx.Attempts(1)
			if len(attempts) != 1 || attempts[0].Fault != state.FaultTask || !strings.HasSuffix(attempts[0].Message, "data changed while it was uploaded") {
				t.Errorf("attempts = %+v, want the task's fault: the file changed", attempts)
			}
			return err
		})
		w.checkFiles()
	})
}

// TestWhatADeadProcessLeaves makes the files of one that had no time to clean up:
// the next start removes them, and no others.
func TestWhatADeadProcessLeaves(t *testing.T) {
	inFileWorld(t, &devnet.Server{Seed: 1}, func(w *world) {
		const document = `
name: dead
payload: golem/alpine:latest
tasks:
  from: [a]
  steps:
    - upload: {data: "${{ task.item }}", to: /golem/work/x}
    - run: [sleep, 1m]
    - download: {from: /golem/work/x, to: "out/${{ task.attempt }}"}
policies: {task: {retry: 'true'}}
`
		w.leaveAfter(30*time.Second, "dead", document)
		scratch := filepath.Join(filepath.Dir(w.dsn), "scratch")
		w.write("scratch/tasks-upload-1", "a")
		w.write("out/.1.1.part", "half of")
		w.write("out/.1.2.part", "somebody else's")
		p := w.process()
		o := p.options(w.t.Context(), "dead", document)
		defer o.Store.Close()
		o.Scratch = scratch
		if got, err := runner.Run(w.t.Context(), o); got != state.RunDone || err != nil {
			t.Fatalf("run: %s, %v", got, err)
		}
		want := map[string]string{"2": "a", ".1.2.part": "somebody else's"}
		if diff := cmp.Diff(want, w.folder("out")); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
		if _, err := os.Stat(scratch); !os.IsNotExist(err) {
			t.Errorf("the folder for data is still there: %v", err)
		}
		w.checkFiles()
	})
}
