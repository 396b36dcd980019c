package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"

	"tasks/golem"
	"tasks/runner"
	"tasks/runner/state"
	"tasks/runner/store"
)

func TestExitCode(t *testing.T) {
	d := &daemon{name: "http://127.0.0.1:7465"}
	tests := []struct {
		name string
		err  error
		want int
	}{
		{"nothing wrong", nil, 0},
		{"done", &endedError{state.RunDone}, 0},
		{"tasks failed for good", &endedError{state.RunFailed}, 1},
		{"budget exhausted", &endedError{state.RunExhausted}, 5},
		{"stopped", &endedError{state.RunStopped}, 130},
		{"interrupted", &endedError{state.RunInterrupted}, 130},
		{"left at once", &endedError{state.RunRunning}, 130},
		{"usage", &usageError{fact: "no"}, 2},
		{"invalid document", &invalidError{}, 3},
		{"locked", fmt.Errorf("open: %w", runner.ErrLocked), 2},
		{"another document", fmt.Errorf("open: %w", runner.ErrChanged), 2},
		{"not our database", fmt.Errorf("open: %w", store.ErrNotOurs), 2},
		{"newer database", fmt.Errorf("open: %w", store.ErrNewer), 2},
		{"daemon unreachable", d.blame(fmt.Errorf("%w: %w", runner.ErrDaemon, golem.ErrUnreachable)), 4},
		{"daemon too old", d.blame(fmt.Errorf("%w: %w", runner.ErrDaemon, &runner.OldDaemonError{Version: "0.16.0"})), 4},
		{"daemon refuses", d.blame(fmt.Errorf("me: %w", &golem.Error{Status: 401})), 4},
		{"disk full", fmt.Errorf("commit: %w", syscall.ENOSPC), 1},
		{"reader went away", fmt.Errorf("write: %w", syscall.EPIPE), 0},
		{"caller went away", context.Canceled, 130},
		{"with a hint", &hintedError{errors.New("late"), "wait"}, 1},
	}
	for _, test := range tests {
		if got := exitCode(test.err); got != test.want {
			t.Errorf("%s: exit code %d, want %d", test.name, got, test.want)
		}
	}
}
