package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tasks/golem"
)

const (
	// pollTime is how long one poll waits for a batch at most. The daemon waits for
	// the last command even after an early one failed (protocol section 5.4), so a
	// young batch is polled more often: it hears of a failure soon.
	pollTime  = 5 * time.Second
	firstPoll = time.Second
	// pollRetries is how often a poll may fail in a row while the daemon answers.
	pollRetries = 10
	pollBackoff = 500 * time.Millisecond
	maxBackoff  = 15 * time.Second
)

var errTaskTimeout = errors.New("the task's time is over")

func isTimeout(err error) bool { return errors.Is(err, errTaskTimeout) }

// await polls until a batch has ended and returns the results of its commands;
// the last one tells how. With enough, which is above 0, it returns as soon as
// there are so many. An error means that the outcome cannot be known any
// more, or that the deadline passed (isTimeout).
func (r *runner) await(ctx context.Context, id golem.ActivityID, batch golem.BatchID, deadline time.Time, enough int) ([]golem.CommandResult, error) {
	failures, began := 0, time.Now()
	for {
		wait := min(time.Until(deadline), max(firstPoll, min(time.Since(began), pollTime)))
		if wait <= 0 {
			return nil, errTaskTimeout
		}
		results, err := r.client.BatchResults(ctx, id, batch, wait)
		switch {
		case err == nil:
			failures = 0
			if n := len(results); n > 0 && (results[n-1].IsBatchFinished || enough > 0 && n >= enough) {
				return r.blotted(results), nil
			}
		case golem.IsTimeout(err):
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case golem.ActivityGone(err) || golem.IsNotFound(err):
			return nil, err
		case golem.IsUnreachable(err):
			// The daemon is away; the work goes on meanwhile, until the deadline.
			pause(ctx, backoff(failures))
			failures++
		default:
			if failures++; failures > pollRetries {
				return nil, fmt.Errorf("results of batch %s: %w", batch, err)
			}
			pause(ctx, backoff(failures))
		}
	}
}

// blotted is results without the secrets that commands printed, before any policy
// sees them.
func (r *runner) blotted(results []golem.CommandResult) []golem.CommandResult {
	if !r.Secrets.Known() {
		return results
	}
	out := slices.Clone(results)
	for i := range out {
		out[i].Stdout, out[i].Stderr = r.Secrets.Bytes(out[i].Stdout), r.Secrets.Bytes(out[i].Stderr)
		out[i].Message = r.Secrets.Text(out[i].Message)
	}
	return out
}

// whyGone asks the daemon for the reason why an activity is gone; the error
// itself is the answer when it does not say.
func (r *runner) whyGone(ctx context.Context, id golem.ActivityID, err error) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), statusTime)
	defer cancel()
	status, statusErr := r.client.ActivityStatus(ctx, id, statusTime/2)
	if statusErr != nil || status.Alive() {
		return err.Error()
	}
	for _, text := range []string{status.ErrorMessage, status.Reason} {
		if text != "" {
			return text
		}
	}
	return "terminated by the provider"
}

func backoff(failures int) time.Duration { return min(pollBackoff<<min(failures, 10), maxBackoff) }

// pause waits for d or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
