package runner

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner/ledger"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

// known returns the run as the store has it, the zero Run if it is new.
func (r *runner) known(ctx context.Context) (run state.Run, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) (err error) {
		run, err = tx.Run(r.Run)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return state.Run{}, nil
	}
	return run, err
}

// admit creates the run, or takes up one that exists. A changed document is a
// new revision; what a resumed run cannot change is refused before anything is
// written.
func (r *runner) admit(ctx context.Context) error {
	var run state.Run
	err := r.Store.Update(ctx, func(tx *store.Tx) (err error) {
		run, err = tx.Run(r.Run)
		if errors.Is(err, store.ErrNotFound) {
			run, err = r.create(tx)
		} else if err == nil {
			run.Revision, err = r.revise(tx, run)
			if err == nil && r.RetryFailed {
				_, err = putBack(tx, r.Run)
			}
		}
		if err != nil {
			return err
		}
		return tx.StartRun(r.Run, r.Daemon, r.identity)
	})
	if err != nil {
		return fmt.Errorf("open run %s: %w", r.Run, err)
	}
	return r.load(ctx, run)
}

// load brings what a process keeps in memory of a run.
func (r *runner) load(ctx context.Context, run state.Run) error {
	rev := r.inForce()
	r.document.Store(&revision{number: run.Revision, spec: rev.spec, policies: rev.policies})
	r.session = run.Session
	r.agreementCursor, r.noteCursor, r.invoiceCursor = run.AgreementCursor, run.DebitNoteCursor, run.InvoiceCursor
	if err := r.remember(ctx); err != nil {
		return err
	}
	r.setEnv(policies.Run{ID: string(r.Run), Name: run.Name, Spent: r.spent().InexactFloat64()})
	return nil
}

func (r *runner) create(tx *store.Tx) (state.Run, error) {
	run := state.Run{
		ID: r.Run, Name: r.inForce().spec.Name, Payload: r.inForce().spec.Payload.String(), Session: newSession(r.Run), State: state.RunRunning,
		Daemon: r.Daemon, CreatedAt: tx.Now(), Revision: 1,
		// Bills and agreements from before the run are nobody's of ours.
		AgreementCursor: golem.NewTimestamp(tx.Now().Add(-time.Minute)),
		DebitNoteCursor: golem.NewTimestamp(tx.Now().Add(-time.Minute)),
		InvoiceCursor:   golem.NewTimestamp(tx.Now().Add(-time.Minute)),
	}
	return run, tx.CreateRun(run, applied(r.Run, r.inForce().spec, r.Overrides))
}

// newSession names the app session of a run's agreements: readable, and unique
// even if another database has a run of the same name.
func newSession(run state.RunID) string {
	var b [4]byte
	rand.Read(b[:])
	return "tasks-" + string(run) + "-" + hex.EncodeToString(b[:])
}

// revise takes the document over if it differs from the one in force, and returns
// the number of the one that is in force then. What a run cannot change is refused
// before anything is written.
func (r *runner) revise(tx *store.Tx, run state.Run) (int, error) {
	now := applied(r.Run, r.inForce().spec, r.Overrides)
	edit, err := Differences(tx, run, r.inForce().spec, false)
	if err == nil {
		err = edit.Err()
	}
	if err != nil {
		return 0, err
	}
	last, err := tx.Revision(run.ID, run.Revision)
	if err != nil {
		return 0, err
	}
	if last.Same(now) {
		return run.Revision, forgetWaiting(tx, run)
	}
	number, err := propose(tx, run, now)
	if err != nil {
		return 0, err
	}
	if err := tx.Adopt(run.ID, number, edit.Summary()); err != nil {
		return 0, err
	}
	return number, reopen(tx, run.ID, edit.Sources)
}

// reopen lets sources that have ended be read on, because they have more now.
func reopen(tx *store.Tx, run state.RunID, stages []string) error {
	cursors, err := tx.Cursors(run)
	if err != nil {
		return err
	}
	for _, stage := range stages {
		cursor := cursors[stage]
		if !cursor.Ended {
			continue
		}
		cursor.Ended = false
		if err := tx.SaveCursor(run, cursor); err != nil {
			return err
		}
	}
	return nil
}

// remember loads what the process keeps in memory: the book, and the cursors of
// the sources.
func (r *runner) remember(ctx context.Context) error {
	return r.Store.View(ctx, func(tx *store.Tx) (err error) {
		if r.cursors, err = tx.Cursors(r.Run); err != nil {
			return err
		}
		return r.openBook(tx)
	})
}

// openBook makes the book from what is recorded.
func (r *runner) openBook(tx *store.Tx) error {
	money, err := tx.Totals(r.Run)
	if err != nil {
		return err
	}
	spends, err := tx.Spends(r.Run, tx.Now().Add(-longestWindow(r.inForce().spec)))
	if err != nil {
		return err
	}
	recent := make([]ledger.Spend, len(spends))
	for i, s := range spends {
		recent[i] = ledger.Spend{At: s.At, Amount: s.Amount}
	}
	r.bookMu.Lock()
	defer r.bookMu.Unlock()
	r.book = ledger.NewBook(money.Accepted, recent)
	return nil
}

// longestWindow is how far back the budget looks, at least a day, so that a
// budget edited later finds what it needs.
func longestWindow(s *spec.Spec) time.Duration {
	longest := 24 * time.Hour
	for _, l := range s.Budget.Limits {
		longest = max(longest, l.Window)
	}
	return longest
}
