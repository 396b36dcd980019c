package report

import (
	"fmt"
	"time"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

// Options say what the store cannot know, and how much is wanted.
type Options struct {
	// Live tells that a process works on the run right now.
	Live bool
	// Plan is that of the run's revision in force, or nil.
	Plan *Plan
	// Brief leaves out ended activities and what the windows of the budget have
	// spent, so that a long run costs no more than a short one. A store that writes
	// is asked so by the process that works on the run.
	Brief bool
}

// Load reads how a run stands. The error wraps store.ErrNotFound where there is
// no such run.
func Load(tx *store.Tx, id state.RunID, o Options) (Status, error) {
	r, err := read(tx, id, o)
	if err != nil {
		return Status{}, fmt.Errorf("read status of run %s: %w", id, err)
	}
	s := Status{
		RunID: id, Name: r.run.Name, Daemon: r.run.Daemon, State: shown(r.run.State, o.Live), Note: r.run.Note, Revision: r.run.Revision,
		CreatedAt: r.run.CreatedAt, StartedAt: r.run.StartedAt, FinishedAt: r.run.FinishedAt,
		Tasks: tasksOf(r.counts), Stages: map[string]Tasks{},
		Results: r.counts.Results, ResultsFile: r.run.ResultsPath,
		Spent: r.money.Accepted, Accepted: r.money.Accepted, Paid: r.money.Paid,
		CostPerResult: perResult(r.money.Accepted, r.counts.Results),
		Activities:    r.activities, Reserved: reserved(r.live), RolledUp: rolledUp(r.rolled),
	}
	for name, counts := range r.stages {
		s.Stages[name] = tasksOf(counts)
	}
	s.Workers = workers(r.agreements, r.live)
	if o.Plan != nil {
		s.Tasks.Total = o.Plan.total(r.counts, r.stages, r.cursors)
	}
	s.Budget = o.Plan.budget(s.env(tx.Now()))
	if o.Live {
		s.Workers.Wanted = o.Plan.wanted(s.env(tx.Now()))
	}
	if o.Brief {
		return s, nil
	}
	return s, addSpent(tx, &s)
}

// records is what the store says of a run at one moment.
type records struct {
	run        state.Run
	counts     state.Counts
	stages     map[string]state.Counts
	cursors    map[string]state.Cursor
	money      store.Money
	agreements []state.Agreement // live ones
	live       []state.Activity
	activities []Activity
	rolled     store.Rolled
}

func read(tx *store.Tx, id state.RunID, o Options) (r records, err error) {
	if r.run, err = tx.Run(id); err != nil {
		return r, err
	}
	if r.counts, err = tx.Counts(id); err != nil {
		return r, err
	}
	if r.stages, err = tx.StageCounts(id); err != nil {
		return r, err
	}
	if r.cursors, err = tx.Cursors(id); err != nil {
		return r, err
	}
	if r.money, err = tx.Totals(id); err != nil {
		return r, err
	}
	if r.agreements, r.live, err = live(tx, id, o); err != nil {
		return r, err
	}
	if r.rolled, err = tx.Rolled(id); err != nil {
		return r, err
	}
	r.activities, err = activities(tx, id, o, r)
	return r, err
}

// live reads what is not over. A process that shows how its own run stands does so
// every second, and has it at hand.
func live(tx *store.Tx, id state.RunID, o Options) ([]state.Agreement, []state.Activity, error) {
	if o.Brief {
		return tx.Live(id)
	}
	agreements, err := tx.Agreements(id, true)
	if err != nil {
		return nil, nil, err
	}
	activities, err := tx.Activities(id, true)
	return agreements, activities, err
}

// shown is the state a run is shown in.
func shown(s state.RunState, live bool) state.RunState {
	if !live && (s == state.RunRunning || s == state.RunPaused) {
		return state.RunInterrupted
	}
	return s
}

func tasksOf(c state.Counts) Tasks {
	return Tasks{Pending: c.Pending, Running: c.Running, Done: c.Done, Failed: c.Failed}
}

// reserved is what the budget holds back for living activities.
func reserved(live []state.Activity) golem.Amount {
	var sum golem.Amount
	for _, a := range live {
		sum = sum.Add(reservedFor(a))
	}
	return sum
}

// reservedFor is what it holds back for one.
func reservedFor(a state.Activity) (open golem.Amount) {
	if open = a.Authorised.Sub(a.Accepted); a.State.Done() || open.IsNegative() {
		return golem.Amount{}
	}
	return open
}

// workers counts what is ready and what is on its way; an agreement without an
// activity yet is a worker on its way.
func workers(agreements []state.Agreement, live []state.Activity) Workers {
	var w Workers
	busy := map[int64]bool{}
	for _, a := range live {
		busy[a.Agreement] = true
		switch a.State {
		case state.ActivityReady:
			w.Ready++
		case state.ActivityCreating, state.ActivityCreated, state.ActivityPreparing:
			w.Starting++
		}
	}
	for _, a := range agreements {
		if !busy[a.Key] && a.State != state.AgreementEnding {
			w.Starting++
		}
	}
	return w
}

// addSpent says of each limit what its window has spent.
func addSpent(tx *store.Tx, s *Status) error {
	for i := range s.Budget {
		limit := &s.Budget[i]
		spent := s.Accepted
		if limit.Window > 0 {
			var err error
			if spent, err = spentSince(tx, s.RunID, tx.Now().Add(-limit.Window)); err != nil {
				return fmt.Errorf("read spending of run %s: %w", s.RunID, err)
			}
		}
		limit.Spent = &spent
	}
	return nil
}

func spentSince(tx *store.Tx, id state.RunID, since time.Time) (sum golem.Amount, err error) {
	spends, err := tx.Spends(id, since)
	for _, s := range spends {
		sum = sum.Add(s.Amount)
	}
	return sum, err
}
