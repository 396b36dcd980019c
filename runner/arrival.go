package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tasks/policies"
	"tasks/spec"
)

// An incoming file is written to part by the provider, and belongs at path.
type incoming struct{ part, path string }

func (c *cargo) download(ctx context.Context, step int, l *policies.Download) error {
	if spec.IsAddress(l.To) {
		c.describe(nameAt(l.To), false, 0)
		c.transfer(step, container(l.From), l.To)
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(l.To), 0o777); err != nil {
		return fmt.Errorf("download to %s: %w", l.To, rootOf(err))
	}
	part := partOf(l, c.task)
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("download to %s: %w", l.To, rootOf(err))
	}
	c.made = append(c.made, part)
	f, err := c.files.Receive(ctx, part)
	if err != nil {
		return fmt.Errorf("download to %s: %w", l.To, err)
	}
	c.held = append(c.held, f)
	c.incoming = append(c.incoming, incoming{part, l.To})
	c.describe(filepath.Base(l.To), false, 0)
	c.transfer(step, container(l.From), f.URL)
	return nil
}

// partOf is where a download comes in. Only one attempt of a task runs at a time,
// so that the next one takes the place of what a dead process left.
func partOf(l *policies.Download, task int64) string {
	dir, base := filepath.Split(l.To)
	return filepath.Join(dir, fmt.Sprintf(".%s.%d.part", base, task))
}

// arrive puts what came into its places, each file whole or not at all, once the
// batch has ended well.
func (c *cargo) arrive(read bool) ([]policies.Downloaded, error) {
	out := make([]policies.Downloaded, len(c.incoming))
	for i, in := range c.incoming {
		d, err := in.land(read)
		if err != nil {
			return nil, err
		}
		out[i] = d
	}
	return out, nil
}

func (in incoming) land(read bool) (policies.Downloaded, error) {
	size, err := flush(in.part)
	if errors.Is(err, fs.ErrNotExist) {
		return policies.Downloaded{}, &lostFile{in.path}
	}
	d := policies.Downloaded{Path: in.path, Size: size}
	if err == nil && read {
		d.Text, err = textOf(in.part, size)
	}
	if err == nil {
		err = errors.Join(os.Rename(in.part, in.path), flushDir(filepath.Dir(in.path)))
	}
	if err != nil {
		return d, fmt.Errorf("download to %s: %w", in.path, rootOf(err))
	}
	return d, nil
}

// flush makes sure that a file is on the disk, and says how large it is.
func flush(name string) (int64, error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), f.Sync()
}

// flushDir makes sure that the names in a folder are on the disk: a recorded
// result may speak of them.
func flushDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func textOf(name string, size int64) (string, error) {
	if size > maxText {
		return "", fmt.Errorf("it has %d bytes, and expressions read files of up to %d", size, maxText)
	}
	text, err := os.ReadFile(name)
	return string(text), err
}
