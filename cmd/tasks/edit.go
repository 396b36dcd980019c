package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"tasks/runner"
	"tasks/runner/report"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

const (
	// editWait is how long a live run may take to answer an edit: one that winds
	// down answers by its end.
	editWait = 2 * time.Minute
	// beginWait is how long a run that somebody has just started may take to be
	// recorded.
	beginWait = 10 * time.Second
	// patienceAfter is when whoever waits is told why it may take longer.
	patienceAfter = 4 * time.Second
)

// edit gives the document of an apply to the process that works on the run, and
// shows what it changes and what came of it. Where that process ends before it
// takes the document over, edit returns the lock of the run, and the caller carries
// it on; else nil.
func (a *app) edit(ctx context.Context, st *store.Store, id state.RunID, s *spec.Spec, o spec.Overrides) (*runner.Lock, error) {
	interrupted, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	p, err := a.propose(interrupted, st, id, s, o)
	if err != nil {
		return nil, err
	}
	shown := report.Edited{RunID: id, Revision: p.Number, Changes: p.Changes, TakenOver: true}
	if !p.Waits {
		return nil, a.showEdited(shown)
	}
	lock, err := a.answer(interrupted, st, id, p.Number)
	if err != nil && interrupted.Err() != nil {
		fmt.Fprintf(a.err, "tasks: not waiting any more; revision %d stays recorded for run %s to take over\n", p.Number, id)
		return nil, &endedError{state.RunInterrupted}
	}
	if err != nil || lock != nil {
		return lock, err
	}
	return nil, a.showEdited(shown)
}

// propose records the document for a live run.
func (a *app) propose(ctx context.Context, st *store.Store, id state.RunID, s *spec.Spec, o spec.Overrides) (runner.Proposal, error) {
	for began := time.Now(); ; {
		p, err := runner.Propose(ctx, st, id, s, o)
		if !errors.Is(err, store.ErrNotFound) || !a.live(id) {
			return p, err
		}
		if time.Since(began) > beginWait {
			return p, fmt.Errorf("%w: run %s, which is not recorded yet", runner.ErrLocked, id)
		}
		if err := sleep(ctx, awaitEvery); err != nil {
			return p, err
		}
	}
}

// answer waits until the live run has taken a revision over (nil, nil), has refused
// it (the error wraps runner.ErrChanged), or has ended without an answer (its
// lock).
func (a *app) answer(ctx context.Context, st *store.Store, id state.RunID, number int) (*runner.Lock, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, editWait, &hintedError{
		error: fmt.Errorf("run %s has not answered within %s", id, editWait),
		hint:  fmt.Sprintf("revision %d stays recorded, and the run takes it over when it can; tasks explain shows whether it has", number),
	})
	defer cancel()
	patience := time.AfterFunc(patienceAfter, func() {
		fmt.Fprintf(a.err, "tasks: waiting for run %s, which may be on its way to its end\n", id)
	})
	defer patience.Stop()
	for {
		// Asked before the records are read: one that has ended has answered before.
		live := a.live(id)
		answered, err := answered(ctx, st, id, number)
		if err != nil || answered {
			return nil, err
		}
		if !live {
			lock, err := runner.AcquireLock(a.dsn, id)
			if !errors.Is(err, runner.ErrLocked) {
				return lock, err
			}
		}
		if err := sleep(ctx, awaitEvery); err != nil {
			return nil, err
		}
	}
}

// answered reports whether a revision was taken over; the error wraps
// runner.ErrChanged if it was refused.
func answered(ctx context.Context, st *store.Store, id state.RunID, number int) (yes bool, err error) {
	err = st.View(ctx, func(tx *store.Tx) error {
		rev, err := tx.Revision(id, number)
		if err != nil {
			return err
		}
		if rev.Refused != "" {
			return refusedLate(rev.Refused)
		}
		run, err := tx.Run(id)
		if yes = !rev.AdoptedAt.IsZero(); err != nil || yes || run.Proposed == number {
			return err
		}
		return fmt.Errorf("%w: another document was applied since", runner.ErrChanged)
	})
	return yes, err
}

// refusedLate is the reason of a run that has said no, which has the words of the
// error in front.
func refusedLate(why string) error {
	prefix := runner.ErrChanged.Error() + ": "
	if len(why) > len(prefix) && why[:len(prefix)] == prefix {
		why = why[len(prefix):]
	}
	return fmt.Errorf("%w: %s", runner.ErrChanged, why)
}

// showEdited prints what an edit changed.
func (a *app) showEdited(e report.Edited) error {
	if a.json() {
		return a.printJSON(e)
	}
	if len(e.Changes) == 0 {
		_, err := fmt.Fprintf(a.out, "run %s goes on by revision %d: nothing changes\n", e.RunID, e.Revision)
		return err
	}
	if _, err := fmt.Fprintf(a.out, "run %s goes on by revision %d:\n", e.RunID, e.Revision); err != nil {
		return err
	}
	return writeChanges(a.out, e.Changes)
}

// writeChanges writes a line for each, in the words of the document.
func writeChanges(out io.Writer, changes []spec.Change) error {
	for _, c := range changes {
		if _, err := fmt.Fprintf(out, "  %s\n", oneLine(c.String())); err != nil {
			return err
		}
	}
	return nil
}

// sayChanges tells standard error what a run that is carried on takes over, and
// refuses what it cannot before anything is opened.
func (a *app) sayChanges(ctx context.Context, st *store.Store, id state.RunID, s *spec.Spec) error {
	var edit runner.Edit
	err := st.View(ctx, func(tx *store.Tx) error {
		run, err := tx.Run(id)
		if err == nil && !run.State.Final() {
			edit, err = runner.Differences(tx, run, s, false)
		}
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil {
		err = edit.Err()
	}
	if err != nil || len(edit.Changes) == 0 {
		return err
	}
	fmt.Fprintf(a.err, "tasks: run %s is carried on with changes:\n", id)
	return writeChanges(a.err, edit.Changes)
}
