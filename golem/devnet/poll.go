package devnet

import (
	"context"
	"time"
)

// A bell wakes everyone who waits on it. It is used under the server's lock.
type bell struct{ rung chan struct{} }

// wait returns a channel that the next ring closes.
func (b *bell) wait() <-chan struct{} {
	if b.rung == nil {
		b.rung = make(chan struct{})
	}
	return b.rung
}

func (b *bell) ring() {
	if b.rung != nil {
		close(b.rung)
		b.rung = nil
	}
}

// poll calls look under the lock until it returns nil, waiting in between on
// the channel that it returned. It looks once more when timeout has passed, and
// reports false when there is still something to wait for. A client that leaves or a server that closes is errAborted, so that nothing
// is taken for an answer that nobody reads.
func (s *Server) poll(ctx context.Context, timeout time.Duration, look func() <-chan struct{}) (bool, error) {
	deadline, stop := context.WithTimeout(ctx, max(timeout, 0))
	defer stop()
	for {
		over := deadline.Err() != nil
		s.mu.Lock()
		wake := look()
		s.mu.Unlock()
		if wake == nil || over {
			return wake == nil, nil
		}
		select {
		case <-wake:
		case <-deadline.Done():
		case <-s.ctx.Done():
		}
		if ctx.Err() != nil || s.ctx.Err() != nil {
			return false, errAborted
		}
	}
}
