package store

import (
	"encoding/json"

	"tasks/golem"
	"tasks/runner/state"
)

// A LogRow is an attempt with its origins, for a person who asks what it said.
type LogRow struct {
	state.Attempt
	Stage        string
	Item         json.RawMessage
	ActivityID   golem.ActivityID
	Provider     golem.NodeID
	ProviderName string
	Quarantined  bool // its task failed for good because it fails wherever it runs
}

const logColumns = attemptColumns + `, s.name, t.item, v.id, p.id, g.provider_name, t.quarantined`

const logJoins = ` CROSS JOIN tasks t ON t.id = a.task JOIN stages s ON s.key = t.stage
	JOIN activities v ON v.key = a.activity JOIN agreements g ON g.key = v.agreement
	JOIN providers p ON p.key = g.provider `

func scanLog(row scanner) (r LogRow, err error) {
	a := &r.Attempt
	err = row.Scan(&a.ID, &a.Task, &a.Number, &a.Activity, &a.State, textTo[golem.BatchID]{&a.Batch},
		timeTo{&a.StartedAt}, timeTo{&a.FinishedAt}, textTo[state.Fault]{&a.Fault},
		intTo[int]{&a.ExitCode}, textTo[string]{&a.Message}, &a.Stdout, &a.Stderr, &a.Revision, intTo[int]{&a.First},
		&r.Stage, rawTo{&r.Item}, textTo[golem.ActivityID]{&r.ActivityID}, &r.Provider, &r.ProviderName,
		&r.Quarantined)
	return r, err
}

// WrongAttempts returns attempts of a run that failed or were lost, with the
// output that was kept of them, in the order in which they began: those after an
// id, and no more than limit.
func (t *Tx) WrongAttempts(run state.RunID, afterID int64, limit int) ([]LogRow, error) {
	all, err := list(t, scanLog, `SELECT `+logColumns+` FROM attempts a INDEXED BY attempts_wrong`+logJoins+`
		WHERE a.state IN ('failed', 'lost') AND a.id > ? AND t.run = (SELECT key FROM runs WHERE id = ?)
		ORDER BY a.id LIMIT ?`, afterID, run, limit)
	return all, wrap(err, "read failed attempts of run", run)
}

// LiveAttempts returns the attempts of a run that have not ended.
func (t *Tx) LiveAttempts(run state.RunID) ([]LogRow, error) {
	all, err := list(t, scanLog, `SELECT `+logColumns+` FROM attempts a INDEXED BY attempts_live`+logJoins+`
		WHERE a.finished_at IS NULL AND t.run = (SELECT key FROM runs WHERE id = ?) ORDER BY a.id`, run)
	return all, wrap(err, "read live attempts of run", run)
}

// FailedTasks returns the last attempt of each task of a run that failed for good,
// in the order in which those attempts began: those after an id, and no more than
// limit.
func (t *Tx) FailedTasks(run state.RunID, afterID int64, limit int) ([]LogRow, error) {
	all, err := list(t, scanLog, `SELECT `+logColumns+` FROM attempts a INDEXED BY attempts_wrong`+logJoins+`
		WHERE a.state IN ('failed', 'lost') AND a.id > ? AND t.run = (SELECT key FROM runs WHERE id = ?)
			AND t.state = 'failed' AND a.number = t.attempts
		ORDER BY a.id LIMIT ?`, afterID, run, limit)
	return all, wrap(err, "read failed tasks of run", run)
}
