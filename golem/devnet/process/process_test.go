package process_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/golem/devnet/process"
)

func open(t *testing.T, o process.Options) *process.Sandbox {
	t.Helper()
	if o.Dir == "" {
		o.Dir = filepath.Join(t.TempDir(), "activity")
	}
	s, err := process.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// stream captures both streams whole.
var stream = &golem.Capture{
	Stdout: &golem.CaptureMode{Stream: &golem.CaptureStream{}},
	Stderr: &golem.CaptureMode{Stream: &golem.CaptureStream{}},
}

func sh(script string) golem.Run {
	return golem.Run{EntryPoint: "/bin/sh", Args: []string{"-c", script}, Capture: stream}
}

// result is an Outcome without its times and with its error as text.
type result struct {
	Code           int
	Stdout, Stderr string
	Err            string
}

func resultOf(o process.Outcome) result {
	r := result{Code: o.ExitCode, Stdout: string(o.Stdout), Stderr: string(o.Stderr)}
	if o.Err != nil {
		r.Err = o.Err.Error()
	}
	return r
}

func TestRun(t *testing.T) {
	tests := []struct {
		name string
		run  golem.Run
		want result
	}{
		{"success", sh("exit 0"), result{}},
		{"exit code", sh("echo out; echo err >&2; exit 3"), result{Code: 3, Stdout: "out\n", Stderr: "err\n"}},
		{"killed by a signal", sh("kill -9 $$"), result{Code: 137}},
		{"no input", sh("cat"), result{}},
		{"no shell", golem.Run{EntryPoint: "/bin/echo", Args: []string{"$HOME; *"}, Capture: stream}, result{Stdout: "$HOME; *\n"}},
		{"found on PATH", golem.Run{EntryPoint: "echo", Args: []string{"x"}, Capture: stream}, result{Stdout: "x\n"}},
		{"working directory", sh("pwd"), result{Stdout: "/golem/work\n"}},
		{"home and temporary files", sh(`test "$PWD" = "$HOME/golem/work" && test "$TMPDIR" = "$HOME/tmp" && test -d "$TMPDIR"`), result{}},
		{"environment", sh(`echo $LANG $A $OUT`), result{Stdout: "C.UTF-8 one two /golem/output\n"}},
		{"nothing of ours in the environment", sh(`echo $TASKS_TEST_SECRET`), result{Stdout: "\n"}},
		{
			"no such program", golem.Run{EntryPoint: "/bin/no-such-program", Capture: stream},
			result{Code: -1, Err: "start /bin/no-such-program: no such file or directory"},
		},
		{
			"no such program on PATH", golem.Run{EntryPoint: "no-such-program", Capture: stream},
			result{Code: -1, Err: "start no-such-program: executable file not found in $PATH"},
		},
		{
			"not a program", golem.Run{EntryPoint: "/golem/work", Capture: stream},
			result{Code: -1, Err: "start /golem/work: permission denied"},
		},
	}
	t.Setenv("TASKS_TEST_SECRET", "key")
	s := open(t, process.Options{Env: map[string]string{"A": "one two", "OUT": "/golem/output"}})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out := s.Run(t.Context(), tt.run, nil)
			if d := cmp.Diff(tt.want, resultOf(out)); d != "" {
				t.Errorf("outcome (-want +got):\n%s", d)
			}
			if out.Wall <= 0 {
				t.Errorf("Wall = %v, want more than nothing", out.Wall)
			}
		})
	}
}

func TestVolumesPersistBetweenCommands(t *testing.T) {
	s := open(t, process.Options{})
	for _, script := range []string{
		"echo 7 > /golem/input/n && cp /golem/input/n n",
		"mkdir -p /golem/output/a && cat n > '/golem/output/a/b c'",
	} {
		if out := s.Run(t.Context(), sh(script), nil); out.ExitCode != 0 || out.Err != nil {
			t.Fatalf("%s: %+v", script, resultOf(out))
		}
	}
	out := s.Run(t.Context(), golem.Run{EntryPoint: "/bin/cat", Args: []string{"/golem/output/a/b c"}, Capture: stream}, nil)
	if got := string(out.Stdout); got != "7\n" {
		t.Errorf("file holds %q, want 7: %+v", got, resultOf(out))
	}
	host, ok := s.Path("/golem/output/a/b c")
	if b, err := os.ReadFile(host); !ok || err != nil || string(b) != "7\n" {
		t.Errorf("file at %s holds %q, %v", host, b, err)
	}
	if host, ok := s.Path("/golem/output/../../etc/passwd"); ok {
		t.Errorf("Path left the volumes: %s", host)
	}
}

