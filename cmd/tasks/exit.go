package main

import (
	"context"
	"errors"
	"syscall"

	"tasks/runner"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec/diag"
)

// Exit codes; README and `tasks --help` list them.
const (
	exitDone        = 0
	exitFailed      = 1 // some tasks failed for good, or something broke
	exitUsage       = 2
	exitInvalid     = 3
	exitDaemon      = 4
	exitExhausted   = 5
	exitToDo        = 6 // plan --exit-code: apply would do or change something
	exitInterrupted = 130
)

// An endedError is a run that ended in another state than done. It says
// nothing more: the view has shown it.
type endedError struct{ state state.RunState }

func (e *endedError) Error() string { return "run " + string(e.state) }

// exitCode is the code of a command that ended with err.
func exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	if e, ok := errors.AsType[*endedError](err); ok {
		return stateCode(e.state)
	}
	invalid, isDiag := errors.AsType[*invalidError](err)
	_, isUsage := errors.AsType[*usageError](err)
	sick, isSick := errors.AsType[*sickError](err)
	_, isDaemon := errors.AsType[*daemonError](err)
	switch {
	case errors.Is(err, syscall.EPIPE):
		return exitDone // whoever reads has read enough
	case isDiag && !invalid.usage:
		return exitInvalid
	case isDiag, isUsage, errors.Is(err, runner.ErrLocked), errors.Is(err, runner.ErrChanged), errors.Is(err, runner.ErrResultsFile),
		errors.Is(err, runner.ErrBudgetTooLow),
		errors.Is(err, store.ErrNotOurs), errors.Is(err, store.ErrNewer), errors.Is(err, store.ErrOlder):
		return exitUsage
	case errors.Is(err, errToDo):
		return exitToDo
	case isDaemon, isSick && sick.daemon:
		return exitDaemon
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitFailed
}

// stateCode is the code of an apply after which the run is in a state.
func stateCode(s state.RunState) int {
	switch s {
	case state.RunDone:
		return exitDone
	case state.RunFailed:
		return exitFailed
	case state.RunExhausted, state.RunPaused:
		return exitExhausted
	}
	return exitInterrupted // stopped, interrupted, or left at once
}

// An invalidError is one or more documents with mistakes in them.
type invalidError struct {
	list    diag.List
	sources map[string][]byte // the documents, by file
	shown   bool              // the mistakes are on standard output already
	usage   bool              // they are no specs, but values that a flag gave
}

func (e *invalidError) Error() string { return e.list.Error() }
