package store

import (
	"embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrations are the names of the files, in order. A released one is never
// changed; what the file has seen is counted in its user_version.
var migrations = []string{"0001_first.sql", "0002_rejections.sql", "0005_revisions.sql", "0006_retries.sql", "0007_batches.sql", "0009_offers.sql", "0010_rollup.sql", "0011_paces.sql", "0012_histories.sql", "0013_verdicts.sql", "0014_blames.sql"}

// prepare brings a database that is to be written up to date.
func (s *Store) prepare(path string) error {
	err := s.migrate()
	if err == nil {
		err = s.watch()
	}
	if err == nil {
		err = s.wind()
	}
	return wrap(plain(err), "open database", path)
}

func (s *Store) migrate() error {
	// Before anything is written: the file may be somebody else's.
	if _, err := s.version(); err != nil {
		return err
	}
	if err := s.logAhead(); err != nil {
		return fmt.Errorf("set journal mode: %w", err)
	}
	for {
		done, err := s.step()
		if done || err != nil {
			return err
		}
	}
}

// logAhead puts the file into WAL mode, for good. SQLite's own wait for locks
// does not cover this step, so where several processes open a new file at once,
// all but one have to try again.
func (s *Store) logAhead() error {
	deadline := time.Now().Add(lockTime)
	for {
		_, err := s.conn.ExecContext(s.ctx, "PRAGMA journal_mode = WAL")
		if !busy(err) || time.Now().After(deadline) {
			if err == nil {
				// The log shrinks back after a large transaction or a slow reader.
				_, err = s.conn.ExecContext(s.ctx, "PRAGMA journal_size_limit = 67108864")
			}
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// step applies the next migration in a transaction of its own. Another process
// may be at it too, so what is next is read under the lock.
func (s *Store) step() (done bool, err error) {
	if err := s.run("BEGIN IMMEDIATE"); err != nil {
		return false, err
	}
	defer func() {
		if done || err != nil {
			err = errors.Join(err, s.run("ROLLBACK"))
		}
	}()
	version, err := s.version()
	if err != nil || version == len(migrations) {
		return true, err
	}
	name := migrations[version]
	text, err := migrationFiles.ReadFile("migrations/" + name)
	if err != nil {
		return false, err
	}
	script := string(text) + "\nPRAGMA user_version = " + strconv.Itoa(version+1)
	if _, err := s.conn.ExecContext(s.ctx, script); err != nil {
		return false, fmt.Errorf("migrate with %s: %w", strings.TrimSuffix(name, ".sql"), err)
	}
	return false, s.run("COMMIT")
}
