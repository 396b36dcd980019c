package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"tasks/golem/gftp"
	"tasks/policies"
	"tasks/runner/state"
	"tasks/spec"
)

// gftpProgram comes with yagna and serves files to providers (protocol section
// 5.6).
const gftpProgram = "gftp"

// isDevnet reports whether the daemon is one: it says so in its version.
func (r *runner) isDevnet(ctx context.Context) (bool, error) {
	version, err := r.client.Version(ctx)
	if err != nil {
		return false, fmt.Errorf("ask the daemon's version: %w", err)
	}
	return strings.Contains(version.Current.Name, "devnet"), nil
}

// openFiles finds out how files get to providers, if the run copies any. Nothing
// was spent before it, and nothing is started until the first file.
func (r *runner) openFiles(ctx context.Context) error {
	r.sweep()
	return r.filesFor(ctx, r.inForce())
}

// filesFor does it for a document, unless it is known already.
func (r *runner) filesFor(ctx context.Context, rev *revision) error {
	copies := rev.policies.PreparesWithFiles() || slices.ContainsFunc(rev.policies.Stages(), (*policies.Stage).Transfers)
	if !copies || r.files.Load() != nil {
		return nil
	}
	devnet, err := r.isDevnet(ctx)
	switch {
	case err != nil:
		return err
	case devnet:
		beside := &gftp.Server{Devnet: gftp.Devnet{BaseURL: r.client.BaseURL, AppKey: r.client.AppKey, HTTP: r.client.HTTP}}
		r.files.Store(&gftp.Client{Start: beside.Dial})
		return nil
	}
	if _, err := exec.LookPath(gftpProgram); err != nil {
		return fmt.Errorf("%w: this spec copies files, and the program gftp, which comes with yagna, is not in PATH", ErrDaemon)
	}
	r.files.Store(&gftp.Client{Start: gftp.Command(gftpProgram, "server")})
	return nil
}

// cargo is an empty one; a preparation has no task.
func (r *runner) cargo(task int64) *cargo {
	return &cargo{files: r.files.Load(), scratch: r.Scratch, watched: r.Copies, task: task}
}

// closeFiles ends what openFiles made.
func (r *runner) closeFiles() {
	files := r.files.Load()
	if files == nil {
		return
	}
	r.sweep()
	if err := files.Close(); err != nil {
		r.Log.Debug("gftp not ended", logError, err)
	}
}

// An unreadable file is one of this computer that cannot be uploaded, to any
// provider.
type unreadable struct {
	name string
	err  error
}

func (e *unreadable) Error() string { return fmt.Sprintf("upload %s: %v", e.name, e.err) }

func (e *unreadable) Unwrap() error { return e.err }

func isUnreadable(err error) bool {
	_, ok := errors.AsType[*unreadable](err)
	return ok
}

// sweep removes files of the run's own, such as those that a dead process left.
func (r *runner) sweep() {
	if r.Scratch == "" {
		return
	}
	if err := os.RemoveAll(r.Scratch); err != nil {
		r.Log.Warn("files of a dead process not removed", logError, err)
	}
}

// removeParts removes what came of the downloads of an attempt that a dead process
// had begun.
func (r *runner) removeParts(ctx context.Context, at state.Attempt) {
	parts, err := r.parts(ctx, at)
	for _, part := range parts {
		err = errors.Join(err, os.Remove(part))
	}
	if err != nil {
		r.Log.Warn("file of a dead process not removed", logError, err)
	}
}

// parts are where the downloads of an attempt come in.
func (r *runner) parts(ctx context.Context, at state.Attempt) ([]string, error) {
	t, err := r.task(ctx, at.Task)
	if err != nil {
		return nil, err
	}
	stage := r.inForce().policies.Stage(t.Stage)
	if stage == nil || !stage.Transfers() {
		return nil, nil
	}
	env, err := r.taskEnv(stage, t, at.Number)
	if err != nil {
		return nil, err
	}
	plan, f := stage.Plan(env)
	if f != nil {
		return nil, f
	}
	var parts []string
	for _, s := range plan {
		if s.Download == nil || spec.IsAddress(s.Download.To) {
			continue
		}
		if part := partOf(s.Download, t.ID); exists(part) {
			parts = append(parts, part)
		}
	}
	return parts, nil
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// A lostFile is a file that did not come although the provider says it sent it.
type lostFile struct{ name string }

func (e *lostFile) Error() string {
	return fmt.Sprintf("download %s: the provider says it was sent, and nothing came", e.name)
}

// isLostFile reports whether the provider is to blame for a file.
func isLostFile(err error) bool {
	_, ok := errors.AsType[*lostFile](err)
	return ok
}
