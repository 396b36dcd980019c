package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"
)

// applicationID marks the file as ours; the first migration writes it.
const applicationID = 0x676c6d74

// lockTime is how long one process waits for the lock of another.
const lockTime = 5 * time.Second

// createFile makes an empty file that only its owner can read: specs may be
// private. SQLite gives its companions the same permissions.
func createFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDONLY, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// place translates what a file system has against a file.
func place(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: %w", ErrFull, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%w: %w", ErrDenied, err)
	}
	return err
}

func findFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ErrNoDatabase
	case err != nil:
		return err
	case info.Size() == 0:
		return fmt.Errorf("%w: the file is empty", ErrNoDatabase)
	}
	return nil
}

// connect opens the one connection. It changes nothing in the file yet.
func connect(ctx context.Context, path string, write bool) (*Store, error) {
	name, err := dsn(path, write)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	// Statements of a group belong to many callers: no one context may end them.
	ctx = context.WithoutCancel(ctx)
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(plain(err), db.Close())
	}
	return &Store{
		clock: clock{opened: time.Now()},
		ctx:   ctx, db: db, conn: conn, write: write, stmts: map[string]*sql.Stmt{},
		opens: map[int64]open{}, stageNames: map[int64]string{}, stages: map[stageID]stageKeys{}, providers: map[int64]int64{},
		jobs: make(chan *job), closing: make(chan struct{}), served: make(chan struct{}),
	}, nil
}

// dsn names the file so that no character of its path is taken for an option.
func dsn(path string, write bool) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	q := url.Values{"_pragma": {fmt.Sprintf("busy_timeout(%d)", lockTime.Milliseconds()), "foreign_keys(1)", "synchronous(FULL)"}}
	if !write {
		q.Set("mode", "ro")
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: q.Encode()}
	return u.String(), nil
}

// inspect says what is wrong with a database that is to be read as it is.
func (s *Store) inspect(path string) error {
	version, err := s.version()
	if err == nil && version == 0 {
		err = fmt.Errorf("%w: nothing is in it", ErrNoDatabase)
	}
	if err == nil && version < len(migrations) {
		err = fmt.Errorf("%w: %d, and this program reads %d", ErrOlder, version, len(migrations))
	}
	return wrap(plain(err), "open database", path)
}

// version returns the number of migrations that the file has seen, 0 for an
// empty file.
func (s *Store) version() (int, error) {
	var id, version, tables int
	row := s.conn.QueryRowContext(s.ctx, `SELECT
		(SELECT application_id FROM pragma_application_id),
		(SELECT user_version FROM pragma_user_version),
		(SELECT count(*) FROM sqlite_schema)`)
	if err := row.Scan(&id, &version, &tables); err != nil {
		return 0, plain(err)
	}
	switch {
	case id != applicationID && (id != 0 || version != 0 || tables != 0):
		return 0, fmt.Errorf("%w: it belongs to another program", ErrNotOurs)
	case version > len(migrations):
		return 0, fmt.Errorf("%w: %d, and this program knows %d; use the version of tasks that wrote it", ErrNewer, version, len(migrations))
	}
	return version, nil
}

// busy reports whether another process holds the lock.
func busy(err error) bool { return code(err) == sqlitelib.SQLITE_BUSY }

// code is the driver's primary result code of an error, or 0.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// noRoom are the codes by which SQLite tells of a quota or another limit: only
// a disk without a free block is SQLITE_FULL to it.
var noRoom = []int{sqlitelib.SQLITE_IOERR_WRITE, sqlitelib.SQLITE_IOERR_SHMSIZE}

// plain translates the driver's codes that mean something to callers.
func plain(err error) error {
	var meaning error
	if e, ok := errors.AsType[*sqlite.Error](err); ok && slices.Contains(noRoom, e.Code()) {
		meaning = ErrFull
	}
	switch code(err) {
	case sqlitelib.SQLITE_NOTADB:
		return fmt.Errorf("%w: it is no SQLite file", ErrNotOurs)
	case sqlitelib.SQLITE_FULL:
		meaning = ErrFull
	case sqlitelib.SQLITE_READONLY, sqlitelib.SQLITE_CANTOPEN, sqlitelib.SQLITE_PERM:
		meaning = ErrDenied
	case sqlitelib.SQLITE_CORRUPT:
		meaning = ErrDamaged
	case sqlitelib.SQLITE_BUSY:
		meaning = ErrBusy
	}
	if meaning == nil || errors.Is(err, meaning) {
		return err
	}
	return fmt.Errorf("%w: %w", meaning, err)
}

// Check reads the whole file and says what is wrong with it. The error wraps
// ErrDamaged.
func (t *Tx) Check() error {
	var said string
	if err := t.get(`PRAGMA quick_check(1)`, nil, &said); err != nil {
		return wrap(err, "check", "database")
	}
	if said != "ok" {
		return fmt.Errorf("check database: %w: %s", ErrDamaged, said)
	}
	return nil
}
