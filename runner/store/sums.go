package store

import (
	"database/sql"
	"errors"
	"time"

	"tasks/runner/state"
)

// sums are what the jobs of a group add to counters. Many tasks begin and end in
// one commit and count for the same rows, so the rows are written once for all of
// them: before the commit, or before a job looks at anything but its own task. No
// job sees a counter without what was added before, and one that is undone adds
// nothing.
type sums struct {
	kept tally // of jobs that have succeeded
	part tally // of the job at work
	// settled says that the job at work had kept written, and its own part up to
	// then, all of which is undone if it fails.
	settled bool
	seqs    map[int64]*numbering // by run
}

// A numbering gives results of a run their numbers. Unlike what is added, they are
// known at once.
type numbering struct {
	before     int64 // the last number when the transaction began
	kept, part int64 // numbers given since, as sums has it
	unwritten  bool
}

func (n *numbering) last() int64 { return n.before + n.kept + n.part }

// A tally is what is to be added, by the keys of rows.
type tally struct {
	stages     map[int64]state.Counts
	activities map[int64]doings
}

// doings are what happened in an activity, for its own counters and those of its
// provider.
type doings struct {
	batches, results, failures int64
	successes, blamed          int64 // for the provider; blamed is negative where it is acquitted
	own, timeouts              int64 // failures of the task, and of nobody in particular
	providerResults            int64
	reset                      bool  // the streak ended, and streak is what came after
	streak                     int64 // failures in a row
	busy                       time.Duration
	last                       time.Time // of the last begin or end of an attempt
	lastBlamed                 time.Time
}

func (s tally) empty() bool { return len(s.stages)+len(s.activities) == 0 }

// count adds to the counters of a stage.
func (s *tally) count(stage int64, d state.Counts) {
	if s.stages == nil {
		s.stages = map[int64]state.Counts{}
	}
	c := s.stages[stage]
	c.Pending += d.Pending
	c.Running += d.Running
	c.Done += d.Done
	c.Failed += d.Failed
	c.Results += d.Results
	s.stages[stage] = c
}

// do adds what happened later in an activity.
func (s *tally) do(activity int64, d doings) {
	if s.activities == nil {
		s.activities = map[int64]doings{}
	}
	a := s.activities[activity]
	a.batches += d.batches
	a.results += d.results
	a.failures += d.failures
	a.successes += d.successes
	a.blamed += d.blamed
	a.own += d.own
	a.timeouts += d.timeouts
	a.providerResults += d.providerResults
	a.busy += d.busy
	if !d.last.IsZero() {
		a.last = d.last
	}
	if d.reset {
		a.reset, a.streak = true, 0
	}
	a.streak += d.streak
	if d.blamed > 0 {
		a.lastBlamed = d.lastBlamed
	}
	s.activities[activity] = a
}

func (s *tally) add(more tally) {
	for stage, d := range more.stages {
		s.count(stage, d)
	}
	for activity, d := range more.activities {
		s.do(activity, d)
	}
}

// end ends the part of a job.
func (s *sums) end(succeeded bool) {
	switch {
	case succeeded && s.settled:
		s.kept = s.part
	case succeeded:
		s.kept.add(s.part)
	}
	s.part, s.settled = tally{}, false
	for _, n := range s.seqs {
		if succeeded {
			n.kept += n.part
		} else {
			n.unwritten = true
		}
		n.part = 0
	}
}

// settle writes what is added up to now, for a job that is about to look.
func (t *Tx) settle() error {
	if !t.write || t.adding {
		return nil
	}
	if err := t.writeNumbers(); err != nil {
		return err
	}
	if !t.sums.settled && !t.sums.kept.empty() {
		if err := t.writeTally(t.sums.kept); err != nil {
			return err
		}
		t.sums.settled = true
	}
	if t.sums.part.empty() {
		return nil
	}
	if err := t.writeTally(t.sums.part); err != nil {
		return err
	}
	t.sums.part = tally{}
	return nil
}

// justAdding is the time of a function that looks at no counters; it ends with
// the returned function.
func (t *Tx) justAdding() (end func()) {
	before := t.adding
	t.adding = true
	return func() { t.adding = before }
}

