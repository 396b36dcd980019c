//go:build linux

package store_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"tasks/runner/state"
	"tasks/runner/store"
)

// quotaEnv makes this test program its own child, in which no file may grow
// beyond a limit.
const quotaEnv = "TASKS_TEST_QUOTA"

// TestAQuota lets the operating system refuse to let the file grow, for real.
// Limits are of a whole process, hence the child.
func TestAQuota(t *testing.T) {
	if path := os.Getenv(quotaEnv); path != "" {
		fillUp(t, path)
		return
	}
	w := newWorld(t)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestAQuota$", "-test.v")
	cmd.Env = append(os.Environ(), quotaEnv+"="+w.path)
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	kept := strings.Count(string(text), "kept")
	if got := len(notes(t, openAt(t, w.path), w.run)); got != kept || kept == 0 {
		t.Errorf("%d notes are recorded, %d were answered", got, kept)
	}
}

func fillUp(t *testing.T, path string) {
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 400_000, Max: 400_000}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	s := openAt(t, path)
	for range 1000 {
		err := s.Update(context.Background(), note(state.RunID("yacat"), strings.Repeat("x", 2000)))
		if errors.Is(err, store.ErrFull) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Log("kept")
	}
	t.Fatal("the limit was never met")
}
