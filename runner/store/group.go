package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
)

// maxGroup bounds how many callers share one commit. With more of them, those who
// have their answer and those who wait for one take turns at leaving the processor
// idle; with fewer, the disk is synced too often.
const maxGroup = 64

// errAborted is how a job ends whose function panicked or left by Goexit.
var errAborted = errors.New("update was aborted")

// A job is one call of Update or View. Its function runs in the caller's
// goroutine, where a panic belongs, while serve waits.
type job struct {
	ctx   context.Context
	write bool
	turn  chan *Tx   // the caller's turn; nil if there will be none
	back  chan error // how the function ended
	done  chan error // the answer
}

// Update runs fn in a transaction and returns when it is committed and on disk.
// An error of fn undoes what fn did and is returned as it is. Where the disk or
// the file is to blame, the error wraps ErrFull, ErrDenied, ErrDamaged or ErrBusy. ctx can end the
// wait for a turn, not a transaction that has begun.
func (s *Store) Update(ctx context.Context, fn func(*Tx) error) error {
	if !s.write {
		return ErrReadOnly
	}
	return s.do(ctx, true, fn)
}

// View runs fn on a consistent snapshot and returns its error. Methods of Tx
// that write return ErrReadOnly in it.
func (s *Store) View(ctx context.Context, fn func(*Tx) error) error {
	return s.do(ctx, false, fn)
}

func (s *Store) do(ctx context.Context, write bool, fn func(*Tx) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	j := &job{ctx: ctx, write: write, turn: make(chan *Tx, 1), back: make(chan error, 1), done: make(chan error, 1)}
	select {
	case s.jobs <- j:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.closing:
		return ErrClosed
	}
	if tx := <-j.turn; tx != nil {
		j.call(tx, fn)
	}
	return plain(<-j.done)
}

func (j *job) call(tx *Tx, fn func(*Tx) error) {
	err := errAborted
	defer func() { j.back <- err }()
	err = fn(tx)
}

// part lets the job do its part of a transaction.
func (j *job) part(tx *Tx) error {
	tx.by, tx.whole, tx.saved = 0, false, false
	if j.ctx.Err() != nil {
		j.turn <- nil
		return context.Cause(j.ctx)
	}
	j.turn <- tx
	return <-j.back
}

// refuse answers a job that never had a turn.
func (j *job) refuse(err error) {
	j.turn <- nil
	j.done <- err
}

// serve owns the connection until the store is closed.
func (s *Store) serve() {
	defer close(s.served)
	for {
		select {
		case j := <-s.jobs:
			for views, updates := split(append([]*job{j}, s.gather(maxGroup-1)...)); len(views)+len(updates) > 0; {
				s.viewAll(views)
				views, updates = s.updateAll(updates), nil
			}
		case <-s.closing:
			return
		}
	}
}

// gather takes the jobs that wait right now, up to most.
func (s *Store) gather(most int) (all []*job) {
	for len(all) < most {
		select {
		case j := <-s.jobs:
			all = append(all, j)
		default:
			return all
		}
	}
	return all
}

// split tells jobs that read from those that write.
func split(all []*job) (views, updates []*job) {
	for _, j := range all {
		if j.write {
			updates = append(updates, j)
		} else {
			views = append(views, j)
		}
	}
	return views, updates
}

// viewAll answers views from one snapshot.
func (s *Store) viewAll(jobs []*job) {
	if len(jobs) == 0 {
		return
	}
	if err := s.run("BEGIN"); err != nil {
		refuseAll(jobs, err)
		return
	}
	tx := &Tx{s: s, now: s.Now()}
	for _, j := range jobs {
		j.done <- j.part(tx)
	}
	// Nothing was written: an error here would be nobody's.
	_ = s.run("ROLLBACK")
}

// updateAll does the work of all jobs in one transaction, and of those that come
// meanwhile. It returns the views that came, which look at what is committed.
func (s *Store) updateAll(jobs []*job) (later []*job) {
	if len(jobs) == 0 {
		return nil
	}
	if err := s.run("BEGIN IMMEDIATE"); err != nil {
		refuseAll(jobs, err)
		return nil
	}
	tx := &Tx{s: s, now: s.Now(), write: true}
	var did []*job
	for i := 0; i < len(jobs); i++ {
		j := jobs[i]
		err, broken := s.updateOne(tx, j)
		if broken != nil {
			refuseAll(jobs[i+1:], broken)
			answer(append(did, j), errors.Join(broken, s.rollback()))
			return later
		}
		if err != nil {
			j.done <- err
		} else {
			did = append(did, j)
		}
		if i == len(jobs)-1 {
			runtime.Gosched() // those who are about to ask may do so first
			views, updates := split(s.gather(maxGroup - len(later) - len(jobs)))
			later, jobs = append(later, views...), append(jobs, updates...)
		}
	}
	tx.whole = true
	if err := tx.settle(); err != nil {
		answer(did, errors.Join(err, s.rollback()))
		return later
	}
	answer(did, s.commit(len(did)))
	return later
}

// updateOne does one job's part, and undoes it alone if it failed. broken means
// that this was impossible, because the job is Whole or SQLite gave up the
// transaction.
func (s *Store) updateOne(tx *Tx, j *job) (err, broken error) {
	err = j.part(tx)
	if tx.sums.end(err == nil); err != nil {
		s.forgetKeys()
		if tx.whole {
			return nil, err
		}
	}
	if !tx.saved {
		return err, nil
	}
	if err != nil {
		if undo := s.run("ROLLBACK TO part"); undo != nil {
			return nil, errors.Join(err, undo)
		}
	}
	return err, s.run("RELEASE part")
}

// commit ends the transaction in which n jobs succeeded.
func (s *Store) commit(n int) error {
	if n == 0 {
		return s.rollback()
	}
	s.commits++
	var err error
	if s.BeforeCommit != nil {
		err = s.BeforeCommit(s.commits)
	}
	if err == nil {
		err = s.run("COMMIT")
	}
	if err != nil {
		return fmt.Errorf("commit: %w", errors.Join(err, s.rollback()))
	}
	return nil
}

// rollback undoes a transaction, if SQLite has not done so by itself.
func (s *Store) rollback() error {
	s.forgetKeys()
	err := s.run("ROLLBACK")
	if err != nil && s.run("BEGIN") == nil {
		// There was none: SQLite had rolled it back.
		return s.run("ROLLBACK")
	}
	return err
}

func answer(jobs []*job, err error) {
	for _, j := range jobs {
		j.done <- err
	}
}

func refuseAll(jobs []*job, err error) {
	for _, j := range jobs {
		j.refuse(err)
	}
}
