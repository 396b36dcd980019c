package store

import (
	"database/sql"
	"errors"
	"fmt"

	"tasks/golem"
	"tasks/runner/state"
)

const rejectionColumns = `rule, revision, count, first_at, last_at, provider, provider_name, per_hour, why`

func scanRejection(row scanner) (r state.Rejection, err error) {
	err = row.Scan(&r.Rule, &r.Revision, &r.Count, timeTo{&r.FirstAt}, timeTo{&r.LastAt},
		&r.Provider, &r.ProviderName, &r.PerHour, &r.Why)
	return r, err
}

// AddRejections counts offers that rules have rejected since they were counted
// last, under the run's revision in force. Revision and times of the list are
// ignored. The cheaper example stays.
func (t *Tx) AddRejections(run state.RunID, list []state.Rejection) error {
	r, err := t.Run(run)
	if err != nil {
		return err
	}
	key, err := t.runKey(run)
	if err != nil {
		return err
	}
	for _, add := range list {
		if err := t.addRejection(key, r.Revision, add); err != nil {
			return wrap(err, fmt.Sprintf("count rejections by %s in run", add.Rule), run)
		}
	}
	return nil
}

func (t *Tx) addRejection(run int64, revision int, add state.Rejection) error {
	was, err := one(t, scanRejection, `SELECT `+rejectionColumns+` FROM rejections
		WHERE run = ? AND revision = ? AND rule = ?`, run, revision, add.Rule)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		_, _, err = t.exec(`INSERT INTO rejections (run, revision, rule, count, first_at, last_at, provider, provider_name, per_hour, why)
			VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8, ?9)`,
			run, revision, add.Rule, add.Count, stamp(t.now), add.Provider, add.ProviderName, add.PerHour, add.Why)
		return err
	case err != nil:
		return err
	}
	if was.PerHour.LessThan(add.PerHour) {
		add.Provider, add.ProviderName, add.PerHour, add.Why = was.Provider, was.ProviderName, was.PerHour, was.Why
	}
	return t.update(`UPDATE rejections SET count = count + ?4, last_at = ?5, provider = ?6, provider_name = ?7, per_hour = ?8, why = ?9
		WHERE run = ?1 AND revision = ?2 AND rule = ?3`,
		run, revision, add.Rule, add.Count, stamp(t.now), add.Provider, add.ProviderName, add.PerHour, add.Why)
}

// Rejections returns what has rejected offers under a revision of a run, the
// rule that rejected most first.
func (t *Tx) Rejections(run state.RunID, revision int) ([]state.Rejection, error) {
	all, err := list(t, scanRejection, `SELECT `+rejectionColumns+` FROM rejections
		WHERE run = (SELECT key FROM runs WHERE id = ?) AND revision = ? ORDER BY count DESC, rule`, run, revision)
	return all, wrap(err, "read rejections of run", run)
}

// Choices returns why providers were hired in a run, the latest first and no more
// than limit; a provider of "" is all of them.
func (t *Tx) Choices(run state.RunID, provider golem.NodeID, limit int) ([]state.Event, error) {
	scan := func(row scanner) (state.Event, error) {
		e := state.Event{Run: run, Kind: state.EventChosen}
		err := row.Scan(&e.Seq, timeTo{&e.At}, &e.Subject, &e.Note, &e.Revision)
		return e, err
	}
	events, err := list(t, scan, `SELECT seq, at, subject, note, revision FROM events
		WHERE run = (SELECT key FROM runs WHERE id = ?1) AND kind = ?2 AND (?3 = '' OR subject = ?3)
		ORDER BY seq DESC LIMIT ?4`, run, state.EventChosen, provider, limit)
	return events, wrap(err, "read choices of run", run)
}

// A Setback is a task that was given up, or waits to be tried again, and its last
// attempt.
type Setback struct {
	Task         state.Task
	Fault        state.Fault
	Message      string
	Verdict      string // task.retry and the values it saw, or ""
	ProviderName string
	Revision     int // of the document that judged the attempt
}

// Setbacks returns those of a run, the latest first and no more than limit; task
// is 0 for all of them.
func (t *Tx) Setbacks(run state.RunID, task int64, limit int) ([]Setback, error) {
	scan := func(row scanner) (s Setback, err error) {
		k := &s.Task
		err = row.Scan(&k.ID, &k.Stage, &k.State, &k.Attempts, timeTo{&k.NextTryAt},
			textTo[state.Fault]{&s.Fault}, textTo[string]{&s.Message}, textTo[string]{&s.Verdict}, &s.ProviderName, &s.Revision)
		return s, err
	}
	all, err := list(t, scan, `SELECT t.id, s.name, t.state, t.attempts, t.next_try_at, a.fault, a.message, a.verdict, g.provider_name, a.revision
		FROM attempts a INDEXED BY attempts_wrong`+logJoins+`
		WHERE a.state IN ('failed', 'lost') AND t.run = (SELECT key FROM runs WHERE id = ?1)
			AND t.state IN ('failed', 'pending') AND a.number = t.attempts AND (?2 = 0 OR t.id = ?2)
		ORDER BY a.id DESC LIMIT ?3`, run, task, limit)
	return all, wrap(err, "read setbacks of run", run)
}
