package main

import (
	"context"
	"encoding/json"
	"fmt"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

// A failedTask is a task that failed for good, as show --failed prints it.
type failedTask struct {
	Task      int64           `json:"task"`
	Stage     string          `json:"stage"`
	Item      json.RawMessage `json:"item"`
	Attempts  int             `json:"attempts"`
	Providers int             `json:"providers"` // different ones it failed on
	Fault     string          `json:"fault"`     // of the last attempt
	ExitCode  int             `json:"exit_code"`
	Message   string          `json:"message"`
	Provider  golem.NodeID    `json:"provider"`

	// Quarantined tells that the task was given up whatever the retry policy said,
	// because it failed by its own fault on many providers.
	Quarantined bool `json:"quarantined"`
}

// showFailed lists the tasks that no attempt will be made at any more.
func (a *app) showFailed(ctx context.Context, choice runChoice) error {
	st, run, err := a.openRun(ctx, choice)
	if err != nil {
		return err
	}
	defer st.Close()
	tasks, err := failedTasks(ctx, st, run.ID)
	if err != nil {
		return err
	}
	if err := a.tellFailed(ctx, st, run); err != nil {
		return err
	}
	if a.json() {
		return a.printJSON(tasks)
	}
	if len(tasks) == 0 {
		_, err := fmt.Fprintf(a.out, "no task of run %s failed for good\n", run.ID)
		return err
	}
	return failedGrid(tasks).draw(a.out, a.out.width())
}

// failedTasks reads them in pages, because rows come with their output.
func failedTasks(ctx context.Context, st *store.Store, run state.RunID) ([]failedTask, error) {
	tasks := []failedTask{}
	for after, more := int64(0), true; more; {
		err := st.View(ctx, func(tx *store.Tx) error {
			page, err := tx.FailedTasks(run, after, logsPage)
			more = len(page) == logsPage
			for _, row := range page {
				after = row.ID
				t := failedTask{
					Task: row.Task, Stage: row.Stage, Item: row.Item, Attempts: row.Number, Fault: string(row.Fault),
					ExitCode: row.ExitCode, Message: row.Message, Provider: row.Provider,
					Quarantined: row.Quarantined,
				}
				blame, err := tx.Blame(row.Task, row.Provider, row.Fault)
				if err != nil {
					return err
				}
				t.Providers = blame.Providers
				tasks = append(tasks, t)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return tasks, nil
}

func failedGrid(tasks []failedTask) *grid {
	g := &grid{columns: []column{
		{name: "TASK", right: true}, {name: "STAGE", cut: 8}, {name: "ITEM", cut: 12}, {name: "TRIES", right: true},
		{name: "PROVIDERS", right: true}, {name: "FAULT"}, {name: "MESSAGE", cut: 16, wrap: true},
	}}
	for _, t := range tasks {
		message := orDash(oneLine(t.Message))
		if t.Quarantined {
			message = "quarantined: " + message
		}
		g.add(fmt.Sprint(t.Task), t.Stage, orDash(oneLine(string(t.Item))), fmt.Sprint(t.Attempts),
			fmt.Sprint(t.Providers), orDash(t.Fault), message)
	}
	return g
}
