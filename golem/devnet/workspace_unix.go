//go:build unix

package devnet

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// lockName is the file of a workspace on which its devnet holds a lock, which
// ends with the process, however that ends.
const lockName = ".tasks-devnet"

// claim marks a new workspace as ours and alive. The file gets its name when it
// is locked, so that nobody ever finds it and takes it for abandoned.
func claim(dir string) (*os.File, error) {
	lock, err := os.CreateTemp(dir, ".lock-")
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		err = os.Rename(lock.Name(), filepath.Join(dir, lockName))
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// inherit takes the lock of a workspace whose devnet is gone. A directory of
// somebody else, or without such a lock, is not abandoned.
func inherit(dir string) (*os.File, bool) {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() {
		return nil, false
	}
	if owner, known := info.Sys().(*syscall.Stat_t); !known || int(owner.Uid) != os.Geteuid() {
		return nil, false
	}
	lock, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, false
	}
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		_ = lock.Close()
		return nil, false
	}
	return lock, true
}
