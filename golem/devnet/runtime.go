package devnet

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"tasks/golem"
	"tasks/golem/devnet/process"
)

// An Activity names the exe-unit that a Runtime is to make.
type Activity struct {
	ID        golem.ActivityID
	Agreement golem.AgreementID
	Provider  Provider
	Demand    golem.Properties // the requestor's side of the agreement

	files *workspace // the server's
}

// A Runner runs the commands of one activity. Run is called for one command at
// a time, CPU and Close at any time; after Close nothing may be left running.
type Runner interface {
	// Run runs one command to its end, or until ctx is done.
	Run(ctx context.Context, run golem.Run, out process.Sink) process.Outcome
	// CPU is the processor time used so far, a running command included. It
	// never shrinks.
	CPU() time.Duration
	Close() error
}

// A Runtime makes the exe-unit of a new activity, when the provider spawns it.
// An error is a provider that cannot start it.
type Runtime func(Activity) (Runner, error)

// processes is the Runtime of real processes: every activity has a directory
// below the workspace, and slower providers take longer.
func (s *Server) processes(a Activity) (Runner, error) {
	root, err := s.files.open()
	if err != nil {
		return nil, fmt.Errorf("open workspace: %w", err)
	}
	box, err := process.Open(process.Options{
		Dir:      filepath.Join(root, string(a.ID)),
		Slowdown: a.Provider.slowdown(),
		Env:      caches(),
	})
	if err != nil {
		return nil, err
	}
	return sandbox{box, a.Provider.slowdown()}, nil
}

// caches points programs to a place for what is dear to make again, such as
// compiled kernels. It outlives activities and devnets, as what an image brings
// along would; without a home directory programs make everything anew.
func caches() map[string]string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil
	}
	return map[string]string{"XDG_CACHE_HOME": filepath.Join(dir, "tasks-devnet")}
}

// A sandbox reports the processor time that the slower provider would have
// needed.
type sandbox struct {
	*process.Sandbox
	slowdown float64
}

func (b sandbox) CPU() time.Duration {
	return time.Duration(float64(b.Sandbox.CPU()) * b.slowdown)
}

// A Reply is what a command does in an Instant runtime. The zero Reply is a
// command that takes no time and says nothing.
type Reply struct {
	Stdout, Stderr string
	ExitCode       int
	Err            error         // fails without an exit code
	Wall           time.Duration // how long it takes, in the time of the time package
	CPU            time.Duration // processor time, used evenly over Wall
	// Files are written when the command ends, by container path, each in a
	// volume. Transfers find them.
	Files map[string]string
}

// Instant returns a Runtime without processes: answer says what each command
// does on each provider. Replies are taken as they are, without regard to the
// provider's Speed; output comes in one piece at the end of Wall. In a
// testing/synctest bubble Wall costs nothing.
func Instant(answer func(golem.Run, Provider) Reply) Runtime {
	return func(a Activity) (Runner, error) {
		return &instant{answer: answer, provider: a.Provider, instantFiles: instantFiles{files: a.files, id: a.ID}}, nil
	}
}

type instant struct {
	instantFiles
	answer   func(golem.Run, Provider) Reply
	provider Provider

	mu      sync.Mutex
	used    time.Duration // by commands that are over
	current *Reply
	since   time.Time
}

func (i *instant) Run(ctx context.Context, run golem.Run, out process.Sink) process.Outcome {
	reply := i.answer(run, i.provider)
	i.begin(&reply)
	err := context.Cause(ctx)
	if err == nil && reply.Wall > 0 {
		err = sleep(ctx, reply.Wall)
	}
	wall := i.finish(err == nil)
	if err != nil {
		out = nil
	}
	stdout := process.Keep("stdout", reply.Stdout, stdoutMode(run), out)
	stderr := process.Keep("stderr", reply.Stderr, stderrMode(run), out)
	if err == nil {
		err = cmp.Or(reply.Err, i.put(reply.Files))
	}
	return process.Outcome{
		ExitCode: reply.ExitCode,
		Stdout:   stdout,
		Stderr:   stderr,
		Err:      err,
		CPU:      reply.CPU,
		Wall:     wall,
	}
}

func (i *instant) begin(reply *Reply) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.current, i.since = reply, time.Now()
}

func (i *instant) finish(whole bool) time.Duration {
	i.mu.Lock()
	defer i.mu.Unlock()
	if whole {
		i.used += i.current.CPU
	} else {
		i.used += i.partLocked()
	}
	i.current = nil
	return time.Since(i.since)
}

// partLocked is the processor time of the running command so far.
func (i *instant) partLocked() time.Duration {
	if i.current == nil || i.current.Wall <= 0 {
		return 0
	}
	part := min(1, float64(time.Since(i.since))/float64(i.current.Wall))
	return time.Duration(part * float64(i.current.CPU))
}

func (i *instant) CPU() time.Duration {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.used + i.partLocked()
}

func (i *instant) Close() error { return i.remove() }

func stdoutMode(run golem.Run) *golem.CaptureMode {
	if run.Capture == nil {
		return nil
	}
	return run.Capture.Stdout
}

func stderrMode(run golem.Run) *golem.CaptureMode {
	if run.Capture == nil {
		return nil
	}
	return run.Capture.Stderr
}
