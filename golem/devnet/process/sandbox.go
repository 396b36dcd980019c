package process

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// ErrClosed is the Err of a command whose Sandbox was closed before it ended.
var ErrClosed = errors.New("activity is closed")

// Options say how the commands of one activity run.
type Options struct {
	// Dir is the activity's own directory. Open creates it, with its parents, or
	// takes it over if it is empty; Close removes it. Its path may hold letters,
	// digits and /._-+@%,= only, because it is put into shell text unquoted.
	Dir string

	// Volumes are the container paths that are mapped into Dir: absolute, clean,
	// of the same characters. Nil means /golem/work, /golem/input, /golem/output
	// and /golem/resource. Commands start in Dir/golem/work in any case.
	Volumes []string

	// Env is added to the environment of every command, which is otherwise PATH,
	// HOME, TMPDIR and LANG. Volume paths in its values are mapped.
	Env map[string]string

	// OutputLimit bounds what is kept of each stream of one command, in bytes,
	// whatever its capture asks for. 0 means 1 MiB. The rest is read and
	// forgotten.
	OutputLimit int64

	// CommandTimeout ends a command that runs for longer, with its process group.
	// 0 means 30 minutes.
	CommandTimeout time.Duration

	// Slowdown makes a provider slower than this computer: the end of a command
	// is reported after Slowdown times the time it took. Below 1 means 1.
	Slowdown float64
}

func (o Options) withDefaults() Options {
	if o.Volumes == nil {
		o.Volumes = []string{"/golem/work", "/golem/input", "/golem/output", "/golem/resource"}
	}
	o.OutputLimit = cmp.Or(o.OutputLimit, 1<<20)
	o.CommandTimeout = cmp.Or(o.CommandTimeout, 30*time.Minute)
	o.Slowdown = max(o.Slowdown, 1)
	return o
}

// A Sandbox is the runtime of one activity. It is safe for concurrent use, and
// commands may run side by side.
type Sandbox struct {
	o    Options
	env  []string
	mark string // environment entry that tells our processes from others
	keep keeper

	ctx    context.Context // ends with Close
	cancel context.CancelCauseFunc
	closed chan struct{} // closed when Close is done
	err    error         // of Close; read after closed

	runs    sync.WaitGroup // Run calls
	readers sync.WaitGroup // of streams, which can outlive the command

	mu      sync.Mutex
	volumes []string
	maps    rewriter
	closing bool
	groups  map[int]*group // process groups that may be alive, by id
	streams map[*os.File]struct{}
	past    time.Duration // CPU time of groups that are gone
}

// Open makes the directory and its volumes. The caller must Close the Sandbox.
func Open(o Options) (*Sandbox, error) {
	o = o.withDefaults()
	dir, err := makeDirs(o)
	if err != nil {
		return nil, fmt.Errorf("open sandbox: %w", err)
	}
	o.Dir = dir
	s := &Sandbox{
		o:       o,
		volumes: o.Volumes,
		maps:    newRewriter(o.Dir, o.Volumes),
		mark:    "TASKS_DEVNET_ACTIVITY=" + rand.Text(),
		closed:  make(chan struct{}),
		groups:  map[int]*group{},
		streams: map[*os.File]struct{}{},
	}
	s.env = s.environment()
	s.keep = startKeeper(s.mark, s.o.Dir)
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	return s, nil
}

// makeDirs makes the directory and what belongs into it, and returns its path
// without symbolic links, as commands will see it.
func makeDirs(o Options) (string, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return "", err
	}
	if dir, err = claimDir(dir); err != nil {
		return "", err
	}
	if err := checkVolumes(dir, o.Volumes); err != nil {
		return "", err
	}
	for _, d := range append([]string{"tmp", workDir}, o.Volumes...) {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// Mount makes more volumes. Commands that begin later know them; one that is there
// already stays as it is.
func (s *Sandbox) Mount(volumes []string) error {
	if err := checkVolumes(s.o.Dir, volumes); err != nil {
		return err
	}
	for _, v := range volumes {
		if err := os.MkdirAll(filepath.Join(s.o.Dir, v), 0o700); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.volumes)
	for _, v := range volumes {
		if !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	s.volumes, s.maps = all, newRewriter(s.o.Dir, all)
	return nil
}

// paths maps what is a volume now.
func (s *Sandbox) paths() rewriter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.maps
}

func checkVolumes(dir string, volumes []string) error {
	for _, v := range append(volumes[:len(volumes):len(volumes)], golemDir) {
		if !plainPath(v) || !path.IsAbs(v) || path.Clean(v) != v || v == "/" {
			return fmt.Errorf("volume %q is not a clean absolute path of plain characters", v)
		}
		if strings.HasPrefix(v+"/", dir+"/") {
			return fmt.Errorf("directory %s cannot be told from volume %s", dir, v)
		}
	}
	return nil
}

func claimDir(dir string) (string, error) {
	if !plainPath(dir) {
		return "", fmt.Errorf("directory %q has characters that a shell would not take literally", dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	if len(entries) > 0 {
		return "", fmt.Errorf("directory %s is not empty", dir)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", err
	}
	if !plainPath(dir) {
		return "", fmt.Errorf("directory %q has characters that a shell would not take literally", dir)
	}
	return dir, nil
}

const workDir = "/golem/work"

func (s *Sandbox) environment() []string {
	searchPath := cmp.Or(os.Getenv("PATH"), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	env := []string{
		"PATH=" + searchPath,
		"HOME=" + s.o.Dir,
		"TMPDIR=" + filepath.Join(s.o.Dir, "tmp"),
		"LANG=C.UTF-8",
		s.mark,
	}
	for k, v := range s.o.Env {
		env = append(env, k+"="+s.paths().in(v))
	}
	slices.Sort(env[5:])
	return env
}

// Path maps a container path to this computer's, and reports whether it is a
// volume or lies under one; others are out of reach for transfers (protocol
// section 5.5).
func (s *Sandbox) Path(container string) (string, bool) {
	clean := path.Clean(container)
	s.mu.Lock()
	volumes := s.volumes
	s.mu.Unlock()
	for _, v := range volumes {
		if strings.HasPrefix(clean+"/", v+"/") {
			return filepath.Join(s.o.Dir, clean), true
		}
	}
	return "", false
}

// Close ends every command, kills every process that one left behind, and
// removes the directory. Runs under way return with ErrClosed. A second Close
// waits for the first and returns the same error.
func (s *Sandbox) Close() error {
	s.mu.Lock()
	first := !s.closing
	s.closing = true
	s.mu.Unlock()
	if first {
		s.err = s.shut()
		close(s.closed)
	}
	<-s.closed
	return s.err
}

func (s *Sandbox) shut() error {
	s.cancel(ErrClosed)
	s.killGroups()
	s.runs.Wait()
	left := endSurvivors(s.mark, s.o.Dir)
	s.closeStreams()
	s.readers.Wait()
	s.keep.dismiss() // only now: until here the devnet may still be killed
	if err := removeAll(s.o.Dir); err != nil {
		return fmt.Errorf("close sandbox: %w", err)
	}
	if left > 0 {
		return fmt.Errorf("close sandbox: %d processes cannot be killed", left)
	}
	return nil
}

// removeAll also removes directories that a command made unreadable.
func removeAll(dir string) error {
	if os.RemoveAll(dir) == nil {
		return nil
	}
	_ = filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(name, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}
