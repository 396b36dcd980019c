package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"tasks/runner/store"
)

// openFile opens the results file, and makes it and its directories where they
// are missing.
func (e *exporter) openFile() (err error) {
	if err = os.MkdirAll(filepath.Dir(e.path), 0o777); err == nil {
		e.file, err = os.OpenFile(e.path, os.O_CREATE|os.O_RDWR, 0o666)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrResultsLost, err)
	}
	return nil
}

// mend takes the file up again if it is not what was last written to: somebody
// moved, deleted or shortened it while the run goes on.
func (e *exporter) mend(ctx context.Context) error {
	whole, err := e.whole()
	if err != nil || whole {
		return err
	}
	e.shut()
	return e.reopen(ctx)
}

// whole reports whether the open file is the one of that name, and as long as it
// should be.
func (e *exporter) whole() (bool, error) {
	if e.file == nil {
		return false, nil
	}
	there, err := os.Stat(e.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrResultsLost, err)
	}
	open, err := e.file.Stat()
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrResultsLost, err)
	}
	return os.SameFile(open, there) && there.Size() >= e.run.ResultsOffset, nil
}

// reopen carries on with our file where the store says that it ends. If it lost
// something since, all of it is written again from the store. A file of somebody
// else in its place is left alone.
func (e *exporter) reopen(ctx context.Context) error {
	if err := e.openFile(); err != nil {
		return err
	}
	end, err := e.intact(ctx)
	if err != nil {
		return err
	}
	if end == 0 && e.run.ResultsOffset > 0 {
		e.r.Log.Warn("the results file has lost results; all are written again", "file", e.path)
		// Recorded first: a crash in between must not find an old end in a new file.
		err := e.r.update(ctx, func(tx *store.Tx) error { return tx.SetExported(e.r.Run, 0, 0) })
		if err != nil {
			return err
		}
		e.run.ResultsExported, e.run.ResultsOffset = 0, 0
	}
	if err := e.file.Truncate(end); err != nil {
		return fmt.Errorf("%w: %w", ErrResultsLost, err)
	}
	return nil
}

// intact returns up to where the file is complete: where the store says that it
// ends, or 0 for a file that lost something. A file that begins with anything but
// this run's first result is an error.
func (e *exporter) intact(ctx context.Context) (int64, error) {
	first, err := e.firstTask(ctx)
	if err != nil {
		return 0, err
	}
	head, err := e.read(0, headSize)
	if err != nil {
		return 0, err
	}
	if first != 0 && !isLine(head, first) {
		return 0, fmt.Errorf("%w: %s", ErrResultsFile, e.path)
	}
	end := e.run.ResultsOffset
	last, err := e.read(end-1, 1)
	if err != nil || string(last) != "\n" {
		return 0, err
	}
	return end, nil
}

// firstTask is the task of the run's first result, or 0 if it has none.
func (e *exporter) firstTask(ctx context.Context) (id int64, err error) {
	err = e.r.Store.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Results(e.r.Run, 0, 1)
		if len(rows) > 0 {
			id = rows[0].Task
		}
		return err
	})
	return id, err
}

// read returns n bytes from a place, or as many as there are.
func (e *exporter) read(at int64, n int) ([]byte, error) {
	text := make([]byte, n)
	n, err := e.file.ReadAt(text, max(at, 0))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %w", ErrResultsLost, err)
	}
	return text[:n], nil
}

// headSize is how much of a line is enough to know its task.
const headSize = 64

// isLine reports whether text is the line of a task, or the beginning of one.
func isLine(text []byte, task int64) bool {
	want := fmt.Appendf(nil, `{"task":%d,`, task)
	n := min(len(text), len(want))
	return bytes.Equal(text[:n], want[:n])
}
