package store

import (
	"encoding/json"
	"time"

	"tasks/golem"
	"tasks/runner/state"
)

// Results returns at most limit results of a run that come after a Seq, in
// order.
func (t *Tx) Results(run state.RunID, afterSeq int64, limit int) ([]state.Result, error) {
	scan := func(row scanner) (r state.Result, err error) {
		err = row.Scan(&r.Seq, &r.Task, &r.Attempt, rawTo{&r.Value}, &r.Count, timeTo{&r.FinishedAt})
		return r, err
	}
	all, err := list(t, scan, `SELECT u.seq, u.task, u.attempt, u.value, u.count, a.finished_at
		FROM results u JOIN attempts a ON a.id = u.attempt
		WHERE u.run = (SELECT key FROM runs WHERE id = ?) AND u.seq > ? ORDER BY u.seq LIMIT ?`, run, afterSeq, limit)
	return all, wrap(err, "read results of run", run)
}

// A ResultRow is a result with all that is worth telling of where it comes from.
type ResultRow struct {
	state.Result
	Stage        string
	Index        int64 // of the task in its stage
	Item         json.RawMessage
	Attempts     int // tries that the task took
	StartedAt    time.Time
	ActivityKey  int64
	Activity     golem.ActivityID
	Provider     golem.NodeID
	ProviderName string
}

// ResultRows returns what Results returns, with its origins.
func (t *Tx) ResultRows(run state.RunID, afterSeq int64, limit int) ([]ResultRow, error) {
	scan := func(row scanner) (r ResultRow, err error) {
		err = row.Scan(&r.Seq, &r.Task, &r.Attempt, rawTo{&r.Value}, &r.Count, timeTo{&r.FinishedAt},
			&r.Stage, &r.Index, rawTo{&r.Item}, &r.Attempts, timeTo{&r.StartedAt},
			&r.ActivityKey, textTo[golem.ActivityID]{&r.Activity}, &r.Provider, &r.ProviderName)
		return r, err
	}
	all, err := list(t, scan, `SELECT u.seq, u.task, u.attempt, u.value, u.count, a.finished_at,
			s.name, k.idx, k.item, k.attempts, a.started_at, v.key, v.id, p.id, g.provider_name
		FROM results u JOIN attempts a ON a.id = u.attempt
			JOIN tasks k ON k.id = u.task JOIN stages s ON s.key = k.stage
			JOIN activities v ON v.key = a.activity JOIN agreements g ON g.key = v.agreement
			JOIN providers p ON p.key = g.provider
		WHERE u.run = (SELECT key FROM runs WHERE id = ?) AND u.seq > ? ORDER BY u.seq LIMIT ?`, run, afterSeq, limit)
	return all, wrap(err, "read results of run", run)
}

// A StageResult is a result of one stage.
type StageResult struct {
	Seq, Task int64
	Value     json.RawMessage
}

// StageResults returns at most limit results of a stage that come after a Seq, in
// order.
func (t *Tx) StageResults(run state.RunID, stage string, afterSeq int64, limit int) ([]StageResult, error) {
	scan := func(row scanner) (r StageResult, err error) {
		err = row.Scan(&r.Seq, &r.Task, rawTo{&r.Value})
		return r, err
	}
	all, err := list(t, scan, `SELECT u.seq, u.task, u.value FROM results u CROSS JOIN tasks k ON k.id = u.task
		WHERE u.run = (SELECT key FROM runs WHERE id = ?1) AND u.seq > ?3
			AND k.stage = (SELECT s.key FROM stages s JOIN runs r ON r.key = s.run WHERE r.id = ?1 AND s.name = ?2)
		ORDER BY u.seq LIMIT ?4`, run, stage, afterSeq, limit)
	return all, wrap(err, "read results of stage", stage)
}
