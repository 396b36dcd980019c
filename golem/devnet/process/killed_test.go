package process_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tasks/golem/devnet/process"
)

// helperDir, when it is set, makes the test binary a devnet to be killed.
const helperDir = "TASKS_TEST_HELPER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperDir); dir != "" {
		helper(dir)
	}
	os.Exit(m.Run())
}

// helper runs a command that never ends, with every sort of child, and prints
// the ids of all of them.
func helper(dir string) {
	s, err := process.Open(process.Options{Dir: dir})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	script := `
		sleep 60 & echo $!
		setsid sleep 60 & echo $!
		(cd / && exec sleep 60) & echo $!
		echo $$
		echo end
		while :; do sleep 60; done`
	s.Run(context.Background(), sh(script), func(_ string, chunk []byte) { os.Stdout.Write(chunk) })
}

func TestKilledDevnetLeavesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "activity")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), helperDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pids := readPIDs(t, bufio.NewScanner(out))
	for _, pid := range pids {
		if !alive(pid) {
			t.Errorf("process %d is not there before the kill", pid)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	for _, pid := range pids {
		expectGone(t, pid)
	}
	for range 1000 {
		if _, err = os.Stat(dir); err != nil {
			break
		}
		wait()
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("directory is still there: %v", err)
	}
}

func readPIDs(t *testing.T, lines *bufio.Scanner) []int {
	t.Helper()
	var pids []int
	for lines.Scan() && lines.Text() != "end" {
		var pid int
		if _, err := fmt.Sscan(strings.TrimSpace(lines.Text()), &pid); err != nil {
			t.Fatalf("helper says %q", lines.Text())
		}
		pids = append(pids, pid)
	}
	if len(pids) != 4 {
		t.Fatalf("helper told of %d processes, want 4", len(pids))
	}
	return pids
}
