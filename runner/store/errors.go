package store

import (
	"database/sql"
	"errors"
	"fmt"
)

// Conditions that callers branch on; errors of this package wrap them.
var (
	// ErrNotFound: there is no such record.
	ErrNotFound = errors.New("not found")
	// ErrExists: a record of that identifier is there already.
	ErrExists = errors.New("exists already")
	// ErrStale: the record is not in the state that the move leaves, so somebody
	// else moved it; nothing was changed.
	ErrStale = errors.New("not in that state any more")
	// ErrForbidden: the tables of package state have no such move.
	ErrForbidden = errors.New("no such move")
	// ErrReadOnly: a write was tried in a View or on a store opened read-only.
	ErrReadOnly = errors.New("read only")
	// ErrClosed: the store is closed.
	ErrClosed = errors.New("store is closed")

	// ErrNoDatabase: OpenReadOnly found no file, or nothing in it.
	ErrNoDatabase = errors.New("no database")
	// ErrNotOurs: the file is no SQLite database, or one of another program; it
	// was not changed.
	ErrNotOurs = errors.New("not a database of tasks")
	// ErrNewer: the database was written by a later version of this program.
	ErrNewer = errors.New("database is of a newer version")
	// ErrFull: the disk, or its quota, has no room for what is to be written.
	// Nothing of it was recorded, and the same call can succeed later.
	ErrFull = errors.New("the disk is full")
	// ErrDenied: the file, or its directory, may not be written.
	ErrDenied = errors.New("the database cannot be written")
	// ErrDamaged: a part of the file is not what SQLite wrote.
	ErrDamaged = errors.New("the database is damaged")
	// ErrBusy: another process held the lock for longer than it is waited for.
	ErrBusy = errors.New("another process keeps the database locked")
	// ErrOlder: OpenReadOnly found a database that Open would migrate first.
	ErrOlder = errors.New("database is of an older version")
)

// notFound turns the driver's word for no row into ours.
func notFound(err error, what string, id any) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%s %v: %w", what, id, ErrNotFound)
	}
	return wrap(err, "read "+what, id)
}

// wrap adds what was done to what; nil stays nil.
func wrap(err error, what string, id any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %v: %w", what, id, err)
}
