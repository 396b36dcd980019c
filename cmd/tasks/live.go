package main

import (
	"tasks/runner"
	"tasks/runner/state"
)

// live tells whether some process works on a run of the database.
func (a *app) live(id state.RunID) bool { return runner.Locked(a.dsn, id) }
