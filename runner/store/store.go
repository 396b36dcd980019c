package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"tasks/golem"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// A Store is an open database. Its methods may be called from any goroutine.
type Store struct {
	// BeforeCommit, if not nil, is called before each commit of updates with
	// its number since Open, from 1. If it returns an error, nothing is
	// committed, and every update of the group is answered with that error.
	// Tests set it, before the first Update, to fail where they want to.
	BeforeCommit func(n int) error

	// Hide, if not nil, takes the secrets out of every text before it is recorded;
	// items of tasks and documents are recorded as they are. It is set before the
	// first Update.
	Hide func(text string) string

	ctx     context.Context // of statements; never cancelled, a commit is for many callers
	db      *sql.DB
	conn    *sql.Conn // the one connection, used by serve alone once it runs
	stmts   map[string]*sql.Stmt
	write   bool
	commits int // tried since Open
	clock   clock

	offers   decoded[golem.Properties] // of agreements
	pricings decoded[golem.Pricing]
	kept     kept // used by serve and, in their turn, by callers

	// Likewise: attempts that this process began, by id, stages by key and name, and
	// the keys of providers by those of activities.
	opens      map[int64]open
	stageNames map[int64]string
	stages     map[stageID]stageKeys
	providers  map[int64]int64

	jobs    chan *job
	closing chan struct{}
	served  chan struct{} // closed when serve has returned
	once    sync.Once
	closed  error
}

// Open opens the database at path, and creates the file, its directories and
// its schema where they are missing; an older schema is migrated. The errors
// wrap ErrNotOurs and ErrNewer. The caller closes the store.
func Open(ctx context.Context, path string) (*Store, error) {
	if err := createFile(path); err != nil {
		return nil, fmt.Errorf("create database: %w", place(err))
	}
	s, err := connect(ctx, path, true)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	return s.start(s.prepare(path))
}

// OpenReadOnly opens a database that another process may be writing. It creates
// and migrates nothing. The errors wrap ErrNoDatabase, ErrNotOurs, ErrNewer and
// ErrOlder. The caller closes the store.
func OpenReadOnly(ctx context.Context, path string) (*Store, error) {
	if err := findFile(path); err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	s, err := connect(ctx, path, false)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	return s.start(s.inspect(path))
}

// start begins to serve unless opening failed.
func (s *Store) start(err error) (*Store, error) {
	if err != nil {
		return nil, errors.Join(err, s.release())
	}
	go s.serve()
	return s, nil
}

// Close waits for the updates under way and closes the database. Later calls of
// Update and View return ErrClosed; closing again does nothing.
func (s *Store) Close() error {
	s.once.Do(func() {
		close(s.closing)
		<-s.served
		s.closed = s.release()
	})
	return s.closed
}

func (s *Store) release() error {
	var errs []error
	for _, stmt := range s.stmts {
		errs = append(errs, stmt.Close())
	}
	errs = append(errs, s.conn.Close(), s.db.Close())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}
