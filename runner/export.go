package runner

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"tasks/policies"
	"tasks/runner/state"
	"tasks/runner/store"
)

// ErrResultsFile is wrapped when the results file of a new run has something in
// it: another run's results, or anything else that is not ours to overwrite.
var ErrResultsFile = errors.New("the results file is not empty and not of this run")

// ErrResultsLost is wrapped when results cannot be written to the results file.
// They are safe in the database, and the next start of the run writes what is
// missing.
var ErrResultsLost = errors.New("the results file cannot be written")

// exportChunk is how many results are written between two syncs.
const exportChunk = 1000

// exportRest is how long an exporter rests after it wrote, so that many small
// tasks share a sync.
const exportRest = 50 * time.Millisecond

// An exporter appends results to the run's file, each exactly once: the store
// knows how much of the file is complete, and what a dead process wrote beyond
// that is cut off and written again.
type exporter struct {
	r    *runner
	path string // "" for no file
	wake chan struct{}

	mu    sync.Mutex // one writer at a time
	file  *os.File   // nil while there is none
	run   state.Run  // how far the file is
	ended bool       // nothing is written any more
}

func newExporter(r *runner) *exporter {
	return &exporter{r: r, wake: make(chan struct{}, 1)}
}

func (e *exporter) nudge() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// run writes results as they are recorded, until ctx ends.
func (e *exporter) loop(ctx context.Context) {
	defer e.close()
	for {
		select {
		case <-e.wake:
		case <-ctx.Done():
			return
		}
		if err := e.flush(ctx); err != nil && ctx.Err() == nil {
			e.r.giveUp(err)
		}
		pause(ctx, exportRest)
	}
}

// check refuses a file that is somebody else's work, before the run is begun.
// The zero Run is one that does not exist yet.
func (e *exporter) check(run state.Run) error {
	rev := e.r.inForce()
	path, ok, f := rev.policies.ResultsFile(policies.Run{ID: string(e.r.Run), Name: rev.spec.Name})
	if f != nil {
		return f
	}
	if e.path = path; !ok || run.ResultsPath == path {
		return nil
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && info.IsDir() {
		return fmt.Errorf("%w: %s is a directory", ErrResultsLost, path)
	}
	if err == nil && info.Size() > 0 {
		err = fmt.Errorf("%w: %s", ErrResultsFile, path)
	}
	return err
}

// open takes up the file where the store says that it ends.
func (e *exporter) open(ctx context.Context) error {
	if e.path == "" {
		return nil
	}
	err := e.r.Store.View(ctx, func(tx *store.Tx) (err error) {
		e.run, err = tx.Run(e.r.Run)
		return err
	})
	if err != nil {
		return err
	}
	if e.run.ResultsPath != e.path {
		return e.begin(ctx)
	}
	return e.reopen(ctx)
}

// begin makes the file the run's own.
func (e *exporter) begin(ctx context.Context) error {
	if err := e.openFile(); err != nil {
		return err
	}
	err := e.r.update(ctx, func(tx *store.Tx) error {
		if err := tx.SetResultsPath(e.r.Run, e.path); err != nil {
			return err
		}
		if err := tx.SetResultsHead(e.r.Run, 0, 1); err != nil {
			return err
		}
		return tx.SetExported(e.r.Run, 0, 0)
	})
	e.run.ResultsPath, e.run.ResultsExported, e.run.ResultsOffset = e.path, 0, 0
	e.run.ResultsHead, e.run.ResultsFirst = 0, 1
	return err
}

// flush writes every result that is recorded and not yet in the file.
func (e *exporter) flush(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.path == "" || e.ended {
		return nil
	}
	if err := e.mend(ctx); err != nil {
		return err
	}
	for {
		n, err := e.chunk(ctx)
		if err != nil || n < exportChunk {
			return err
		}
	}
}

// chunk writes some results, syncs, and only then records that they are there.
func (e *exporter) chunk(ctx context.Context) (int, error) {
	var rows []store.ResultRow
	err := e.r.Store.View(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.ResultRows(e.r.Run, e.run.ResultsExported, exportChunk)
		return err
	})
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	end, err := e.write(rows)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrResultsLost, err)
	}
	first, last := rows[0], rows[len(rows)-1].Seq
	begins := e.run.ResultsOffset == 0
	err = e.r.update(ctx, func(tx *store.Tx) error {
		if begins {
			if err := tx.SetResultsHead(e.r.Run, first.Task, first.Seq); err != nil {
				return err
			}
		}
		return tx.SetExported(e.r.Run, last, end)
	})
	if err != nil {
		return 0, err
	}
	if begins {
		e.run.ResultsHead, e.run.ResultsFirst = first.Task, first.Seq
	}
	e.run.ResultsExported, e.run.ResultsOffset = last, end
	return len(rows), nil
}

func (e *exporter) write(rows []store.ResultRow) (end int64, err error) {
	if _, err := e.file.Seek(e.run.ResultsOffset, 0); err != nil {
		return 0, err
	}
	w := bufio.NewWriter(e.file)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, row := range rows {
		if err := enc.Encode(lineOf(row)); err != nil {
			return 0, err
		}
	}
	if err := w.Flush(); err != nil {
		return 0, err
	}
	if err := e.file.Sync(); err != nil {
		return 0, err
	}
	return e.file.Seek(0, 1)
}

func (e *exporter) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ended = true
	e.shut()
}

func (e *exporter) shut() {
	if e.file == nil {
		return
	}
	if err := e.file.Close(); err != nil {
		e.r.Log.Error("results file not closed", logError, err)
	}
	e.file = nil
}
