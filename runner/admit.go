package runner

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"time"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner/ledger"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

// ErrChanged is wrapped when the document of a run that exists differs in what a
// run cannot change; the text names it.
var ErrChanged = errors.New("the run was started with other tasks")

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
	return r.remember(ctx)
}

func (r *runner) create(tx *store.Tx) (state.Run, error) {
	run := state.Run{
		ID: r.Run, Name: r.inForce().spec.Name, Session: newSession(r.Run), State: state.RunRunning,
		Daemon: r.Daemon, CreatedAt: tx.Now(), Revision: 1,
		// Bills and agreements from before the run are nobody's of ours.
		AgreementCursor: golem.NewTimestamp(tx.Now().Add(-time.Minute)),
		DebitNoteCursor: golem.NewTimestamp(tx.Now().Add(-time.Minute)),
		InvoiceCursor:   golem.NewTimestamp(tx.Now().Add(-time.Minute)),
	}
	return run, tx.CreateRun(run, r.applied())
}

// newSession names the app session of a run's agreements: readable, and unique
// even if another database has a run of the same name.
func newSession(run state.RunID) string {
	var b [4]byte
	rand.Read(b[:])
	return "tasks-" + string(run) + "-" + hex.EncodeToString(b[:])
}

// applied is the document that the process was started with, as it is recorded.
func (r *runner) applied() state.Revision {
	o, s := r.Overrides, r.inForce().spec
	return state.Revision{
		Run: r.Run, File: s.File, Dir: s.Dir, Text: s.Kept,
		Workers: o.Workers, MaxPrice: o.MaxPrice, Budget: o.Budget,
	}
}

// revise records the document if it differs from the last one applied, and returns
// the number of the one in force.
func (r *runner) revise(tx *store.Tx, run state.Run) (int, error) {
	last, err := tx.Revision(run.ID, run.Revision)
	if err != nil {
		return 0, err
	}
	now := r.applied()
	if string(last.Text) == string(now.Text) && last.Dir == now.Dir &&
		last.Workers == now.Workers && last.MaxPrice == now.MaxPrice && last.Budget == now.Budget {
		return run.Revision, nil
	}
	before, list := spec.Parse(last.File, last.Text, last.Dir, spec.Overrides{})
	if len(list) == 0 {
		if what := Unchangeable(before, r.inForce().spec); what != "" {
			return 0, fmt.Errorf("%w: %s differs from revision %d; choose another --run-id to start anew", ErrChanged, what, run.Revision)
		}
	}
	return tx.AddRevision(now)
}

// Unchangeable names the first part of a document that a run which exists
// cannot take over, or "".
func Unchangeable(before, now *spec.Spec) string {
	if !reflect.DeepEqual(before.Payload, now.Payload) {
		return "payload"
	}
	if before.Golem.Network != now.Golem.Network {
		return "golem.network"
	}
	stages := map[string]spec.Stage{}
	for _, s := range now.Stages {
		stages[s.Name] = s
	}
	for _, s := range before.Stages {
		other, ok := stages[s.Name]
		if !ok || !sameSource(s.From, other.From) {
			return "the source of stage " + s.Name
		}
	}
	return ""
}

func sameSource(a, b *spec.Source) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, y := *a, *b
	x.Place, y.Place = spec.Source{}.Place, spec.Source{}.Place
	return reflect.DeepEqual(x, y)
}

// remember loads what the process keeps in memory: the book, and the cursors of
// the sources.
func (r *runner) remember(ctx context.Context) error {
	return r.Store.View(ctx, func(tx *store.Tx) (err error) {
		if r.cursors, err = tx.Cursors(r.Run); err != nil {
			return err
		}
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
		r.book = ledger.NewBook(money.Accepted, recent)
		r.setEnv(policies.Run{ID: string(r.Run), Name: r.inForce().spec.Name, Spent: money.Accepted.InexactFloat64()})
		return nil
	})
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
