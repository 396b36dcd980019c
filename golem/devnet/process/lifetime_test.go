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
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem/devnet/process"
)

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
	s := open(t, process.Options{CommandTimeout: time.Second})
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

func TestCancelAfterTheEndChangesNothing(t *testing.T) {
	s := open(t, process.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		for pid := readPID(t, s, "/golem/work/me"); alive(pid); {
			wait()
		}
	}()
	// The child holds the output, so that Run is still reading when the shell is gone.
	out := s.Run(ctx, sh("sleep 60 & echo $$ > me; exit 4"), nil)
	if ctx.Err() == nil {
		t.Fatal("Run returned before the cancellation")
	}
	if d := cmp.Diff(result{Code: 4}, resultOf(out)); d != "" {
		t.Errorf("outcome (-want +got):\n%s", d)
	}
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
			setsid sh -c 'echo $$ > away; cd / && exec sleep 60' &
			setsid env -i sh -c 'echo $$ > bare; exec sleep 60' &
			mkdir sealed && touch sealed/file && chmod 0 sealed
			echo $$ > me; sleep 60`), nil)
	}()
	var pids []int
	for _, f := range []string{"session", "away", "bare", "me"} {
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
	if left := mentioning(dir); len(left) > 0 {
		t.Errorf("processes that still mention the directory: %q", left)
	}
	if out := s.Run(t.Context(), sh("true"), nil); !errors.Is(out.Err, process.ErrClosed) {
		t.Errorf("Run after Close: %+v, want ErrClosed", resultOf(out))
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

// mentioning returns the command lines that hold the text.
func mentioning(text string) []string {
	var out []string
	names, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, name := range names {
		if b, err := os.ReadFile(name); err == nil && bytes.Contains(b, []byte(text)) {
			out = append(out, strings.ReplaceAll(string(b), "\x00", " "))
		}
	}
	return out
}

// A bubble must end without anything left of ours, and its clock must not have
// moved for a real process.
func TestRunInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s, err := process.Open(process.Options{Dir: filepath.Join(t.TempDir(), "activity"), Slowdown: 5})
		if err != nil {
			t.Fatal(err)
		}
		out := s.Run(t.Context(), sh("echo hi; sleep 0.05"), nil)
		if d := cmp.Diff(result{Stdout: "hi\n"}, resultOf(out)); d != "" {
			t.Errorf("outcome (-want +got):\n%s", d)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if d := time.Since(begin); d != 0 {
			t.Errorf("the bubble's clock moved by %v", d)
		}
	})
}
