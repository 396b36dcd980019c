package devnet

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"tasks/golem"
)

// instantFiles are the files of an activity without processes: a directory that
// is made when the first of them is, where the process runtime would have its own.
type instantFiles struct {
	files   *workspace // nil: anywhere
	id      golem.ActivityID
	mu      sync.Mutex
	mounted []string
	dir     string
	closed  bool
}

// Path maps a container path, as the process runtime does.
func (i *instantFiles) Path(container string) (string, bool) {
	clean := path.Clean(container)
	for _, v := range append(imageVolumes[:len(imageVolumes):len(imageVolumes)], i.mounts()...) {
		if strings.HasPrefix(clean+"/", v+"/") {
			dir, err := i.open()
			return filepath.Join(dir, clean), err == nil
		}
	}
	return "", false
}

// Mount adds volumes, which are made when something is written to them.
func (i *instantFiles) Mount(volumes []string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.mounted = append(i.mounted, volumes...)
	return nil
}

func (i *instantFiles) mounts() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.mounted
}

func (i *instantFiles) open() (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return "", os.ErrClosed
	}
	if i.dir != "" {
		return i.dir, nil
	}
	dir, err := i.make()
	if err != nil {
		return "", err
	}
	i.dir = dir
	return dir, nil
}

func (i *instantFiles) make() (string, error) {
	if i.files == nil {
		return os.MkdirTemp("", "devnet-instant-")
	}
	root, err := i.files.open()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, string(i.id))
	return dir, os.Mkdir(dir, 0o700)
}

// put writes the files of a Reply.
func (i *instantFiles) put(files map[string]string) error {
	for name, content := range files {
		at, ok := i.Path(name)
		if !ok {
			return &os.PathError{Op: "write", Path: name, Err: os.ErrNotExist}
		}
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(at, []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (i *instantFiles) remove() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = true
	if i.dir == "" {
		return nil
	}
	return os.RemoveAll(i.dir)
}
