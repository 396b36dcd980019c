package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"tasks/runner"
	"tasks/runner/store"
	"tasks/spec/diag"
)

// A usageError is an invocation that makes no sense: what is wrong, and what
// would be right.
type usageError struct {
	fact, hint string
}

func (e *usageError) Error() string { return e.fact }

// A hintedError is an error with what can be done about it.
type hintedError struct {
	error
	hint string
}

func (e *hintedError) Unwrap() error { return e.error }

// complain tells standard error what went wrong, if anything did that the
// command has not shown itself.
func (a *app) complain(err error) {
	if _, shown := errors.AsType[*endedError](err); err == nil || shown || errors.Is(err, syscall.EPIPE) || errors.Is(err, errToDo) || errors.Is(err, errSick) {
		return
	}
	_, _ = a.err.Write(a.complaint(err))
}

// complaint is what standard error is told of an error, in lines.
func (a *app) complaint(err error) []byte {
	var b bytes.Buffer
	if e, ok := errors.AsType[*invalidError](err); ok {
		source := func(file string) []byte { return e.sources[file] }
		if !e.shown {
			_ = diag.Render(&b, e.list, source, a.err.colour)
		}
		return b.Bytes()
	}
	fact, hint := explain(err)
	fmt.Fprintf(&b, "%s %s\n", a.err.paint(styleBold, "tasks:"), printable(fact))
	if hint != "" {
		fmt.Fprintf(&b, "   hint: %s\n", printable(hint))
	}
	return b.Bytes()
}

// explain puts an error in words for the person at the terminal.
func explain(err error) (fact, hint string) {
	fact = strings.TrimSpace(err.Error())
	if e, ok := errors.AsType[*usageError](err); ok {
		return e.fact, e.hint
	}
	if e, ok := errors.AsType[*hintedError](err); ok {
		hint = e.hint
	}
	if e, ok := errors.AsType[*daemonError](err); ok && hint == "" {
		return e.explain()
	}
	switch {
	case hint != "":
	case errors.Is(err, store.ErrNotOurs):
		hint = "--dsn names the file; choose one that does not exist yet to start anew"
	case errors.Is(err, runner.ErrBudgetTooLow):
		hint = "allow more in budget or with --budget, or shorten golem.debit_note_interval; tasks plan shows the prices"
	case errors.Is(err, store.ErrNewer):
		hint = "use the version of tasks that wrote it, or choose another file with --dsn"
	case errors.Is(err, store.ErrOlder):
		hint = `"tasks install" brings it up to date`
	case errors.Is(err, runner.ErrResultsFile):
		hint = `move it away, or name the file after the run: file: "results/${{ run.id }}.jsonl"`
	case errors.Is(err, store.ErrFull):
		hint = "make room on the disk of the database and apply the run again; all that was recorded is kept"
	case errors.Is(err, store.ErrDenied):
		hint = "make the file and its directory writable and apply again, or choose another file with --dsn"
	case errors.Is(err, store.ErrDamaged):
		hint = `nothing was changed; put a copy of it in place, or rescue what is readable with "sqlite3 FILE .recover"`
	case errors.Is(err, store.ErrBusy):
		hint = "end the other program, such as a backup or a database shell, and try again"
	case errors.Is(err, runner.ErrResultsLost):
		hint = `all results are safe in the database ("tasks results" prints them); make the file writable and apply the run again: what is missing is written`
	case errors.Is(err, runner.ErrChanged):
		hint = "nothing was changed; take that back, or choose another --run-id to start a new run"
	case errors.Is(err, runner.ErrLocked):
		hint = `"tasks status" shows it and "tasks stop" ends it; choose another --run-id to start a second run`
	}
	return fact, hint
}
