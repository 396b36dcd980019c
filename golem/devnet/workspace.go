package devnet

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
)

// workspacePrefix begins the name of every workspace in the temporary directory.
const workspacePrefix = "devnet-"

// A workspace is the directory under which activities have theirs. It is made
// when the first of them needs it.
type workspace struct {
	mu   sync.Mutex
	root string
	temp string   // what Close removes; "" when root was given
	lock *os.File // says that temp is in use; nil where there are no such locks
}

// open returns the root, creating it if need be. What devnets that were killed
// have left in its place goes first.
func (w *workspace) open() (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.root != "" {
		return w.root, os.MkdirAll(w.root, 0o700)
	}
	removeAbandoned(os.TempDir())
	dir, err := os.MkdirTemp("", workspacePrefix)
	if err != nil {
		return "", err
	}
	lock, err := claim(dir)
	if err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	w.root, w.temp, w.lock = dir, dir, lock
	return dir, nil
}

func (w *workspace) remove() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.temp == "" {
		return nil
	}
	err := os.RemoveAll(w.temp)
	if w.lock != nil {
		err = errors.Join(err, w.lock.Close())
	}
	return err
}

// removeAbandoned removes the workspaces of processes that are gone. One that
// cannot be removed now is tried again by the next devnet.
func removeAbandoned(temp string) {
	dirs, _ := filepath.Glob(filepath.Join(temp, workspacePrefix+"*"))
	for _, dir := range dirs {
		if lock, abandoned := inherit(dir); abandoned {
			_ = os.RemoveAll(dir)
			_ = lock.Close()
		}
	}
}