func TestCapture(t *testing.T) {
	atEnd := func(p golem.CapturePart) *golem.CaptureMode { return &golem.CaptureMode{AtEnd: &p} }
	streamed := func(p golem.CaptureStream) *golem.CaptureMode { return &golem.CaptureMode{Stream: &p} }
	tests := []struct {
		name   string
		script string
		mode   *golem.CaptureMode
		want   golem.Output
	}{
		{"none", "echo x", nil, nil},
		{"empty mode", "echo x", &golem.CaptureMode{}, nil},
		{"at end", "echo x", atEnd(golem.CapturePart{}), golem.Output("x\n")},
		{"at end, empty", "true", atEnd(golem.CapturePart{}), nil},
		{"head", "printf 0123456789", atEnd(golem.CapturePart{Head: 4}), golem.Output("0123")},
		{"tail", "printf 0123456789", atEnd(golem.CapturePart{Tail: 4}), golem.Output("6789")},
		{"tail in pieces", "for i in 0 1 2 3 4 5 6 7 8 9; do printf $i; done", atEnd(golem.CapturePart{Tail: 3}), golem.Output("789")},
		{"tail of less", "printf 01", atEnd(golem.CapturePart{Tail: 4}), golem.Output("01")},
		{"head and tail", "printf 0123456789", atEnd(golem.CapturePart{HeadTail: 5}), golem.Output("01789")},
		{"head and tail of all", "printf 01234", atEnd(golem.CapturePart{HeadTail: 6}), golem.Output("01234")},
		{"stream", "printf 0123456789", streamed(golem.CaptureStream{}), golem.Output("0123456789")},
		{"stream limit", "printf 0123456789", streamed(golem.CaptureStream{Limit: 4}), golem.Output("0123")},
		{"text in UTF-8", `printf 'h\303\251'`, streamed(golem.CaptureStream{}), golem.Output("hé")},
		{"text not in UTF-8", `printf 'h\351'`, streamed(golem.CaptureStream{Format: "str"}), golem.Output("hé")},
		{"binary", `printf 'h\351\000'`, streamed(golem.CaptureStream{Format: "bin"}), golem.Output("h\xe9\x00")},
		{"binary at end", `printf 'h\351'`, atEnd(golem.CapturePart{Format: "binary"}), golem.Output("h\xe9")},
		{"container paths", "echo /golem/output/x; echo see:$PWD", streamed(golem.CaptureStream{}), golem.Output("/golem/output/x\nsee:/golem/work\n")},
		{"limit of the sandbox", "head -c 5000 /dev/zero | tr '\\0' a", streamed(golem.CaptureStream{}), bytes.Repeat([]byte("a"), 1000)},
		{"limit of the sandbox below the head", "head -c 5000 /dev/zero | tr '\\0' a", atEnd(golem.CapturePart{Head: 2000}), bytes.Repeat([]byte("a"), 1000)},
	}
	s := open(t, process.Options{OutputLimit: 1000})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			run := sh(tt.script)
			run.Capture = &golem.Capture{Stdout: tt.mode}
			out := s.Run(t.Context(), run, nil)
			if d := cmp.Diff(tt.want, out.Stdout); d != "" {
				t.Errorf("stdout (-want +got):\n%s", d)
			}
			run = sh("{ " + tt.script + "; } >&2")
			run.Capture = &golem.Capture{Stderr: tt.mode}
			out = s.Run(t.Context(), run, nil)
			if d := cmp.Diff(tt.want, out.Stderr); d != "" {
				t.Errorf("stderr (-want +got):\n%s", d)
			}
		})
	}
}

