package report

import (
	"tasks/golem"
	"tasks/runner/store"
)

// RolledUp is what a run had that has no rows in the database any more. It is in
// all other figures too, and in no list.
type RolledUp struct {
	Tasks      int64        `json:"tasks"`
	Attempts   int64        `json:"attempts"`
	Results    int64        `json:"results"` // of tasks, however much each counts for
	Activities int64        `json:"activities"`
	Batches    int64        `json:"batches"` // of those activities
	Cost       golem.Amount `json:"cost"`    // of those activities
	Bills      int64        `json:"bills"`
	Events     int64        `json:"events"`
}

func rolledUp(r store.Rolled) RolledUp {
	return RolledUp{
		Tasks: r.Done + r.Failed, Attempts: r.Attempts, Results: r.Results,
		Activities: r.Activities, Batches: r.Batches, Cost: r.Cost, Bills: r.Bills, Events: r.Events,
	}
}
