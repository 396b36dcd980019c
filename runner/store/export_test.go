package store

import (
	"strconv"
	"strings"
)

// Plans returns how SQLite carries out every query that was prepared so far.
func Plans(s *Store) (map[string]string, error) {
	out := map[string]string{}
	for query := range s.stmts {
		verb, _, _ := strings.Cut(strings.TrimSpace(query), " ")
		if !strings.Contains(" SELECT INSERT UPDATE DELETE ", " "+verb+" ") {
			continue
		}
		rows, err := s.conn.QueryContext(s.ctx, "EXPLAIN QUERY PLAN "+query, make([]any, 32)...)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				return nil, err
			}
			out[query] += detail + "\n"
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Limit bounds the size of the file in pages, as a full disk would; 0 asks for
// the present size. It returns the size in force.
func Limit(s *Store, pages int) (size int, err error) {
	query := "PRAGMA page_count"
	if pages > 0 {
		query = "PRAGMA max_page_count = " + strconv.Itoa(pages)
	}
	err = s.conn.QueryRowContext(s.ctx, query).Scan(&size)
	return size, err
}

// Deny makes every write fail as a file does that may not be written.
func Deny(s *Store) error {
	_, err := s.conn.ExecContext(s.ctx, "PRAGMA query_only = 1")
	return err
}

// Forward is what the clock does about a step back.
var Forward = forward

// Careless lets commits not wait for the disk.
func Careless(s *Store) error {
	_, err := s.conn.ExecContext(s.ctx, "PRAGMA synchronous = OFF")
	return err
}
