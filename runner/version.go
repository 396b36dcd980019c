package runner

import (
	"context"
	"errors"
	"fmt"

	"tasks/golem"
)

// An OldDaemonError is a yagna older than 0.17. It comes with ErrDaemon.
type OldDaemonError struct {
	Version string // as the daemon says it
}

func (e *OldDaemonError) Error() string {
	return fmt.Sprintf("yagna is version %s, and tasks needs 0.17.0 or newer", e.Version)
}

// versionTries is how often a daemon that answers with trouble is asked which
// version it is.
const versionTries = 3

// checkVersion refuses a daemon older than 0.17, which accepts any number of bills
// against one allocation, so that nothing behind our own books would keep a run
// within its budget (protocol section 6.5).
func (r *runner) checkVersion(ctx context.Context) error {
	version, err := r.version(ctx)
	if err != nil {
		return fmt.Errorf("%w: ask its version: %w", ErrDaemon, err)
	}
	if !version.AtLeast(0, 17, 0) {
		return fmt.Errorf("%w: %w", ErrDaemon, &OldDaemonError{version.Current.Version})
	}
	return nil
}

// version asks again where another answer may come.
func (r *runner) version(ctx context.Context) (golem.VersionInfo, error) {
	for try := 1; ; try++ {
		version, err := r.client.Version(ctx)
		if err == nil || try == versionTries || errors.Is(err, golem.ErrUnreachable) || ctx.Err() != nil {
			return version, err
		}
		pause(ctx, backoff(try))
	}
}
