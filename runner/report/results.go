package report

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

// ResultLine is one result, as `tasks results -o json` prints it on a line.
type ResultLine struct {
	Task     int64            `json:"task"`
	Stage    string           `json:"stage"`
	Item     json.RawMessage  `json:"item"`
	Value    json.RawMessage  `json:"value"`
	Provider golem.NodeID     `json:"provider"`
	Activity golem.ActivityID `json:"activity"`

	// Cost is the attempt's share of what its activity has cost so far, by time:
	// the activity's cost times the attempt's time over the time of all its
	// attempts. It grows until the activity's last bill is in.
	Cost       golem.Amount `json:"cost"`
	Attempts   int          `json:"attempts"` // tries of the task, the one that gave this included
	FinishedAt time.Time    `json:"finished_at"`

	ProviderName string `json:"-"`
}

// Results reads up to limit results of a run in the order they were recorded,
// after the one numbered after (0 for the first), and the number of the last
// one read, which is after again when there are no more.
func Results(tx *store.Tx, id state.RunID, after int64, limit int) (lines []ResultLine, last int64, err error) {
	rows, err := tx.ResultRows(id, after, limit)
	if err != nil {
		return nil, after, fmt.Errorf("read results of run %s: %w", id, err)
	}
	shares := shares{tx: tx, activities: map[int64]state.Activity{}}
	for _, row := range rows {
		cost, err := shares.of(row.ActivityKey, row.FinishedAt.Sub(row.StartedAt))
		if err != nil {
			return nil, after, fmt.Errorf("read cost of task %d: %w", row.Task, err)
		}
		lines = append(lines, ResultLine{
			Task: row.Task, Stage: row.Stage, Item: orNull(row.Item), Value: orNull(row.Value),
			Provider: row.Provider, ProviderName: row.ProviderName, Activity: row.Activity,
			Cost: cost, Attempts: row.Attempts, FinishedAt: row.FinishedAt,
		})
		after = row.Seq
	}
	return lines, after, nil
}

// shares are the costs of attempts, with each activity read once.
type shares struct {
	tx         *store.Tx
	activities map[int64]state.Activity
}

func (s shares) of(key int64, took time.Duration) (golem.Amount, error) {
	a, known := s.activities[key]
	if !known {
		var err error
		if a, err = s.tx.Activity(key); err != nil {
			return golem.Amount{}, err
		}
		s.activities[key] = a
	}
	return share(a.Cost(), took, a.Busy), nil
}

// share is the part of cost for so much of all the time, rounded to what GLM can
// express. Where no time was measured there is nothing to go by, and it is zero.
func share(cost golem.Amount, took, all time.Duration) golem.Amount {
	if took <= 0 || all <= 0 {
		return golem.Amount{}
	}
	if took >= all {
		return cost
	}
	return cost.Mul(decimal.NewFromInt(int64(took))).DivRound(decimal.NewFromInt(int64(all)), places)
}

// orNull is a document that JSON can carry even where there is none.
func orNull(doc json.RawMessage) json.RawMessage {
	if len(doc) == 0 {
		return json.RawMessage("null")
	}
	return doc
}
