package store

import (
	"database/sql"
	"errors"
	"time"
)

// maxBack is by how much a clock may be set back and go unnoticed. A larger step
// corrects a clock that was wrong, and is believed.
const maxBack = 10 * time.Minute

// A clock is the computer's, but that it does not go back when that one is set
// back a little: not while the process runs, nor since what was last recorded.
// What was begun a minute ago would otherwise seem not to have begun yet, and an
// honest bill for it be too high.
type clock struct {
	opened time.Time     // with the monotonic reading of its moment
	ahead  time.Duration // of the computer's when it was opened
}

// now is the time, in UTC and to the microsecond, as the store can keep it.
func (c clock) now() time.Time {
	wall := time.Now()
	steady := c.opened.Add(c.ahead).Add(wall.Sub(c.opened))
	return forward(wall, steady).UTC().Truncate(time.Microsecond)
}

// forward is the clock on the wall, or the steady one if the wall's went back by
// maxBack at most.
func forward(wall, steady time.Time) time.Time {
	// Without their monotonic readings, which tell nothing of steps.
	wall, steady = wall.Round(0), steady.Round(0)
	if back := steady.Sub(wall); back > 0 && back <= maxBack {
		return steady
	}
	return wall
}

// wind sets the clock by what was last recorded.
func (s *Store) wind() error {
	var last time.Time
	err := s.conn.QueryRowContext(s.ctx, `SELECT at FROM events ORDER BY seq DESC LIMIT 1`).Scan(timeTo{&last})
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	s.clock.ahead = forward(s.clock.opened, last).Sub(s.clock.opened.Round(0))
	return err
}

// Now is the time by which the store records. Whoever compares a recorded time
// with the present asks for it here: unlike time.Now it does not go back when the
// computer's clock is set back by a few minutes.
func (s *Store) Now() time.Time { return s.clock.now() }
