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
	files   *gftp.Client
	scratch string  // Options.Scratch
	watched *Copies // Options.Copies
	task    int64

	commands  []golem.Command
	of        []int // the step of each command
	steps     int
	held      []*gftp.File
	made      []string // files of our own, to be removed
	originals []original
	described map[int]Copy // by command
	incoming  []incoming
}

// An original is a file of this computer as it was when it was published.
type original struct {
	name string
	was  fs.FileInfo
}

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
	progress := &golem.Progress{UpdateInterval: updateInterval.String()}
	c.add(step, golem.Command{Transfer: &golem.Transfer{From: from, To: to, Progress: progress}})
}

func container(path string) string { return "container:" + path }

func (c *cargo) upload(ctx context.Context, step int, u *policies.Upload) error {
	if spec.IsAddress(u.From) {
		c.describe(nameAt(u.From), true, 0)
		c.transfer(step, u.From, container(u.To))
		return nil
	}
	if u.From == "" {
		name, err := c.inline(u.Data)
		if err != nil {
			return fmt.Errorf("upload to %s: %w", u.To, err)
		}
		return c.publish(ctx, step, name, u.To, path.Base(u.To))
	}
	if !u.Many() {
		return c.publish(ctx, step, u.From, u.To, filepath.Base(u.From))
	}
	names, err := policies.FilesThatFit(u.From)
	if err != nil {
		return &unreadable{u.From, err}
	}
	for _, name := range names {
		if err := c.publish(ctx, step, name, u.To+filepath.Base(name), filepath.Base(name)); err != nil {
			return err
		}
	}
	return nil
}

// inline puts data into a file, for a program that publishes only files.
func (c *cargo) inline(data string) (string, error) {
	if c.scratch != "" {
		if err := os.MkdirAll(c.scratch, 0o700); err != nil {
			return "", err
		}
	}
	f, err := os.CreateTemp(c.scratch, "tasks-upload-*")
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
func (c *cargo) publish(ctx context.Context, step int, name, to, shown string) error {
	info, err := os.Stat(name)
	if err != nil {
		return &unreadable{name, rootOf(err)}
	}
	if !info.Mode().IsRegular() {
		return &unreadable{name, errors.New("it is not a file")}
	}
	read := c.watched.reading(c, shown, info.Size())
	f, err := c.files.Publish(ctx, name)
	read()
	if err != nil {
		return fmt.Errorf("upload %s: %w", name, err)
	}
	c.held = append(c.held, f)
	c.originals = append(c.originals, original{name, info})
	from := f.URL
	if sum := path.Base(f.URL); len(sum) == 64 {
		from = "hash:sha3:" + sum + ":" + f.URL
	}
	c.describe(shown, true, info.Size())
	c.transfer(step, from, container(to))
	return nil
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
	if !c.failedToCopy(results) || c.changed() != "" {
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

// failedToCopy reports whether the last of the commands copied a file, and failed.
func (c *cargo) failedToCopy(results []golem.CommandResult) bool {
	return c != nil && results[len(results)-1].Result != golem.ResultOk && c.commands[len(results)-1].Transfer != nil
}

// changed is an uploaded file that is not what was published any more, or "": the
// provider rightly refuses such a copy.
func (c *cargo) changed() string {
	for _, s := range c.originals {
		is, err := os.Stat(s.name)
		if err != nil || is.Size() != s.was.Size() || !is.ModTime().Equal(s.was.ModTime()) {
			return s.name
		}
	}
	return ""
}

// why says what a copy that failed does not say itself.
func (c *cargo) why(results []golem.CommandResult) string {
	if c.failedToCopy(results) {
		if name := c.changed(); name != "" {
			return fmt.Sprintf("%s changed while it was uploaded", name)
		}
	}
	return ""
}

// rootOf is an error without the path that is said already.
func rootOf(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
