package report

import (
	"fmt"
	"time"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

// RunLine is one run in the list of runs.
type RunLine struct {
	RunID      state.RunID    `json:"run_id"`
	Name       string         `json:"name"`
	State      state.RunState `json:"state"` // as in Status
	Note       string         `json:"note"`
	CreatedAt  time.Time      `json:"created_at"`
	FinishedAt time.Time      `json:"finished_at,omitzero"`
	Tasks      Tasks          `json:"tasks"`
	Results    int64          `json:"results"`
	Spent      golem.Amount   `json:"spent"` // money as in Status
	Reserved   golem.Amount   `json:"reserved"`
	Accepted   golem.Amount   `json:"accepted"`
	Paid       golem.Amount   `json:"paid"`
}

// Runs lists all runs, the latest first. live tells whether a process works on
// a run.
func Runs(tx *store.Tx, live func(state.RunID) bool) ([]RunLine, error) {
	runs, err := tx.Runs()
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	lines := make([]RunLine, len(runs))
	for i, r := range runs {
		counts, err := tx.Counts(r.ID)
		if err != nil {
			return nil, fmt.Errorf("read tasks of run %s: %w", r.ID, err)
		}
		money, err := tx.Totals(r.ID)
		if err != nil {
			return nil, fmt.Errorf("read money of run %s: %w", r.ID, err)
		}
		activities, err := tx.Activities(r.ID, true)
		if err != nil {
			return nil, fmt.Errorf("read activities of run %s: %w", r.ID, err)
		}
		lines[i] = RunLine{
			RunID: r.ID, Name: r.Name, Note: r.Note, CreatedAt: r.CreatedAt, FinishedAt: r.FinishedAt,
			State: shown(r.State, live(r.ID)), Tasks: tasksOf(counts), Results: counts.Results,
			Spent: money.Accepted, Accepted: money.Accepted, Paid: money.Paid, Reserved: reserved(activities),
		}
	}
	return lines, nil
}
