package runner

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"tasks/golem/gftp"
	"tasks/policies"
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
	if !r.Policies.PreparesWithFiles() && !slices.ContainsFunc(r.Policies.Stages(), (*policies.Stage).Transfers) {
		return nil
	}
	devnet, err := r.isDevnet(ctx)
	switch {
	case err != nil:
		return err
	case devnet:
		beside := &gftp.Server{Devnet: gftp.Devnet{BaseURL: r.client.BaseURL, AppKey: r.client.AppKey, HTTP: r.client.HTTP}}
		r.files = &gftp.Client{Start: beside.Dial}
		return nil
	}
	if _, err := exec.LookPath(gftpProgram); err != nil {
		return fmt.Errorf("%w: this spec copies files, and the program gftp, which comes with yagna, is not in PATH", ErrDaemon)
	}
	r.files = &gftp.Client{Start: gftp.Command(gftpProgram, "server")}
	return nil
}

// closeFiles ends what openFiles made.
func (r *runner) closeFiles() {
	if r.files == nil {
		return
	}
	if err := r.files.Close(); err != nil {
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
