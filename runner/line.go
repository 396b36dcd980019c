package runner

import (
	"encoding/json"
	"time"

	"tasks/golem"
	"tasks/runner/store"
)

// A Line is one line of the results file. It has no cost: what a task cost is
// known only when its activity's last bill is.
type Line struct {
	Task       int64            `json:"task"`
	Stage      string           `json:"stage"`
	Item       json.RawMessage  `json:"item"`
	Value      json.RawMessage  `json:"value"`
	Provider   golem.NodeID     `json:"provider"`
	Activity   golem.ActivityID `json:"activity"`
	Attempts   int              `json:"attempts"`
	FinishedAt time.Time        `json:"finished_at"`
}

func lineOf(row store.ResultRow) Line {
	return Line{
		Task: row.Task, Stage: row.Stage, Item: row.Item, Value: row.Value,
		Provider: row.Provider, Activity: row.Activity, Attempts: row.Attempts, FinishedAt: row.FinishedAt.UTC(),
	}
}
