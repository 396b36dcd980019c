package source_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestAProgramThatEndsBadly(t *testing.T) {
	for _, tt := range []struct {
		name, script string
		items        int
		want         string
	}{
		{"with a status", `echo 1; echo 2; exit 3`, 2, `command "echo 1; echo 2; exit 3": exit status 3`},
		{"with last words", `echo 1; for i in 1 2 3 4 5 6 7; do echo "word $i" >&2; done; exit 1`, 1,
			"exit status 1: word 3; word 4; word 5; word 6; word 7"},
		{"with too many words", `head -c 1000000 /dev/zero | tr '\0' 'x' >&2; printf '\nend\n' >&2; exit 1`, 0, "xxx…; end"},
		{"by a signal", `echo 1; kill -9 $$`, 1, "signal: killed"},
		{"in what it prints", `echo 1; echo; echo nonsense; echo 2`, 1, "line 3 of its output: invalid character"},
		{"in a line without end", `head -c 2000000 /dev/zero | tr '\0' 1`, 0, "line 1 of its output: the line is longer than 1 MiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := open(t, shell(tt.script), "")
			items, err := take(t, r, 100)
			if len(items) != tt.items {
				t.Errorf("%d items before the error, want %d", len(items), tt.items)
			}
			wantText(t, err, tt.want)
			if len(err.Error()) > 1500 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestAProgramIsReadAsItPrints(t *testing.T) {
	gate := filepath.Join(t.TempDir(), "gate")
	if err := syscall.Mkfifo(gate, 0o600); err != nil {
		t.Fatal(err)
	}
	r := open(t, shell(`echo 1; read line <`+gate+`; echo "$line"`), "")
	if items, err := take(t, r, 1); err != nil || items[0].Value != 1 {
		t.Fatal(items, err)
	}
	// The program waits for this, so the first item came before the second was made.
	if err := os.WriteFile(gate, []byte("2\n"), 0); err != nil {
		t.Fatal(err)
	}
	items, err := take(t, r, 2)
	if err != io.EOF {
		t.Fatal(err)
	}
	check(t, "values", []any{2}, values(items))
}

func TestAProgramWaitsForItsReader(t *testing.T) {
	count := filepath.Join(t.TempDir(), "count")
	r := open(t, shell(`i=0; while [ $i -lt 100000 ]; do echo 1000000000; i=$((i+1)); echo >>`+count+`; done`), "")
	if _, err := take(t, r, 1); err != nil {
		t.Fatal(err)
	}
	// 64 KiB of pipe and 64 KiB of buffer hold 12,000 lines: however long it is
	// given, the program cannot get further.
	for range 50 {
		if _, err := take(t, r, 20); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(count)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 14_000 {
		t.Errorf("the program printed %d lines when 1,001 were read", info.Size())
	}
}

func TestAProgramThatPrintsLessTheSecondTime(t *testing.T) {
	items, err := take(t, open(t, shell(`echo 1; echo 2`), `{"index":3}`), 1)
	if len(items) > 0 {
		t.Errorf("got %v", values(items))
	}
	wantText(t, err, "gave only 2 items this time, and 3 were read before")

	_, err = take(t, open(t, shell(`echo 1; exit 7`), `{"index":3}`), 1)
	wantText(t, err, "exit status 7")
}

func TestAProgramThatLeavesSomethingBehind(t *testing.T) {
	r := open(t, shell(`sleep 600 >/dev/null 2>&1 & echo "[$!]"`), "")
	items, err := take(t, r, 2)
	if err != io.EOF || len(items) != 1 {
		t.Fatal(items, err)
	}
	wantGone(t, items[0].Value)
}

// family is a script that prints its own number and a child's, and then waits.
const family = `sleep 600 & echo "[$$, $!]"; wait`

func TestAProgramWhoseLeftoversHoldItsErrors(t *testing.T) {
	items := all(t, shell(`sleep 600 >/dev/null & echo "[$!]"`), "")
	wantGone(t, items[0].Value)
}

func TestCloseKillsTheWholeGroup(t *testing.T) {
	r := open(t, shell(family), "")
	items, err := take(t, r, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	wantGone(t, items[0].Value)
}

func TestContextKillsTheWholeGroup(t *testing.T) {
	r := open(t, shell(family), "")
	items, err := take(t, r, 1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := r.Next(ctx); err != context.DeadlineExceeded {
		t.Fatalf("Next = %v, want %v", err, context.DeadlineExceeded)
	}
	wantGone(t, items[0].Value)
	if _, err := r.Next(t.Context()); err != context.DeadlineExceeded {
		t.Errorf("Next after it = %v, want the same", err)
	}
}

func TestContextEndsWaitingForAProgramThatClosedItsOutput(t *testing.T) {
	r := open(t, shell(`echo "[$$]"; exec sleep 600 >&-`), "")
	items, err := take(t, r, 1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := r.Next(ctx); err != context.DeadlineExceeded {
		t.Fatalf("Next = %v, want %v", err, context.DeadlineExceeded)
	}
	wantGone(t, items[0].Value)
}

func TestCloseDoesNotWaitForWhoLeftTheGroup(t *testing.T) {
	r := open(t, shell(`setsid sleep 600 & echo "$!"; wait`), "")
	items, err := take(t, r, 1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := r.Next(ctx); err != context.DeadlineExceeded {
		t.Fatalf("Next = %v, want %v", err, context.DeadlineExceeded)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(items[0].Value.(int), syscall.SIGKILL)
}

// wantGone checks that processes are dead. The kernel ends a killed one in its
// own time, so it is given some.
func wantGone(t *testing.T, pids any) {
	t.Helper()
	for _, pid := range pids.([]any) {
		if !gone(pid.(int)) {
			t.Errorf("process %d is left", pid)
		}
	}
}

func gone(pid int) bool {
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return syscall.Kill(pid, 0) != nil || err == nil
		}
	}
	return false
}

// A bubble ends only when every goroutine in it has ended.
func TestNothingRunsOnAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, shell(family), "")
		if _, err := take(t, r, 1); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestManyWordsAreCut(t *testing.T) {
	r := open(t, shell(`i=0; while [ $i -lt 3000 ]; do echo "word $i" >&2; i=$((i+1)); done; exit 1`), "")
	_, err := take(t, r, 1)
	wantText(t, err, ": word 2995; word 2996; word 2997; word 2998; word 2999")
}

func TestRepeatedProgramStartsAgain(t *testing.T) {
	runs := filepath.Join(t.TempDir(), "runs")
	src := shell(`echo >>` + runs + `; wc -l <` + runs)
	src.Repeat = 3
	items := all(t, src, "")
	check(t, "values", []any{1, 2, 3}, values(items))
	for i, item := range items {
		want := `{"index":1,"line":1}`
		if i > 0 {
			want = `{"round":` + strconv.Itoa(i) + `,"index":1,"line":1}`
		}
		check(t, "position", want, string(item.Position))
	}
}
