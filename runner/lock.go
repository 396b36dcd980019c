package runner

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"tasks/runner/state"
)

// ErrLocked is wrapped by AcquireLock when another process works on the run; the
// error's text has its process id.
var ErrLocked = errors.New("the run is live in another process")

// A Lock keeps a run to one process. The operating system lets go of it when the
// process dies in whatever way, so a crash cannot leave a run locked.
type Lock struct{ file *os.File }

// AcquireLock takes the lock of a run in the database at dsn.
func AcquireLock(dsn string, run state.RunID) (*Lock, error) {
	path := lockPath(dsn, run)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("lock run %s: %w", run, err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock run %s: %w", run, err)
	}
	if err := lockFile(file); err != nil {
		defer file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: run %s, process %s", ErrLocked, run, holder(path))
		}
		return nil, fmt.Errorf("lock run %s: %w", run, err)
	}
	if err := errors.Join(file.Truncate(0), write(file, strconv.Itoa(os.Getpid()))); err != nil {
		defer file.Close()
		return nil, fmt.Errorf("lock run %s: %w", run, err)
	}
	return &Lock{file: file}, nil
}

// lockFile takes the exclusive lock. Locked holds the shared one for a moment, so
// a refusal counts only when it lasts.
func lockFile(file *os.File) error {
	for tries := 0; ; tries++ {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) || tries == lockTries {
			return err
		}
		time.Sleep(lockPause)
	}
}

const (
	lockTries = 20
	lockPause = 10 * time.Millisecond
)

// Release gives the run free. The file stays: removing it would let two
// processes hold locks on two files of one name.
func (l *Lock) Release() error { return l.file.Close() }

// Locked reports whether some process works on the run.
func Locked(dsn string, run state.RunID) bool {
	file, err := os.Open(lockPath(dsn, run))
	if err != nil {
		return false
	}
	defer file.Close()
	// A shared lock is refused exactly while somebody holds the exclusive one.
	return errors.Is(syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

func lockPath(dsn string, run state.RunID) string {
	return filepath.Join(dsn+".locks", string(run))
}

func holder(path string) string {
	text, err := os.ReadFile(path)
	if err != nil || len(text) == 0 {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}

func write(file *os.File, text string) error {
	_, err := file.WriteAt([]byte(text), 0)
	return err
}
