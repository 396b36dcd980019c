package simulation_test

import (
	"fmt"
	"time"

	"tasks/runner/state"
	"tasks/runner/store"
)

// A tally is what happened in a world, or in several, for people.
type tally struct {
	processes, crashes, restarts, payments, writes, calls int
	tasks, quarantined, mended                            int64
	edits                                                 int
	rolled                                                store.Rolled
	took                                                  time.Duration  // in the bubble, up to the end of the run
	state                                                 state.RunState // of one world
}

func (a tally) plus(b tally) tally {
	return tally{
		processes: a.processes + b.processes, crashes: a.crashes + b.crashes, restarts: a.restarts + b.restarts,
		payments: a.payments + b.payments, writes: a.writes + b.writes, calls: a.calls + b.calls,
		tasks: a.tasks + b.tasks, quarantined: a.quarantined + b.quarantined, mended: a.mended + b.mended, edits: a.edits + b.edits,
		rolled: store.Rolled{
			Done: a.rolled.Done + b.rolled.Done, Agreements: a.rolled.Agreements + b.rolled.Agreements,
			Bills: a.rolled.Bills + b.rolled.Bills,
		},
		took: a.took + b.took,
	}
}

func (a tally) String() string {
	return fmt.Sprintf("%d processes, %d crashes, %d restarts of the daemon, %d tasks (%d quarantined, %d times tried again), %d edits, %d payments, %d writes, %d calls, %d tasks, %d agreements and %d bills rolled up, %.1f simulated hours",
		a.processes, a.crashes, a.restarts, a.tasks, a.quarantined, a.mended, a.edits, a.payments, a.writes, a.calls,
		a.rolled.Done, a.rolled.Agreements, a.rolled.Bills, a.took.Hours())
}
