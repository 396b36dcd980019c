package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"tasks/runner"
)

// A stopper turns signals into a polite end (the first), a quick one (the
// second), and none at all (the third exits).
type stopper struct {
	signals chan os.Signal
	done    chan struct{}
	ended   chan struct{}

	first chan struct{} // closed by the first signal
	hurry chan struct{} // closed by the second signal
}

// stopOnSignals returns a context that the first signal ends. The caller calls
// close.
func stopOnSignals(ctx context.Context, say func(string)) (context.Context, *stopper) {
	ctx, cancel := context.WithCancelCause(ctx)
	s := &stopper{
		signals: make(chan os.Signal, 3), done: make(chan struct{}),
		ended: make(chan struct{}), first: make(chan struct{}), hurry: make(chan struct{}),
	}
	signal.Notify(s.signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		signal.Notify(s.signals, syscall.SIGHUP)
	}
	go func() {
		defer close(s.ended)
		defer cancel(nil)
		s.follow(cancel, say)
	}()
	return ctx, s
}

// echo is how soon after one signal another is taken for the same: a program in
// between, such as timeout(1), sends it to us and then to the whole group.
const echo = 250 * time.Millisecond

func (s *stopper) follow(cancel context.CancelCauseFunc, say func(string)) {
	var last time.Time
	for n := 0; ; {
		select {
		case <-s.done:
			return
		case sig := <-s.signals:
			if time.Since(last) < echo {
				continue
			}
			last = time.Now()
			n++
			switch n {
			case 1:
				say("stopping: no new work; " + deadlines() + " (again to leave at once)")
				close(s.first)
				cancel(fmt.Errorf("got signal %v", sig))
			case 2:
				say("leaving at once: nothing more is ended at the daemon")
				close(s.hurry)
			default:
				os.Exit(exitInterrupted)
			}
		}
	}
}

// deadlines says how long the end of a run may take.
func deadlines() string {
	return fmt.Sprintf("running tasks have %s to finish, invoices %s to come",
		elapsed(runner.DefaultDrainTimeout), elapsed(runner.DefaultInvoiceWait))
}

// stopped tells whether a signal came.
func (s *stopper) stopped() bool {
	select {
	case <-s.first:
		return true
	default:
		return false
	}
}

// close gives the signals back to the system.
func (s *stopper) close() {
	signal.Stop(s.signals)
	close(s.done)
	<-s.ended
}

// surviveBrokenPipes lets writes to a pipe that nobody reads fail, where they
// would end the process, until the function it returns is called. The signal is
// caught and not ignored, because programs that the devnet starts would inherit
// the latter.
func surviveBrokenPipes() (restore func()) {
	nobody := make(chan os.Signal, 1)
	signal.Notify(nobody, syscall.SIGPIPE)
	return func() { signal.Stop(nobody) }
}

// sleep waits for d to pass, or returns why ctx ended.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