func TestSink(t *testing.T) {
	s := open(t, process.Options{})
	var mu sync.Mutex
	got := map[string]string{}
	sink := func(stream string, chunk []byte) {
		mu.Lock()
		defer mu.Unlock()
		got[stream] += string(chunk)
	}
	run := sh("echo one; echo two >&2; echo three; pwd")
	run.Capture = &golem.Capture{
		Stdout: &golem.CaptureMode{Stream: &golem.CaptureStream{Limit: 8}},
		Stderr: &golem.CaptureMode{AtEnd: &golem.CapturePart{}},
	}
	out := s.Run(t.Context(), run, sink)
	mu.Lock()
	defer mu.Unlock()
	if d := cmp.Diff(map[string]string{"stdout": "one\nthre"}, got); d != "" {
		t.Errorf("sink (-want +got):\n%s", d)
	}
	if string(out.Stdout) != "one\nthre" || string(out.Stderr) != "two\n" {
		t.Errorf("outcome: %+v", resultOf(out))
	}
}

func TestFloodOfOutput(t *testing.T) {
	s := open(t, process.Options{})
	out := s.Run(t.Context(), sh("head -c 100000000 /dev/zero; head -c 100000000 /dev/zero >&2; echo end"), nil)
	if out.ExitCode != 0 || out.Err != nil || len(out.Stdout) != 1<<20 || len(out.Stderr) != 1<<20 {
		t.Errorf("exit %d, %v, kept %d and %d bytes, want 1 MiB of each", out.ExitCode, out.Err, len(out.Stdout), len(out.Stderr))
	}
}

// readPID waits for a script to write a process id.
func readPID(t *testing.T, s *process.Sandbox, file string) int {
	t.Helper()
	name, _ := s.Path(file)
	for t.Context().Err() == nil {
		b, err := os.ReadFile(name)
		if pid, bad := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && bad == nil {
			return pid
		}
		wait()
	}
	t.Fatalf("no process id in %s", name)
	return 0
}

// wait gives real processes a moment.
func wait() { <-time.After(2 * time.Millisecond) }

func alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	state := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))[0]
	return state != "Z" && state != "X"
}

// expectGone fails unless the process ends within the time that a signal takes.
func expectGone(t *testing.T, pid int) {
	t.Helper()
	for range 1000 {
		if !alive(pid) {
			return
		}
		wait()
	}
	t.Errorf("process %d is still alive", pid)
}

func TestTimeoutKillsTheGroup(t *testing.T) {
	s := open(t, process.Options{CommandTimeout: 300 * time.Millisecond})
	out := s.Run(t.Context(), sh("sleep 60 & echo $! > child; echo begun; sleep 60"), nil)
	if !errors.Is(out.Err, process.ErrTimeout) || out.ExitCode != -1 {
		t.Errorf("outcome %+v, want ErrTimeout", resultOf(out))
	}
	if string(out.Stdout) != "begun\n" {
		t.Errorf("stdout %q, want what was written before", out.Stdout)
	}
	expectGone(t, readPID(t, s, "/golem/work/child"))
}

func TestCancel(t *testing.T) {
	s := open(t, process.Options{})
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("batch is over")
	go func() {
		readPID(t, s, "/golem/work/me")
		cancel(cause)
	}()
	out := s.Run(ctx, sh("echo $$ > me; sleep 60"), nil)
	if !errors.Is(out.Err, cause) {
		t.Errorf("outcome %+v, want the cause", resultOf(out))
	}
	expectGone(t, readPID(t, s, "/golem/work/me"))
}

