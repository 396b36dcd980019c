package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"tasks/runner/source"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

// feedMost is how many items of a source are recorded at once at most, if it has
// that many at hand, and feedLeast how many are for a few workers.
const (
	feedMost  = 1024
	feedLeast = 256
)

// start begins to read the sources of stages from where their cursors stand, those
// that wait for other stages when begin says so. None of the stages is being read.
func (q *queue) start(stages []spec.Stage, cursors map[string]state.Cursor) {
	var feeds, later []*feed
	for i := range stages {
		stage := &stages[i]
		cursor := cursors[stage.Name]
		if stage.From == nil || cursor.Ended {
			continue
		}
		f := &feed{
			q: q, stage: stage.Name, after: after(stage), from: *stage.From, cursor: cursor,
			room: make(chan struct{}, 1), done: make(chan struct{}),
		}
		if len(f.after) > 0 {
			later = append(later, f)
		} else {
			feeds = append(feeds, f)
		}
	}
	q.expect(feeds, later)
}

// after is the stages that one waits for.
func after(stage *spec.Stage) (names []string) {
	for _, a := range stage.After {
		names = append(names, a.Stage)
	}
	return names
}

// expect counts the sources, those that wait for other stages too, before the
// first is read. Workers that the last process left may be at work already, and
// look.
func (q *queue) expect(feeds, later []*feed) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waits = append(q.waits, later...)
	q.feeds = append(slices.Clone(q.feeds), feeds...)
	for _, f := range feeds {
		q.beginLocked(f)
	}
}

// beginLocked starts to read a source that is among the feeds.
func (q *queue) beginLocked(f *feed) {
	ctx, rest := context.WithCancel(q.r.effects.ctx)
	f.rest = rest
	q.r.effects.wg.Go(func() { f.run(ctx) })
}

// rest stops the reading of stages for a while, and returns when what was read of
// them is recorded.
func (q *queue) rest(ctx context.Context, stages []string) {
	named := func(f *feed) bool { return slices.Contains(stages, f.stage) }
	q.mu.Lock()
	q.waits = slices.DeleteFunc(q.waits, named)
	feeds := q.feeds
	q.mu.Unlock()
	for _, f := range feeds {
		if !named(f) {
			continue
		}
		f.rest()
		select {
		case <-f.done:
		case <-ctx.Done():
		}
	}
}

// A feed reads one source into the queue, no further ahead than the workers
// need. Items and the cursor after them are recorded together, so that no item
// is lost or read twice.
type feed struct {
	q      *queue
	stage  string
	after  []string // the stages that have to end first
	from   spec.Source
	cursor state.Cursor
	room   chan struct{} // capacity 1: the queue wants more
	rest   func()        // stops it
	done   chan struct{} // closed when it has stopped
}

func (f *feed) run(ctx context.Context) {
	defer close(f.done)
	defer f.q.sourceEnded(f)
	defer f.rest()
	err := f.read(ctx)
	if err == nil || ctx.Err() != nil {
		return
	}
	f.q.r.giveUp(fmt.Errorf("read tasks of stage %s: %w", f.stage, err))
}

func (f *feed) read(ctx context.Context) error {
	reader, err := source.OpenResults(f.from, f.cursor.Position, f.q.r.stageResults)
	if err != nil {
		return err
	}
	defer reader.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	items := make(chan source.Item, feedMost)
	var readErr error
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		defer close(items)
		readErr = pump(ctx, reader, items)
	})
	for f.roomy(ctx) {
		chunk, open := gather(ctx, items, f.most())
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// readErr is set before items is closed. The signal that closes the
		// queue may have ended who writes into standard input as well: then the
		// source has not ended, and is asked again when the run is carried on.
		ended := !open && errors.Is(readErr, io.EOF) && !f.closed()
		if err := f.record(ctx, chunk, ended); err != nil || ended {
			return err
		}
		if !open && !errors.Is(readErr, io.EOF) {
			return readErr
		}
	}
	return nil
}

func (f *feed) closed() bool {
	f.q.mu.Lock()
	defer f.q.mu.Unlock()
	return f.q.closed
}

// most is how many items to record at once. While they are recorded, every worker
// may ask for one, and some for their second.
func (f *feed) most() int {
	f.q.mu.Lock()
	defer f.q.mu.Unlock()
	return max(feedLeast, min(2*f.q.lowLocked(), feedMost))
}

// pump reads until the end or ctx.
func pump(ctx context.Context, reader *source.Reader, items chan<- source.Item) error {
	for {
		item, err := reader.Next(ctx)
		if err != nil {
			return err
		}
		select {
		case items <- item:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// gather waits for one item and takes what else is there without waiting, so
// that a slow source is passed on at once and a fast one in large chunks.
func gather(ctx context.Context, items <-chan source.Item, most int) (chunk []source.Item, open bool) {
	select {
	case item, ok := <-items:
		if !ok {
			return nil, false
		}
		chunk = append(chunk, item)
	case <-ctx.Done():
		return nil, false
	}
	for len(chunk) < most {
		select {
		case item, ok := <-items:
			if !ok {
				return chunk, false
			}
			chunk = append(chunk, item)
		default:
			return chunk, true
		}
	}
	return chunk, true
}

// roomy waits until the queue wants more.
func (f *feed) roomy(ctx context.Context) bool {
	for {
		f.q.mu.Lock()
		ok, closed := f.q.fresh.len() < f.q.lowLocked(), f.q.closed
		f.q.mu.Unlock()
		if closed {
			return false
		}
		if ok {
			return true
		}
		select {
		case <-f.room:
		case <-ctx.Done():
			return false
		}
	}
}

// record writes items as pending tasks, moves the cursor, and hands them out.
func (f *feed) record(ctx context.Context, chunk []source.Item, ended bool) error {
	tasks := make([]state.Task, len(chunk))
	cursor := f.cursor
	for i, item := range chunk {
		tasks[i] = state.Task{Stage: f.stage, Index: cursor.Next, Item: item.JSON, State: state.TaskPending}
		cursor.Next++
		cursor.Position = item.Position
	}
	cursor.Stage, cursor.Ended = f.stage, ended
	err := f.q.r.update(ctx, func(tx *store.Tx) error {
		ids, err := tx.AddTasks(f.q.r.Run, tasks)
		for i, id := range ids {
			tasks[i].ID = id
		}
		if err != nil {
			return err
		}
		return tx.SaveCursor(f.q.r.Run, cursor)
	})
	if err != nil {
		return fmt.Errorf("record tasks: %w", err)
	}
	f.cursor = cursor
	f.q.add(tasks...)
	return nil
}

// sourceEnded counts a source as ended and lets the loop see it.
func (q *queue) sourceEnded(f *feed) {
	q.mu.Lock()
	q.feeds = slices.DeleteFunc(slices.Clone(q.feeds), func(other *feed) bool { return other == f })
	q.mu.Unlock()
	q.r.nudge()
}
