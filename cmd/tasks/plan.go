package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tasks/policies"
	"tasks/runner"
	"tasks/runner/report"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

type planOptions struct {
	file      string
	run       string
	overrides spec.Overrides
	taskTime  time.Duration
	exitCode  bool
}

func (a *app) planCommand() *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use:   "plan run.yaml [more.yaml...]",
		Short: "Show what apply would do and cost: offers, prices, changes; nothing is spent",
		Long: `plan asks the market which offers there are, judges them by the spec's policies as
apply would, and shows which would be chosen, which rules reject the others, what an
hour costs and when the budget ends. With the id of a run that exists, it also shows
what apply of this file would change.

Several files are one spec, as they are for apply.

It spends nothing, negotiates with nobody, and leaves nothing at the daemon and
nothing in the database.`,
		GroupID: groupRun,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return nil
			}
			return &usageError{fact: "plan wants a file", hint: "usage: " + cmd.UseLine()}
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.file, o.overrides.Over = args[0], args[1:]
			if o.taskTime < 0 {
				return &usageError{fact: "--task-time is below 0", hint: "it wants how long one task takes, such as 30s"}
			}
			return a.plan(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.run, "run-id", "", "run that the file would be applied to (default a new one)")
	overrideFlags(flags, &o.overrides)
	flags.DurationVar(&o.taskTime, "task-time", 0, "a guess how long one task takes (default what earlier runs of this name took)")
	flags.BoolVar(&o.exitCode, "exit-code", false, "end with 6 if apply would do or change something, 0 if nothing")
	return cmd
}

// errToDo is the end of a plan --exit-code by which something is to be done.
var errToDo = errors.New("there is something to do")

func (a *app) plan(ctx context.Context, o planOptions) error {
	s, set, err := a.loadSpec(o.file, o.overrides)
	if err != nil {
		return err
	}
	if o.run != "" {
		if _, err := runID(o.run); err != nil {
			return err
		}
	}
	// A signal ends what was asked of the daemon before it ends the process.
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	st, err := store.OpenReadOnly(ctx, a.dsn)
	switch {
	case errors.Is(err, store.ErrNoDatabase):
		st = nil // no run has been applied yet
	case err != nil:
		return err
	default:
		defer st.Close()
	}
	f, err := a.forecast(ctx, o, st, s, set)
	if err != nil {
		return err
	}
	if err := a.showForecast(f); err != nil {
		return err
	}
	if o.exitCode && !f.NothingToDo() {
		return errToDo
	}
	return nil
}

// forecast reads the records and, unless the run has come to its end, asks the
// market.
func (a *app) forecast(ctx context.Context, o planOptions, st *store.Store, s *spec.Spec, set *policies.Set) (report.Forecast, error) {
	f, env, past, err := a.readForecast(ctx, o, st, s, set)
	if err != nil || f.State.Final() {
		return f, err
	}
	d, err := a.openDaemon()
	if err != nil {
		return f, err
	}
	defer d.close()
	market, err := runner.TakeSurvey(ctx, runner.SurveyOptions{Store: st, Spec: s, Policies: set, Client: d.client, Run: env})
	if err != nil {
		if ctx.Err() != nil {
			return f, ctx.Err()
		}
		return f, d.blame(err)
	}
	f.Daemon = d.name
	if o.taskTime > 0 {
		f.Price(market, o.taskTime, "flag")
	} else {
		f.Price(market, past, "history")
	}
	return f, nil
}

// readForecast is what the database says: of the run, and how long tasks took in
// earlier ones.
func (a *app) readForecast(ctx context.Context, o planOptions, st *store.Store, s *spec.Spec, set *policies.Set) (
	f report.Forecast, env policies.Run, past time.Duration, err error) {
	id := state.RunID(o.run)
	if st == nil {
		f, env, err = report.NewForecast(nil, id, false, s, set)
		return f, env, 0, err
	}
	live := id != "" && a.live(id)
	err = st.View(ctx, func(tx *store.Tx) (err error) {
		if past, _, err = tx.TaskTime(s.Name); err != nil {
			return err
		}
		known := tx
		if _, err := tx.Run(id); errors.Is(err, store.ErrNotFound) {
			known = nil
		} else if err != nil {
			return err
		}
		f, env, err = report.NewForecast(known, id, live, s, set)
		return err
	})
	return f, env, past, err
}
