package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"tasks/golem"
	"tasks/golem/gftp"
	"tasks/policies"
	"tasks/spec"
)

const (
	// unloadTime is how long taking back the URLs of an attempt may take.
	unloadTime = 10 * time.Second
	// maxText is how large a downloaded file may be whose text policies read.
	maxText = 1 << 20
)

// A cargo is one attempt's batch together with the files that it copies. The
// files are reachable for the provider until unload.
type cargo struct {
	files *gftp.Client
	task  int64

	commands []golem.Command
	of       []int // the step of each command
	steps    int
	held     []*gftp.File
	made     []string // files of our own, to be removed
	incoming []incoming
}

// An incoming file is written to part by the provider, and belongs at path.
type incoming struct{ part, path string }

// load publishes the files of a plan and makes the batch. The caller unloads the
// cargo, also after an error.
func (c *cargo) load(ctx context.Context, plan []policies.Step) error {
	c.steps = len(plan)
	for i, s := range plan {
		var err error
		switch {
		case s.Run != nil:
			c.add(i, *s.Run)
		case s.Upload != nil:
			err = c.upload(ctx, i, s.Upload)
		case s.Download != nil:
			err = c.download(ctx, i, s.Download)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *cargo) add(step int, command golem.Command) {
	c.commands, c.of = append(c.commands, command), append(c.of, step)
}

func (c *cargo) transfer(step int, from, to string) {
	c.add(step, golem.Command{Transfer: &golem.Transfer{From: from, To: to}})
}

func container(path string) string { return "container:" + path }

func (c *cargo) upload(ctx context.Context, step int, u *policies.Upload) error {
	if spec.IsAddress(u.From) {
		c.transfer(step, u.From, container(u.To))
		return nil
	}
	if u.From == "" {
		name, err := c.inline(u.Data)
		if err != nil {
			return fmt.Errorf("upload to %s: %w", u.To, err)
		}
		return c.publish(ctx, step, name, u.To)
	}
	if !u.Many() {
		return c.publish(ctx, step, u.From, u.To)
	}
	names, err := filepath.Glob(u.From)
	if err == nil && len(names) == 0 {
		err = errors.New("no file has such a name")
	}
	if err != nil {
		return &unreadable{u.From, err}
	}
	for _, name := range names {
		if err := c.publish(ctx, step, name, u.To+filepath.Base(name)); err != nil {
			return err
		}
	}
	return nil
}

// inline puts data into a file, for a program that publishes only files.
func (c *cargo) inline(data string) (string, error) {
	f, err := os.CreateTemp("", "tasks-upload-*")
	if err != nil {
		return "", err
	}
	c.made = append(c.made, f.Name())
	_, err = f.WriteString(data)
	return f.Name(), errors.Join(err, f.Close())
}

// publish adds the copying of one local file. The provider checks that what it
// got is what its URL is named after, SHA3-256 of the content (protocol section
// 5.6).
func (c *cargo) publish(ctx context.Context, step int, name, to string) error {
	info, err := os.Stat(name)
	if err != nil {
		return &unreadable{name, rootOf(err)}
	}
	if !info.Mode().IsRegular() {
		return &unreadable{name, errors.New("it is not a file")}
	}
	f, err := c.files.Publish(ctx, name)
	if err != nil {
		return fmt.Errorf("upload %s: %w", name, err)
	}
	c.held = append(c.held, f)
	from := f.URL
	if sum := path.Base(f.URL); len(sum) == 64 {
		from = "hash:sha3:" + sum + ":" + f.URL
	}
	c.transfer(step, from, container(to))
	return nil
}

func (c *cargo) download(ctx context.Context, step int, l *policies.Download) error {
	if spec.IsAddress(l.To) {
		c.transfer(step, container(l.From), l.To)
		return nil
	}
	dir, base := filepath.Split(l.To)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("download to %s: %w", l.To, rootOf(err))
	}
	// Only one attempt of a task runs at a time, so that the next one takes the
	// place of what a dead process left.
	part := filepath.Join(dir, fmt.Sprintf(".%s.%d.part", base, c.task))
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
	c.transfer(step, container(l.From), f.URL)
	return nil
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
		err = os.Rename(in.part, in.path)
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

func textOf(name string, size int64) (string, error) {
	if size > maxText {
		return "", fmt.Errorf("it has %d bytes, and expressions read files of up to %d", size, maxText)
	}
	text, err := os.ReadFile(name)
	return string(text), err
}

// unload takes every URL back and removes what is not needed any more.
func (c *cargo) unload(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unloadTime)
	defer cancel()
	var errs []error
	for _, f := range c.held {
		errs = append(errs, f.Close(ctx))
	}
	for _, name := range c.made {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// last is the result that stands for the attempt: of the last command that ran a
// program, or of the one that failed.
func (c *cargo) last(results []golem.CommandResult) golem.CommandResult {
	last := results[len(results)-1]
	if c == nil || last.Result != golem.ResultOk {
		return last
	}
	for i := len(results) - 1; i >= 0; i-- {
		if c.commands[i].Run != nil {
			return results[i]
		}
	}
	return golem.CommandResult{Result: golem.ResultOk}
}

// outputs is what every step printed.
func (c *cargo) outputs(results []golem.CommandResult) []policies.Output {
	if c == nil {
		return outputs(results)
	}
	out := make([]policies.Output, c.steps)
	for i, o := range outputs(results) {
		out[c.of[i]] = o
	}
	return out
}

// brokenBy reports whether a batch failed at copying a file, and not because the
// task asked for a file that is not there: whether the provider is to blame.
func (c *cargo) brokenBy(results []golem.CommandResult) bool {
	last := results[len(results)-1]
	if c == nil || last.Result == golem.ResultOk || c.commands[len(results)-1].Transfer == nil {
		return false
	}
	for _, absent := range []string{"not found in container", "No such file", "os error 2", "is a directory"} {
		if strings.Contains(last.Message, absent) {
			return false
		}
	}
	t := c.commands[len(results)-1].Transfer
	// An address in the web may well be out of everybody's reach.
	return !spec.IsAddress(t.From) && !spec.IsAddress(t.To)
}

// rootOf is an error without the path that is said already.
func rootOf(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
