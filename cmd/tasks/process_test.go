package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A site is where one test runs the program as a user does: a directory with a
// copy of examples/ in it, a database of its own, and a limit on its time.
// The program is this test binary under the name "tasks", which TestMain puts
// into PATH, so that a change of the program is never a cached pass.
type site struct {
	*testing.T
	ctx context.Context
	dir string // where commands run: the one that has examples/
	tmp string // for what processes leave in the system's directory
	dsn string
	env []string
}

func newSite(t *testing.T, limit time.Duration) *site {
	t.Helper()
	// t.Context ends before the cleanup, in which a devnet closes.
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	dir := t.TempDir()
	s := &site{T: t, ctx: ctx, dir: dir, tmp: filepath.Join(dir, "tmp"), dsn: filepath.Join(dir, "tasks.db")}
	err := errors.Join(
		os.CopyFS(s.example(""), os.DirFS("../../examples")),
		os.RemoveAll(s.example("results")), // of somebody who tried them in place
		os.Mkdir(s.tmp, 0o700),
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "YAGNA_") && !strings.HasPrefix(v, "TASKS_") {
			s.env = append(s.env, v)
		}
	}
	s.env = append(s.env, "XDG_STATE_HOME="+dir, "TMPDIR="+s.tmp, "TASKS_DSN="+s.dsn, "NO_COLOR=1",
		"GORACE=atexit_sleep_ms=0") // a second for each process, when the race detector is in it
	return s
}

// example is the path of something in examples/.
func (s *site) example(name string) string { return filepath.Join(s.dir, "examples", name) }

// write puts a document into the directory.
func (s *site) write(name, text string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
}

// A process is the program at work, or what is left of it.
type process struct {
	s        *site
	cmd      *exec.Cmd
	out, err printed
	ended    chan struct{}
}

// printed is what a process has printed so far.
type printed struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *printed) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *printed) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// start begins a command, which does not outlive the test.
func (s *site) start(args ...string) *process {
	s.Helper()
	p := &process{s: s, cmd: exec.CommandContext(s.ctx, "tasks", args...), ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = s.dir, s.env
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	p.cmd.WaitDelay = time.Second
	if err := p.cmd.Start(); err != nil {
		s.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		p.cmd.Wait()
	}()
	s.Cleanup(func() {
		p.cmd.Process.Kill()
		<-p.ended
		if s.Failed() && (args[0] == "apply" || args[0] == "devnet") {
			s.Log(p)
		}
	})
	return p
}

// String is what a failed test shows of a process that has ended.
func (p *process) String() string {
	return fmt.Sprintf("tasks %s: exit code %d\n%s%s", strings.Join(p.cmd.Args[1:], " "), p.wait(), &p.out, &p.err)
}

// wait gives the exit code of the process, or -1 for one that a signal ended.
func (p *process) wait() int {
	<-p.ended
	return p.cmd.ProcessState.ExitCode()
}

func (p *process) signal(sig syscall.Signal) {
	p.s.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.s.Fatalf("send signal %v: %v", sig, err)
	}
}

// end waits for the process, which is to end with a code.
func (p *process) end(want int) {
	p.s.Helper()
	if code := p.wait(); code != want {
		p.s.Fatalf("want exit code %d of %s(%v)", want, p, context.Cause(p.s.ctx))
	}
}

// run is a command that ends by itself with exit code 0, and what it prints.
func (s *site) run(args ...string) []byte {
	s.Helper()
	p := s.start(args...)
	p.end(0)
	return []byte(p.out.String())
}

// lookEvery is how often these tests look for what they wait for.
const lookEvery = 50 * time.Millisecond

// await looks again and again until what is waited for is true. It fails when
// p ends before, or time is up.
func (p *process) await(what string, met func() bool) {
	p.s.Helper()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for !met() {
		select {
		case <-look.C:
		case <-p.ended:
			p.s.Fatalf("there were no %s before the end of %s", what, p)
		case <-p.s.ctx.Done():
			p.s.Fatalf("waited in vain for %s", what)
		}
	}
}

// A status is what these tests read of `tasks status -o json`.
type status struct {
	State       string
	ResultsFile string `json:"results_file"`
	Results     int
	Tasks       struct{ Pending, Running, Done, Failed int }
	Activities  []struct {
		ID      string
		Batches int
		Results int
	}
}

func (s *site) status(run string) (st status) {
	s.Helper()
	if err := json.Unmarshal(s.run("status", run, "-o", "json"), &st); err != nil {
		s.Fatalf("read status of run %s: %v", run, err)
	}
	return st
}

// began tells whether there is such a run yet.
func (s *site) began(run string) bool {
	s.Helper()
	return s.start("status", run).wait() == 0
}

// A result is a line of `tasks results -o json`, or of the results file.
type result[Item, Value any] struct {
	Task     int64
	Stage    string
	Item     Item
	Value    Value
	Activity string
	Attempts int
}

// resultsOf are the results of a run, read from the database by the program.
func resultsOf[Item, Value any](s *site, run string) []result[Item, Value] {
	s.Helper()
	return decodeResults[Item, Value](s, s.run("results", run, "-o", "json"))
}

func decodeResults[Item, Value any](s *site, lines []byte) (list []result[Item, Value]) {
	s.Helper()
	for line := range bytes.Lines(lines) {
		var r result[Item, Value]
		if err := json.Unmarshal(line, &r); err != nil {
			s.Fatalf("read result %q: %v", line, err)
		}
		list = append(list, r)
	}
	return list
}

func (s *site) readFile(path string) []byte {
	s.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		s.Fatal(err)
	}
	return text
}

// wholeLines are the lines of a file that are written to their end; a file that
// is not there yet has none.
func wholeLines(path string) []byte {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return text[:bytes.LastIndexByte(text, '\n')+1]
}
