package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"sync"
	"time"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

// followEvery is how often new attempts are looked for.
const followEvery = 100 * time.Millisecond

// A follower passes on what running tasks write.
type follower struct {
	logs   *logReader
	client *golem.Client
	seen   map[int64]bool // attempts that are listened to, or were

	mu sync.Mutex // one line at a time
	wg sync.WaitGroup
}

// followLogs prints until nobody works on the run. It listens at the daemon by
// itself: the run is another process.
func (a *app) followLogs(ctx context.Context, l *logReader, run state.Run) error {
	d, err := a.daemonOf(run)
	if err != nil {
		return err
	}
	defer d.close()
	ctx, cancel := context.WithCancel(ctx)
	f := &follower{logs: l, client: d.client, seen: map[int64]bool{}}
	defer f.wg.Wait()
	defer cancel()
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		live := a.live(run.ID) // before reading, so that the end is not missed
		if err := f.look(ctx); err != nil || !live {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// daemonOf is the daemon that a run works with. One that is embedded in the
// run's process cannot be reached from this one.
func (a *app) daemonOf(run state.Run) (*daemon, error) {
	if run.Daemon == daemonEmbedded {
		return nil, &hintedError{
			error: fmt.Errorf("run %s works with a devnet inside its own process, whose output no other process sees", run.ID),
			hint:  `start one with "tasks devnet", and apply with the two variables that it prints`,
		}
	}
	if os.Getenv("YAGNA_API_URL") == "" && os.Getenv("YAGNA_APPKEY") == "" {
		return nil, &hintedError{
			error: fmt.Errorf("run %s works with the daemon at %s, and the environment names none", run.ID, run.Daemon),
			hint:  "set YAGNA_API_URL and YAGNA_APPKEY as for the run",
		}
	}
	d, err := a.openDaemon()
	if err != nil {
		return nil, err
	}
	if d.name != run.Daemon {
		d.close()
		return nil, &hintedError{
			error: fmt.Errorf("run %s works with the daemon at %s, and the environment names %s", run.ID, run.Daemon, d.name),
			hint:  "set YAGNA_API_URL and YAGNA_APPKEY as for the run",
		}
	}
	return d, nil
}

// look listens to attempts that began, and prints those that went wrong.
func (f *follower) look(ctx context.Context) error {
	var live []store.LogRow
	err := f.logs.store.View(ctx, func(tx *store.Tx) (err error) {
		live, err = tx.LiveAttempts(f.logs.run)
		return err
	})
	if err != nil {
		return err
	}
	for _, row := range live {
		if row.Batch == "" || f.seen[row.ID] || f.logs.task != 0 && row.Task != f.logs.task {
			continue
		}
		f.seen[row.ID] = true
		behind := behind(row, live)
		f.wg.Go(func() { f.listen(ctx, row, behind) })
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.logs.wrong(ctx)
}

// behind is the first command of the next attempt in the same batch; what is
// behind one that has not ended has not ended either.
func behind(row store.LogRow, live []store.LogRow) int {
	next := math.MaxInt
	for _, other := range live {
		if other.Batch == row.Batch && other.First > row.First {
			next = min(next, other.First)
		}
	}
	return next
}

// listen passes on the output of one attempt, that of the commands before behind,
// until it is over.
func (f *follower) listen(ctx context.Context, row store.LogRow, behind int) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f.wg.Go(func() { f.endWith(ctx, cancel, row) })
	stdout, stderr := &lineBuffer{f: f, row: row, stream: "stdout"}, &lineBuffer{f: f, row: row, stream: "stderr"}
	for event, err := range f.client.BatchEvents(ctx, row.ActivityID, row.Batch) {
		if err != nil {
			break
		}
		if event.Index < row.First || event.Index >= behind {
			continue
		}
		stdout.add(event.Kind.Stdout)
		stderr.add(event.Kind.Stderr)
	}
	stdout.flush()
	stderr.flush()
}

// endWith stops listening when the attempt has ended: an event stream does not
// end with its batch (protocol section 5.4).
func (f *follower) endWith(ctx context.Context, cancel context.CancelFunc, row store.LogRow) {
	defer cancel()
	for sleep(ctx, followEvery) == nil {
		var all []state.Attempt
		err := f.logs.store.View(ctx, func(tx *store.Tx) (err error) {
			all, err = tx.Attempts(row.Task)
			return err
		})
		if err != nil && !errors.Is(err, context.Canceled) {
			return
		}
		// One that is rolled up is over too.
		open := func(at state.Attempt) bool { return at.ID == row.ID && !at.State.Done() }
		if err == nil && !slices.ContainsFunc(all, open) {
			return
		}
	}
}

// A lineBuffer makes whole lines of the chunks of one stream.
type lineBuffer struct {
	f      *follower
	row    store.LogRow
	stream string
	rest   []byte
}

func (b *lineBuffer) add(chunk []byte) {
	b.rest = append(b.rest, chunk...)
	if at := bytes.LastIndexByte(b.rest, '\n'); at >= 0 {
		b.print(b.rest[:at+1])
		b.rest = append(b.rest[:0], b.rest[at+1:]...)
	}
}

func (b *lineBuffer) flush() {
	if len(b.rest) > 0 {
		b.print(append(b.rest, '\n'))
		b.rest = nil
	}
}

// print marks every line with the attempt that said it.
func (b *lineBuffer) print(lines []byte) {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	for line := range bytes.Lines(lines) {
		fmt.Fprintf(b.f.logs.out, "task %d %s| %s", b.row.Task, b.stream, printable(string(line)))
	}
}