// nextSeq takes the next number of a run's results.
func (t *Tx) nextSeq(run int64) (int64, error) {
	n := t.sums.seqs[run]
	if n == nil {
		n = &numbering{}
		if err := t.get(`SELECT last_seq FROM runs WHERE key = ?`, []any{run}, &n.before); err != nil {
			return 0, wrap(err, "read last result of run", run)
		}
		if t.sums.seqs == nil {
			t.sums.seqs = map[int64]*numbering{}
		}
		t.sums.seqs[run] = n
	}
	n.part++
	n.unwritten = true
	return n.last(), nil
}

func (t *Tx) writeNumbers() error {
	defer t.justAdding()()
	for run, n := range t.sums.seqs {
		if !n.unwritten {
			continue
		}
		if err := t.update(`UPDATE runs SET last_seq = ?2 WHERE key = ?1`, run, n.last()); err != nil {
			return wrap(err, "record last result of run", run)
		}
		n.unwritten = false
	}
	return nil
}

func (t *Tx) writeTally(s tally) error {
	defer t.justAdding()()
	for stage, d := range s.stages {
		err := t.update(`UPDATE stages SET pending = pending + ?2, running = running + ?3, done = done + ?4,
			failed = failed + ?5, results = results + ?6 WHERE key = ?1`,
			stage, d.Pending, d.Running, d.Done, d.Failed, d.Results)
		if err != nil {
			return wrap(err, "count tasks of stage", stage)
		}
	}
	for activity, d := range s.activities {
		if err := t.writeDoings(activity, d); err != nil {
			return wrap(err, "count for activity", activity)
		}
	}
	return nil
}

// addDoings adds to the counters of an activity.
const addDoings = `UPDATE activities SET batches = batches + ?2, results = results + ?3, failures = failures + ?4,
		streak = ?6 + CASE WHEN ?5 THEN 0 ELSE streak END, busy_us = busy_us + ?7, last_task = coalesce(?8, last_task),
		faults = faults + ?9, own = own + ?10, timeouts = timeouts + ?11
	WHERE key = ?1`

// addDone is addDoings where every task ended well, as nearly all do.
const addDone = `UPDATE activities SET batches = batches + ?2, results = results + ?3, streak = 0, busy_us = busy_us + ?4,
		last_task = ?5
	WHERE key = ?1 AND ended_at IS NULL`

func (t *Tx) writeDoings(activity int64, d doings) error {
	if err := t.writeActivity(activity, d); err != nil || d.successes == 0 && d.blamed == 0 {
		return err
	}
	provider, err := t.providerOf(activity)
	if err != nil {
		return err
	}
	if d.blamed == 0 {
		return t.update(`UPDATE providers SET successes = successes + ?2, results = results + ?3 WHERE key = ?1`,
			provider, d.successes, d.providerResults)
	}
	return t.update(`UPDATE providers SET successes = successes + ?2, results = results + ?3, failures = failures + ?4,
			last_failure = CASE WHEN failures + ?4 <= 0 THEN NULL ELSE coalesce(?5, last_failure) END
		WHERE key = ?1`,
		provider, d.successes, d.providerResults, d.blamed, stamp(d.lastBlamed))
}

func (t *Tx) writeActivity(activity int64, d doings) error {
	if d.allDone() {
		err := t.update(addDone, activity, d.batches, d.results, d.busy.Microseconds(), stamp(d.last))
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	args := []any{activity, d.batches, d.results, d.failures, d.reset, d.streak, d.busy.Microseconds(), stamp(d.last),
		d.blamed, d.own, d.timeouts}
	err := t.update(addDoings+` AND ended_at IS NULL`, args...)
	if errors.Is(err, sql.ErrNoRows) {
		// It is over, and its own history is kept already.
		if err = t.update(addDoings, args...); err == nil {
			err = t.addHistory(activity, d.history())
		}
	}
	return err
}

// allDone reports whether tasks ended, and all of them well.
func (d doings) allDone() bool {
	return d.batches > 0 && d.failures == 0 && d.blamed == 0 && d.own == 0 && d.timeouts == 0 && !d.last.IsZero()
}

// history is what is told of a provider by what happened after its activity ended.
func (d doings) history() state.History {
	return state.History{
		Tasks: float64(d.batches - d.failures), Faults: float64(d.blamed), Own: float64(d.own), Timeouts: float64(d.timeouts),
		Results: float64(d.results), Busy: d.busy.Seconds(), Seen: d.last,
	}
}
