package main

import (
	"context"
	"fmt"

	"tasks/runner/report"
	"tasks/runner/state"
	"tasks/runner/store"
)

// showEnd prints how a run ended, or how it stands after an error, and gives the
// error that makes the exit code. A run that never began is not shown.
func (a *app) showEnd(st *store.Store, id state.RunID, file string, ended state.RunState, failed error) error {
	s, err := readEnd(st, id)
	switch {
	case failed != nil && (err != nil || s.StartedAt.IsZero()):
		return failed
	case err != nil:
		return err
	}
	if err := a.printStatus(s); err != nil {
		return err
	}
	a.sayLeft(st, s)
	if s.State == state.RunFailed {
		fmt.Fprintf(a.err, "try them again with: tasks apply --retry-failed --run-id %s %s\n", id, file)
	}
	if !s.State.Final() {
		fmt.Fprintf(a.err, "carry on with: tasks apply --run-id %s %s\n", id, file)
	}
	if failed != nil || ended == state.RunDone {
		return failed
	}
	return &endedError{ended}
}

// readEnd is the whole status of a run that this process has let go of.
func readEnd(st *store.Store, id state.RunID) (report.Status, error) {
	reader := &statusReader{store: st, live: func(state.RunID) bool { return false }}
	return reader.read(context.Background(), runChoice{flag: string(id)}, false)
}
