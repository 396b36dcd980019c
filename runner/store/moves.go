package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// A movable is a kind of state with a table of moves.
type movable[S any] interface {
	~string
	CanMove(to S) bool
}

// allowed refuses a move that the tables do not have.
func allowed[S movable[S]](record string, key any, from, to S) error {
	if from.CanMove(to) {
		return nil
	}
	return fmt.Errorf("move %s %v from %s to %s: %w", record, key, from, to, ErrForbidden)
}

// stale turns a guarded update that met no row into ErrStale.
func stale(err error, what string, key any) error {
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrStale
	}
	return wrap(err, what, key)
}

// or returns the given time, or that of the transaction for zero.
func (t *Tx) or(at time.Time) time.Time {
	if at.IsZero() {
		return t.now
	}
	return at
}

// endedAt is the time of the end in a move to a final state, else NULL.
func (t *Tx) endedAt(done bool) any {
	if !done {
		return nil
	}
	return stamp(t.now)
}

// subject names a record in an event: by its identifier, or while it has none
// by its key.
func subject[T ~string](id T, record string, key int64) string {
	if id != "" {
		return string(id)
	}
	return fmt.Sprintf("%s/%d", record, key)
}

// eventFor adds an event to the run of a record, by the run's key.
func (t *Tx) eventFor(run int64, kind, subject, note string) error {
	_, _, err := t.exec(`INSERT INTO events (run, at, kind, subject, note, revision) VALUES (?1, ?2, ?3, ?4, ?5, `+inForce+`)`,
		run, stamp(t.now), kind, subject, note, t.by)
	return wrap(err, "add event", kind)
}