func TestBackgroundProcessDoesNotHoldTheCommand(t *testing.T) {
	s := open(t, process.Options{})
	out := s.Run(t.Context(), sh("sleep 60 & echo $! > child; echo started"), nil)
	if d := cmp.Diff(result{Stdout: "started\n"}, resultOf(out)); d != "" {
		t.Errorf("outcome (-want +got):\n%s", d)
	}
	if out.Wall > 30*time.Second {
		t.Errorf("command took %v", out.Wall)
	}
	pid := readPID(t, s, "/golem/work/child")
	if !alive(pid) {
		t.Error("the service died with the command that started it")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	expectGone(t, pid)
}

func TestCloseLeavesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "activity")
	s := open(t, process.Options{Dir: dir})
	outcomes := make(chan process.Outcome, 1)
	go func() {
		outcomes <- s.Run(t.Context(), sh(`
			setsid sh -c 'echo $$ > session; exec sleep 60' &
			setsid env -i sh -c 'echo $$ > bare; exec sleep 60' &
			mkdir sealed && touch sealed/file && chmod 0 sealed
			echo $$ > me; sleep 60`), nil)
	}()
	var pids []int
	for _, f := range []string{"session", "bare", "me"} {
		pids = append(pids, readPID(t, s, "/golem/work/"+f))
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if out := <-outcomes; !errors.Is(out.Err, process.ErrClosed) {
		t.Errorf("outcome %+v, want ErrClosed", resultOf(out))
	}
	for _, pid := range pids {
		expectGone(t, pid)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("directory is still there: %v", err)
	}
	if out := s.Run(t.Context(), sh("true"), nil); !errors.Is(out.Err, process.ErrClosed) {
		t.Errorf("Run after Close: %+v, want ErrClosed", resultOf(out))
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

const busy = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"

func TestCPU(t *testing.T) {
	s := open(t, process.Options{})
	if got := s.CPU(); got != 0 {
		t.Errorf("CPU = %v before any command", got)
	}
	done := make(chan process.Outcome, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { done <- s.Run(ctx, sh("(while :; do :; done) & while :; do :; done"), nil) }()
	last := time.Duration(0)
	for last < 50*time.Millisecond && t.Context().Err() == nil {
		now := s.CPU()
		if now < last {
			t.Fatalf("CPU fell from %v to %v", last, now)
		}
		last = now
		wait()
	}
	cancel()
	<-done
	if got := s.CPU(); got < last {
		t.Errorf("CPU = %v after the command, want at least %v", got, last)
	}
	before := s.CPU()
	out := s.Run(t.Context(), sh(busy), nil)
	if out.CPU < 10*time.Millisecond {
		t.Errorf("CPU of a busy loop = %v", out.CPU)
	}
	if got := s.CPU() - before; got < out.CPU {
		t.Errorf("CPU rose by %v, want at least %v", got, out.CPU)
	}
}

func TestSlowdown(t *testing.T) {
	s := open(t, process.Options{Slowdown: 3})
	out := s.Run(t.Context(), sh("sleep 0.1"), nil)
	if out.Err != nil || out.Wall < 300*time.Millisecond {
		t.Errorf("Wall = %v, %v, want three times 100ms", out.Wall, out.Err)
	}
	slow := open(t, process.Options{Slowdown: 1e6, CommandTimeout: 200 * time.Millisecond})
	out = slow.Run(t.Context(), sh("true"), nil)
	if !errors.Is(out.Err, process.ErrTimeout) {
		t.Errorf("outcome %+v, want ErrTimeout: the stretched time counts", resultOf(out))
	}
}

func TestConcurrentRuns(t *testing.T) {
	s := open(t, process.Options{})
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			want := fmt.Sprintf("%d\n", i)
			out := s.Run(t.Context(), sh(fmt.Sprintf("echo %d > f%d; cat f%d", i, i, i)), nil)
			if string(out.Stdout) != want || out.Err != nil {
				t.Errorf("command %d: %+v", i, resultOf(out))
			}
			s.CPU()
		})
	}
	wg.Wait()
}

func TestOpenRefuses(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "f"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	spaced := filepath.Join(t.TempDir(), "a b")
	tests := []struct {
		name string
		o    process.Options
		want string
	}{
		{"a space", process.Options{Dir: spaced}, fmt.Sprintf("open sandbox: directory %q has characters that a shell would not take literally", spaced)},
		{"not empty", process.Options{Dir: full}, fmt.Sprintf("open sandbox: directory %s is not empty", full)},
		{
			"relative volume", process.Options{Dir: full + "/x", Volumes: []string{"golem"}},
			`open sandbox: volume "golem" is not a clean absolute path of plain characters`,
		},
		{
			"volume that climbs", process.Options{Dir: full + "/x", Volumes: []string{"/golem/../.."}},
			`open sandbox: volume "/golem/../.." is not a clean absolute path of plain characters`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := process.Open(tt.o)
			if err == nil || err.Error() != tt.want {
				t.Errorf("Open: %v\nwant: %s", err, tt.want)
			}
		})
	}
}
