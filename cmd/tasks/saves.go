package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"tasks/runner"
	"tasks/runner/state"
	"tasks/runner/store"
)

const (
	// lookEvery is how often a watched file is looked at. That works where
	// notices of the system do not, such as on network drives, and for editors
	// that replace a file by another one.
	lookEvery = 300 * time.Millisecond
	// restFor is for how long a file has to be left alone before it is read.
	restFor = 200 * time.Millisecond
)

// A saved file is one that is looked at for edits.
type saved struct {
	path string
	text []byte      // as it was read last
	seen os.FileInfo // when that was; nil to look inside

	while func() bool // it is looked at; nil is for ever
}

// errNotWatched says that nobody is interested in a file any more.
var errNotWatched = errors.New("not watched any more")

// next waits until the file has another text and is at rest. It returns ctx's
// error, or errNotWatched. A file that is not there, or cannot be read, is on its way.
func (f *saved) next(ctx context.Context) error {
	for {
		if err := sleep(ctx, lookEvery); err != nil {
			return err
		}
		if f.while != nil && !f.while() {
			return errNotWatched
		}
		info, err := os.Stat(f.path)
		if err != nil || f.seen != nil && same(f.seen, info) {
			continue
		}
		if err := sleep(ctx, restFor); err != nil {
			return err
		}
		again, err := os.Stat(f.path)
		if err != nil || !same(info, again) {
			continue
		}
		text, err := os.ReadFile(f.path)
		if err != nil {
			continue
		}
		f.seen = info
		if !bytes.Equal(f.text, text) {
			f.text = text
			return nil
		}
	}
}

func same(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// watchOwn gives every save of the document to the run of this process, until ctx
// ends. The run itself says what it takes over; say shows what is wrong.
func (a *app) watchOwn(ctx context.Context, st *store.Store, id state.RunID, o applyOptions, text []byte, show func([]byte)) {
	file := &saved{path: o.file, text: text}
	for file.next(ctx) == nil {
		s, _, err := a.loadSpec(o.file, o.overrides)
		if err == nil {
			_, err = runner.Propose(ctx, st, id, s, o.overrides)
		}
		if err != nil && ctx.Err() == nil {
			show(a.complaint(err))
		}
	}
}

// watchOther gives every save of the document to the process that works on the
// run, until that ends. What is wrong with a save is shown, and changes nothing.
func (a *app) watchOther(ctx context.Context, st *store.Store, id state.RunID, o applyOptions, text []byte) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	fmt.Fprintf(a.err, "tasks: watching %s; Ctrl-C ends that and leaves the run alone\n", o.file)
	file := &saved{path: o.file, text: text, while: func() bool { return a.live(id) }}
	for {
		err := file.next(ctx)
		if errors.Is(err, errNotWatched) {
			fmt.Fprintf(a.err, "tasks: run %s is not live any more\n", id)
			return nil
		}
		if err != nil {
			return &endedError{state.RunInterrupted} // a signal: no more than the watching ends
		}
		if err := a.resubmit(ctx, st, id, o); err != nil && ctx.Err() == nil {
			a.complain(err)
		}
	}
}

// resubmit applies the document as it is now to a run that another process works
// on.
func (a *app) resubmit(ctx context.Context, st *store.Store, id state.RunID, o applyOptions) error {
	s, _, err := a.loadSpec(o.file, o.overrides)
	if err != nil {
		return err
	}
	lock, err := a.edit(ctx, st, id, s, o.overrides)
	if lock != nil {
		fmt.Fprintf(a.err, "tasks: run %s ended before it took that over; apply carries it on\n", id)
		err = errors.Join(err, lock.Release())
	}
	return err
}
