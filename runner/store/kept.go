package store

import (
	"fmt"

	"modernc.org/sqlite"

	"tasks/runner/state"
)

// kept is the agreements and activities of the last snapshot. A run looks at
// itself again and again while few of its rows change, so only those are read
// anew: SQLite tells which they are, whatever changed them. What another process
// changes goes unseen, and none does: the rows of a run belong to the process
// that works on it.
type kept struct {
	agreements rows[state.Agreement]
	activities rows[state.Activity]
}

// rows are those of one table, by key.
type rows[T any] struct {
	known map[int64]T
	stale map[int64]bool // changed since they were read, or perhaps: a change may be undone
}

// watch lets SQLite tell which rows change on the connection.
func (s *Store) watch() error {
	return s.conn.Raw(func(driver any) error {
		conn, ok := driver.(interface {
			RegisterPreUpdateHook(callback sqlite.PreUpdateHookFn)
		})
		if !ok {
			return fmt.Errorf("%T does not tell what changes", driver)
		}
		conn.RegisterPreUpdateHook(s.kept.changed)
		return nil
	})
}

func (k *kept) changed(d sqlite.SQLitePreUpdateData) {
	switch d.TableName {
	case "agreements":
		k.agreements.changed(d.OldRowID)
	case "activities":
		k.activities.changed(d.OldRowID)
	}
}

func (r *rows[T]) changed(key int64) {
	if _, ok := r.known[key]; ok {
		r.stale[key] = true
	}
}

// these returns the rows with the keys, and keeps them and no others. read reads
// one. Inside an update nothing is kept, because the update may be undone, nor
// where another process writes.
func (r *rows[T]) these(t *Tx, keys []int64, read func(key int64) (T, error)) ([]T, error) {
	keep := t.s.write && !t.write
	out, next := make([]T, 0, len(keys)), make(map[int64]T, len(keys))
	for _, key := range keys {
		v, ok := r.known[key]
		if !ok || !keep || r.stale[key] {
			var err error
			if v, err = read(key); err != nil {
				return nil, err
			}
		}
		out, next[key] = append(out, v), v
	}
	if keep {
		r.known, r.stale = next, map[int64]bool{}
	}
	return out, nil
}

// keys reads a column of keys.
func (t *Tx) keys(query string, args ...any) ([]int64, error) {
	return list(t, func(row scanner) (key int64, err error) {
		err = row.Scan(&key)
		return key, err
	}, query, args...)
}
