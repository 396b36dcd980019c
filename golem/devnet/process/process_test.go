package process_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

const busy = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"

func TestCPU(t *testing.T) {
	s := open(t, process.Options{})
	if got := s.CPU(); got != 0 {
		t.Errorf("CPU = %v before any command", got)
	}
	done := make(chan process.Outcome, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { done <- s.Run(ctx, sh("(while :; do :; done) & wait"), nil) }()
	last := time.Duration(0)
	for range 5000 {
		now := s.CPU()
		if now < last {
			t.Fatalf("CPU fell from %v to %v", last, now)
		}
		if last = now; last >= 50*time.Millisecond {
			break
		}
		wait()
	}
	if last < 50*time.Millisecond {
		t.Errorf("CPU of a child that is busy = %v", last)
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
			"directory that holds a volume of the same name", process.Options{Dir: full + "/y", Volumes: []string{full + "/y/in"}},
			fmt.Sprintf("open sandbox: directory %[1]s/y cannot be told from volume %[1]s/y/in", full),
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

func BenchmarkRun(b *testing.B) {
	s, err := process.Open(process.Options{Dir: filepath.Join(b.TempDir(), "activity")})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for b.Loop() {
		if out := s.Run(b.Context(), sh("echo hi"), nil); out.ExitCode != 0 || out.Err != nil {
			b.Fatalf("%+v", resultOf(out))
		}
	}
}
