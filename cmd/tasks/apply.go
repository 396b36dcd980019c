package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"tasks/runner"
	"tasks/runner/report"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

type applyOptions struct {
	file        string
	run         string
	retryFailed bool
	overrides   spec.Overrides
	verbose     bool
	watch       bool
}

func (a *app) applyCommand() *cobra.Command {
	var o applyOptions
	cmd := &cobra.Command{
		Use:     "apply run.yaml [more.yaml...]",
		Aliases: []string{"run"},
		Short:   "Run a spec, carry on with a run that was interrupted, or edit one that is live",
		Long: `apply runs a spec to its end and then prints how it went. With the id of a run that
was stopped, interrupted or exhausted its budget, it carries on where that one was.

With the id of a run that is live in another process, it shows what the document
and the flags change in it. That process takes the changes over between two
decisions and keeps its workers; what a run cannot change, such as its payload, is
refused, and then nothing changes. With --watch that happens at every save of the
file, for as long as the run is live.

Several files are one spec: mappings are merged, and everything else of a later file
takes the place of what an earlier one says.

The first Ctrl-C lets running tasks finish, ends agreements and waits for their
invoices; the second leaves at once; the third exits.`,
		GroupID: groupRun,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return nil
			}
			return &usageError{
				fact: fmt.Sprintf("%s wants a file", cmd.Name()),
				hint: "usage: " + cmd.UseLine(),
			}
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.file, o.overrides.Over = args[0], args[1:]
			if o.watch && len(args) > 1 {
				return &usageError{fact: "--watch watches one file, and there are several", hint: "leave out --watch, and apply the files again after an edit"}
			}
			return a.apply(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.run, "run-id", "", "name of the run (default random)")
	flags.BoolVar(&o.retryFailed, "retry-failed", false, "try the tasks of the run again that failed for good, also where it had ended")
	overrideFlags(flags, &o.overrides)
	flags.BoolVar(&o.watch, "watch", false, "take the file over again at every save, for as long as the run is live")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "log every change to standard error")
	return cmd
}

// apply checks everything that can be checked before anything is opened.
func (a *app) apply(ctx context.Context, o applyOptions) error {
	o.overrides.Env = os.LookupEnv
	s, set, err := a.loadSpec(o.file, o.overrides)
	if err != nil {
		return err
	}
	id, err := runID(o.run)
	if err != nil {
		return err
	}
	defer surviveBrokenPipes()()
	st, err := store.Open(ctx, a.dsn)
	if err != nil {
		return err
	}
	defer st.Close()
	if err := a.checkRetry(ctx, st, o); err != nil {
		return err
	}
	lock, err := runner.AcquireLock(a.dsn, id)
	if errors.Is(err, runner.ErrLocked) {
		lock, err = a.edit(ctx, st, id, s, o.overrides)
		if err == nil && lock == nil && o.watch {
			return a.watchOther(ctx, st, id, o, s.Text)
		}
	}
	if err != nil || lock == nil {
		return err
	}
	defer lock.Release()
	if err := a.sayChanges(ctx, st, id, s); err != nil {
		return err
	}
	d, err := a.openDaemon()
	if err != nil {
		return err
	}
	defer d.close()
	if err := checkBudget(ctx, runner.SurveyOptions{Store: st, Spec: s, Policies: set, Client: d.client}, id); err != nil {
		return err
	}
	return a.carryOut(ctx, o, runner.Options{
		Store: st, Run: id, Spec: s, Policies: set, Overrides: o.overrides, Secrets: &a.secrets, Client: d.client, Daemon: d.name,
		Scratch: filepath.Join(a.dsn+".files", string(id)), RetryFailed: o.retryFailed,
	}, d)
}

// checkRetry refuses to try failed tasks again where there can be none, and says
// how many there are. A process that works on the run is asked by "tasks retry".
func (a *app) checkRetry(ctx context.Context, st *store.Store, o applyOptions) error {
	switch {
	case !o.retryFailed:
		return nil
	case o.run == "":
		return &usageError{fact: "--retry-failed wants to know of which run", hint: `name it with --run-id; "tasks runs" lists them`}
	}
	run, failed, err := failedIn(ctx, st, runChoice{flag: o.run})
	switch {
	case err != nil:
		return err
	case a.live(run.ID):
		return &usageError{
			fact: fmt.Sprintf("another process works on run %s", run.ID),
			hint: fmt.Sprintf(`"tasks retry %s" asks it to try failed tasks again`, run.ID),
		}
	case failed == 0:
		fmt.Fprintf(a.err, "no task of run %s failed for good\n", run.ID)
	default:
		fmt.Fprintf(a.err, "trying %s again that failed for good\n", number(int(failed), "task"))
	}
	return nil
}

// checkBudget refuses a new run that nobody can be hired for. One that exists may
// have machines, and settles its bills in any case.
func checkBudget(ctx context.Context, o runner.SurveyOptions, id state.RunID) error {
	err := o.Store.View(ctx, func(tx *store.Tx) error {
		_, err := tx.Run(id)
		return err
	})
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if _, o.Run, err = report.NewForecast(nil, id, false, o.Spec, o.Policies); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	return runner.CheckBudget(ctx, o)
}

// carryOut runs the run with its progress in view, and shows how it ended.
func (a *app) carryOut(ctx context.Context, o applyOptions, ro runner.Options, d *daemon) error {
	p := a.startProgress(ro.Store, ro.Run, o.verbose)
	asked, stop := stopOnSignals(ctx, p.say)
	defer context.AfterFunc(asked, p.ending)()
	ro.Log, ro.Hurry, ro.Copies = p.log, stop.hurry, p.copies
	watched := a.startWatch(asked, ro, o, p)
	ended, err := runner.Run(asked, ro)
	watched()
	stop.close()
	p.close()
	switch {
	case stop.stopped() && errors.Is(err, context.Canceled):
		err = &endedError{state.RunInterrupted} // before there was anything to wind down
	case err != nil:
		err = d.blame(err)
	}
	return a.showEnd(ro.Store, ro.Run, strings.Join(append([]string{o.file}, o.overrides.Over...), " "), ended, err)
}

// startWatch gives saves of the document to the run of this process, if that is
// asked for, until it is stopped.
func (a *app) startWatch(ctx context.Context, ro runner.Options, o applyOptions, p *progress) (stop func()) {
	if !o.watch {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		a.watchOwn(ctx, ro.Store, ro.Run, o, ro.Spec.Text, func(lines []byte) { _, _ = p.Write(lines) })
	})
	return func() {
		cancel()
		wg.Wait()
	}
}
