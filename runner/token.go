package runner

import "context"

// A token is had by one goroutine at a time: a lock that may be held while
// somebody is waited for, the disk or the daemon, and whose wait a context ends.
type token chan struct{}

func newToken() token { return make(token, 1) }

// with does f while holding the token, unless ctx ends before it has it.
func (t token) with(ctx context.Context, f func() error) error {
	select {
	case t <- struct{}{}:
		defer func() { <-t }()
		return f()
	case <-ctx.Done():
		return ctx.Err()
	}
}
