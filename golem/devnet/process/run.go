package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"tasks/golem"
)

// ErrTimeout is the Err of a command that ran for longer than CommandTimeout.
var ErrTimeout = errors.New("command timed out")

// lingering is how long a stream is read on after the command itself ended,
// because a process that it left behind may hold it open for ever.
const lingering = 200 * time.Millisecond

// A Sink receives the output of a command whose capture mode is stream, as it
// comes and up to the mode's limit. stream is "stdout" or "stderr"; the chunk is
// the receiver's to keep. The two streams may call at once. A Sink that does not
// return holds the command up.
type Sink func(stream string, chunk []byte)

// An Outcome is what came of one command.
type Outcome struct {
	ExitCode       int          // 128 + n for a death by signal n; -1 if Err is set
	Stdout, Stderr golem.Output // as the capture modes ask; nil if empty or not asked for

	// Err says why there is no exit code: the program cannot be started, or did
	// not end by itself (ErrTimeout, ErrClosed, or the cause of the context's
	// end). An exit code other than 0 is no Err.
	Err error

	CPU  time.Duration // user and system time of the program and those it waited for
	Wall time.Duration // as the requestor sees it: stretched by Slowdown
}

// Run runs one command to its end. The program starts in Dir/golem/work with no
// input, and sees its arguments with volume paths mapped. sink may be nil.
func (s *Sandbox) Run(ctx context.Context, run golem.Run, sink Sink) Outcome {
	if !s.enter() {
		return Outcome{ExitCode: -1, Err: ErrClosed}
	}
	defer s.runs.Done()

	ctx, cancel := context.WithTimeoutCause(ctx, s.o.CommandTimeout, fmt.Errorf("%w after %v", ErrTimeout, s.o.CommandTimeout))
	defer cancel()
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	defer context.AfterFunc(s.ctx, func() { abort(ErrClosed) })()

	var modes golem.Capture
	if run.Capture != nil {
		modes = *run.Capture
	}
	maps := s.paths()
	stdout := newCapture("stdout", modes.Stdout, s.o.OutputLimit, sink, maps)
	stderr := newCapture("stderr", modes.Stderr, s.o.OutputLimit, sink, maps)

	start := time.Now()
	out := s.exec(ctx, s.command(run), stdout, stderr)
	if out.Err == nil {
		out.Err = s.stretch(ctx, time.Since(start))
	}
	if out.Err != nil {
		out.ExitCode = -1
	}
	out.Wall = time.Since(start)
	out.Stdout, out.Stderr = stdout.finish(), stderr.finish()
	return out
}

func (s *Sandbox) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.runs.Add(1)
	return true
}

func (s *Sandbox) command(run golem.Run) *exec.Cmd {
	maps := s.paths()
	args := make([]string, len(run.Args))
	for i, a := range run.Args {
		args[i] = maps.in(a)
	}
	cmd := exec.Command(maps.in(run.EntryPoint), args...)
	cmd.Dir = filepath.Join(s.o.Dir, workDir)
	cmd.Env = s.env
	cmd.SysProcAttr = ownGroup()
	return cmd
}

// exec starts the command, reads its streams and waits for its end.
func (s *Sandbox) exec(ctx context.Context, cmd *exec.Cmd, stdout, stderr io.Writer) Outcome {
	readers, err := s.attach(cmd, stdout, stderr)
	if err != nil {
		return Outcome{Err: s.startError(cmd, err)}
	}
	// The kernel kills the child when the thread that started it ends, so the
	// thread must live as long as the child.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err = cmd.Start()
	readers.started()
	if err != nil {
		return Outcome{Err: s.startError(cmd, err)}
	}
	g := s.track(cmd.Process.Pid)
	stop := context.AfterFunc(ctx, func() { killGroup(g.id) })
	err = cmd.Wait()
	stop()
	s.ended(g, cmd.ProcessState)
	readers.wait()
	return outcome(ctx, cmd.ProcessState, err)
}

// startError names the program as the requestor did.
func (s *Sandbox) startError(cmd *exec.Cmd, err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	if ee, ok := errors.AsType[*exec.Error](err); ok {
		err = ee.Err
	}
	return fmt.Errorf("start %s: %w", s.paths().out([]byte(cmd.Args[0])), err)
}

func outcome(ctx context.Context, state *os.ProcessState, err error) Outcome {
	var out Outcome
	if state != nil {
		out.CPU = state.UserTime() + state.SystemTime()
		out.ExitCode = exitCode(state)
	}
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		err = nil
	}
	if err == nil && ctx.Err() != nil && !state.Exited() {
		err = context.Cause(ctx) // it was we who killed it
	}
	out.Err = err
	return out
}

// stretch waits for what a slower computer would still have needed.
func (s *Sandbox) stretch(ctx context.Context, took time.Duration) error {
	more := time.Duration(float64(took) * (s.o.Slowdown - 1))
	if more <= 0 {
		return nil
	}
	timer := time.NewTimer(more)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// readers are the goroutines that read a command's streams.
type readers struct {
	childEnds []*os.File
	done      chan struct{} // closed when both streams ended
}

// attach gives the command its streams. The reading goes on, into nothing, after
// the command's end if a process that it left behind keeps writing; Close ends
// that.
func (s *Sandbox) attach(cmd *exec.Cmd, stdout, stderr io.Writer) (*readers, error) {
	r := &readers{done: make(chan struct{})}
	var both sync.WaitGroup
	for _, stream := range []struct {
		child *io.Writer
		to    io.Writer
	}{{&cmd.Stdout, stdout}, {&cmd.Stderr, stderr}} {
		ours, theirs, err := os.Pipe()
		if err != nil {
			r.started()
			return nil, err
		}
		*stream.child = theirs
		r.childEnds = append(r.childEnds, theirs)
		s.hold(ours)
		both.Add(1)
		s.readers.Go(func() {
			defer both.Done()
			defer s.release(ours)
			_, _ = io.Copy(stream.to, ours)
		})
	}
	s.readers.Go(func() {
		both.Wait()
		close(r.done)
	})
	return r, nil
}

// started closes our copies of the command's ends, so that the streams end with
// the processes that hold them.
func (r *readers) started() {
	for _, f := range r.childEnds {
		_ = f.Close()
	}
}

// wait waits until both streams ended, but not for those whom the command left
// behind.
func (r *readers) wait() {
	timer := time.NewTimer(lingering)
	defer timer.Stop()
	select {
	case <-r.done:
	case <-timer.C:
	}
}

func (s *Sandbox) hold(f *os.File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams[f] = struct{}{}
}

func (s *Sandbox) release(f *os.File) {
	s.mu.Lock()
	delete(s.streams, f)
	s.mu.Unlock()
	_ = f.Close()
}
