package store

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A Tx is the store as one transaction sees it. It is good until the function
// it was given to returns.
type Tx struct {
	s     *Store
	now   time.Time
	write bool
	by    int // see By

	sums   sums
	adding bool // see justAdding

	// Of the job at work: whether it cannot be undone alone, see Whole, and whether
	// there is a savepoint for that.
	whole, saved bool
}

// Now is the time of the transaction: of everything it records, in UTC, to the
// microsecond.
func (t *Tx) Now() time.Time { return t.now }

// By says which revision of its run the job decides by, where that may not be the
// one in force any more. It holds until the function ends.
func (t *Tx) By(revision int) { t.by = revision }

// Whole says, before anything else is asked of the transaction, that the job need
// not be undone alone: if its function fails, everything that shares its commit
// does, with its error. It is for what is never meant to fail, and done so often
// that a savepoint for each time would be dear.
func (t *Tx) Whole() { t.whole = true }

// ready is for before every statement of a job.
func (t *Tx) ready() error {
	if t.write && !t.whole && !t.saved {
		if err := t.s.run("SAVEPOINT part"); err != nil {
			return err
		}
		t.saved = true
	}
	return t.settle()
}

// inForce is the revision to record, with By as ?6 and the key of the run as ?1.
const inForce = `CASE ?6 WHEN 0 THEN (SELECT revision FROM runs WHERE key = ?1) ELSE ?6 END`

// run executes a statement without arguments or rows.
func (s *Store) run(query string) error {
	stmt, err := s.stmt(query)
	if err != nil {
		return err
	}
	_, err = stmt.ExecContext(s.ctx)
	return wrap(err, "sqlite:", query)
}

// stmt returns the prepared statement of a query. Queries are constants, so
// there are few.
func (s *Store) stmt(query string) (*sql.Stmt, error) {
	if stmt, ok := s.stmts[query]; ok {
		return stmt, nil
	}
	stmt, err := s.conn.PrepareContext(s.ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	s.stmts[query] = stmt
	return stmt, nil
}

// exec changes rows and returns how many, and the key of the last inserted one.
func (t *Tx) exec(query string, args ...any) (n, key int64, err error) {
	if !t.write {
		return 0, 0, ErrReadOnly
	}
	if err := t.ready(); err != nil {
		return 0, 0, err
	}
	stmt, err := t.s.stmt(query)
	if err != nil {
		return 0, 0, err
	}
	res, err := stmt.ExecContext(t.s.ctx, t.s.hidden(args)...)
	if err != nil {
		return 0, 0, err
	}
	if n, err = res.RowsAffected(); err != nil {
		return 0, 0, err
	}
	key, err = res.LastInsertId()
	return n, key, err
}

// update changes one row; none is sql.ErrNoRows.
func (t *Tx) update(query string, args ...any) error {
	n, _, err := t.exec(query, args...)
	if err == nil && n == 0 {
		return sql.ErrNoRows
	}
	return err
}

// change is update with RETURNING into dest.
func (t *Tx) change(query string, args []any, dest ...any) error {
	if !t.write {
		return ErrReadOnly
	}
	return t.get(query, t.s.hidden(args), dest...)
}

// verbatim is a document, and asItIs an item, which are recorded whatever is in them.
type (
	verbatim []byte
	asItIs   string
)

// hidden is the values of a statement without the secrets.
func (s *Store) hidden(args []any) []any {
	if s.Hide == nil {
		return args
	}
	out := args
	for i, arg := range args {
		if instead := s.hide(arg); instead != nil {
			if &out[0] == &args[0] {
				out = slices.Clone(args)
			}
			out[i] = instead
		}
	}
	return out
}

// hide is what is recorded in the place of a value with a secret in it, nil for
// any other.
func (s *Store) hide(arg any) any {
	switch v := arg.(type) {
	case string:
		if text := s.Hide(v); text != v {
			return text
		}
	case []byte:
		if text := s.Hide(string(v)); text != string(v) {
			return []byte(text)
		}
	}
	return nil
}

// get reads one row into dest; none is sql.ErrNoRows.
func (t *Tx) get(query string, args []any, dest ...any) error {
	if err := t.ready(); err != nil {
		return err
	}
	stmt, err := t.s.stmt(query)
	if err != nil {
		return err
	}
	return stmt.QueryRowContext(t.s.ctx, args...).Scan(dest...)
}

// A scanner is a row.
type scanner interface{ Scan(dest ...any) error }

// one reads the only row of a query; none is sql.ErrNoRows.
func one[T any](t *Tx, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	var zero T
	if err := t.ready(); err != nil {
		return zero, err
	}
	stmt, err := t.s.stmt(query)
	if err != nil {
		return zero, err
	}
	return scan(stmt.QueryRowContext(t.s.ctx, args...))
}

// list reads all rows of a query.
func list[T any](t *Tx, scan func(scanner) (T, error), query string, args ...any) (out []T, err error) {
	if err := t.ready(); err != nil {
		return nil, err
	}
	stmt, err := t.s.stmt(query)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.QueryContext(t.s.ctx, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}
