package store

import (
	"database/sql"
	"errors"
	"math"
	"time"

	"tasks/runner/state"
)

// AddEvent adds a line to a run's history. Transitions add theirs by
// themselves. The error wraps ErrNotFound if there is no such run.
func (t *Tx) AddEvent(run state.RunID, kind, subject, note string) error {
	key, err := t.runKey(run)
	if err != nil {
		return err
	}
	return t.eventFor(key, kind, subject, note)
}

// Events returns at most limit events of a run that come after a Seq, in order.
func (t *Tx) Events(run state.RunID, afterSeq int64, limit int) ([]state.Event, error) {
	scan := func(row scanner) (state.Event, error) {
		e := state.Event{Run: run}
		err := row.Scan(&e.Seq, timeTo{&e.At}, &e.Kind, &e.Subject, &e.Note, &e.Revision)
		return e, err
	}
	events, err := list(t, scan, `SELECT seq, at, kind, subject, note, revision FROM events
		WHERE run = (SELECT key FROM runs WHERE id = ?) AND seq > ? ORDER BY seq LIMIT ?`, run, afterSeq, limit)
	return events, wrap(err, "read events of run", run)
}

// LastEvents is the Seq after which the last n events of a run come, and none that
// is older than since, where that is set; n of 0 is all of them.
func (t *Tx) LastEvents(run state.RunID, n int, since time.Time) (afterSeq int64, err error) {
	limit := n
	if n == 0 {
		limit = math.MaxInt32
	}
	err = t.get(`SELECT coalesce(min(seq), (SELECT coalesce(max(seq), 0) + 1 FROM events)) - 1 FROM (
		SELECT seq FROM events WHERE run = (SELECT key FROM runs WHERE id = ?1) AND (?2 IS NULL OR at >= ?2)
		ORDER BY seq DESC LIMIT ?3)`, []any{run, stamp(since), limit}, &afterSeq)
	return afterSeq, wrap(err, "find events of run", run)
}

// Noted is the note of the last event of a kind about something, "" if there is
// none.
func (t *Tx) Noted(run state.RunID, kind, subject string) (note string, err error) {
	err = t.get(`SELECT note FROM events
		WHERE run = (SELECT key FROM runs WHERE id = ?) AND kind = ? AND subject = ? ORDER BY seq DESC LIMIT 1`,
		[]any{run, kind, subject}, &note)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return note, wrap(err, "read a note of run", run)
}
