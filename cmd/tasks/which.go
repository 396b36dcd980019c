package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"tasks/runner/state"
	"tasks/runner/store"
)

// A runChoice is how a command names a run: by an argument, by --run-id, or,
// left out, the latest.
type runChoice struct {
	flag string
	args []string
}

// takesRun gives a command the argument and the flag.
func takesRun(cmd *cobra.Command, c *runChoice) {
	cmd.Flags().StringVar(&c.flag, "run-id", "", "which run (default the latest)")
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return &usageError{
				fact: fmt.Sprintf("%s takes one run, and got %d", cmd.Name(), len(args)),
				hint: "usage: " + cmd.UseLine(),
			}
		}
		if len(args) == 1 && c.flag != "" && args[0] != c.flag {
			return &usageError{
				fact: fmt.Sprintf("two runs are named: %s and --run-id %s", quote(args[0]), quote(c.flag)),
				hint: "name one of them",
			}
		}
		c.args = args
		return nil
	}
}

// name is the run asked for, or "" for the latest.
func (c runChoice) name() state.RunID {
	if len(c.args) == 1 {
		return state.RunID(c.args[0])
	}
	return state.RunID(c.flag)
}

// find is the run in the store.
func (c runChoice) find(tx *store.Tx) (state.Run, error) {
	id := c.name()
	if id == "" {
		latest, err := tx.LatestRun()
		if errors.Is(err, store.ErrNotFound) {
			return state.Run{}, &usageError{fact: "there is no run yet", hint: hintFirstRun}
		}
		if err != nil {
			return state.Run{}, err
		}
		id = latest
	}
	run, err := tx.Run(id)
	if errors.Is(err, store.ErrNotFound) {
		return run, noSuchRun(tx, id)
	}
	return run, err
}

const hintFirstRun = `start one with "tasks apply run.yaml"`

// noSuchRun asks whether a run with a similar name was meant.
func noSuchRun(tx *store.Tx, id state.RunID) error {
	runs, err := tx.Runs()
	if err != nil {
		return err
	}
	names := make([]string, len(runs))
	for i, r := range runs {
		names[i] = string(r.ID)
	}
	return &usageError{
		fact: "there is no run " + quote(string(id)),
		hint: orNearest(string(id), names, `"tasks runs" lists them`),
	}
}

// openToRead opens the database for a command that only looks.
func (a *app) openToRead(ctx context.Context) (*store.Store, error) {
	st, err := store.OpenReadOnly(ctx, a.dsn)
	if errors.Is(err, store.ErrNoDatabase) {
		return nil, &usageError{fact: "there is no database at " + a.dsn, hint: hintFirstRun + ", or name another database with --dsn"}
	}
	return st, err
}

// openToWork opens the database of runs that exist for a command that changes
// something. It makes none where there is none.
func (a *app) openToWork(ctx context.Context) (*store.Store, error) {
	look, err := a.openToRead(ctx)
	if err == nil {
		look.Close()
	} else if !errors.Is(err, store.ErrOlder) {
		return nil, err
	}
	return store.Open(ctx, a.dsn)
}

// openRun opens the database for a command that looks at one run, and finds it.
// The caller closes the store if there is no error.
func (a *app) openRun(ctx context.Context, c runChoice) (*store.Store, state.Run, error) {
	st, err := a.openToRead(ctx)
	if err != nil {
		return nil, state.Run{}, err
	}
	var run state.Run
	err = st.View(ctx, func(tx *store.Tx) error {
		run, err = c.find(tx)
		return err
	})
	if err != nil {
		st.Close()
		return nil, state.Run{}, err
	}
	return st, run, nil
}

// printJSON writes v, indented, with a line end.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
