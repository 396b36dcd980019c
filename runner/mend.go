package runner

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
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
// something since, what the store has is written again. A file of somebody else in
// its place is left alone.
func (e *exporter) reopen(ctx context.Context) error {
	if err := e.openFile(); err != nil {
		return err
	}
	end, err := e.intact(ctx)
	if err != nil {
		return err
	}
	if end < e.run.ResultsOffset {
		if end, err = e.rewind(ctx); err != nil {
			return err
		}
	}
	if err := e.file.Truncate(end); err != nil {
		return fmt.Errorf("%w: %w", ErrResultsLost, err)
	}
	return nil
}

// rewind makes the store forget what it wrote into a file that lost something,
// and returns where the file goes on. Results that are rolled up are in the file
// alone: what it has of them stays.
func (e *exporter) rewind(ctx context.Context) (end int64, err error) {
	for {
		rolled, err := e.rolledUp(ctx)
		if err != nil {
			return 0, err
		}
		only := max(0, rolled-e.run.ResultsFirst+1)
		lines, end, err := e.count(only)
		if err != nil {
			return 0, err
		}
		first := e.run.ResultsFirst + only - lines
		switch err := e.rewindTo(ctx, rolled, first, end); {
		case errors.Is(err, errRolledMeanwhile):
			continue
		case err != nil:
			return 0, err
		}
		e.r.Log.Warn("the results file has lost results; all that are in the database are written again", "file", e.path)
		if lines < only {
			e.r.Log.Error("results are lost: the database had rolled them up, and only the file had them",
				"file", e.path, logTimes, only-lines)
		}
		e.run.ResultsFirst, e.run.ResultsExported, e.run.ResultsOffset = first, rolled, end
		return end, nil
	}
}

// errRolledMeanwhile undoes a rewind that came too late.
var errRolledMeanwhile = errors.New("more results were rolled up")

// rewindTo records that the file ends before the first result that is not rolled
// up. That comes before the file is touched: a crash in between must not find an
// old end in a new file.
func (e *exporter) rewindTo(ctx context.Context, rolled, first, end int64) error {
	return e.r.update(ctx, func(tx *store.Tx) error {
		now, err := tx.Rolled(e.r.Run)
		if err != nil {
			return err
		}
		if now.Results != rolled {
			return errRolledMeanwhile
		}
		if err := tx.SetResultsHead(e.r.Run, e.run.ResultsHead, first); err != nil {
			return err
		}
		return tx.SetExported(e.r.Run, rolled, end)
	})
}

// rolledUp is the last result that is rolled up, or 0.
func (e *exporter) rolledUp(ctx context.Context) (seq int64, err error) {
	err = e.r.Store.View(ctx, func(tx *store.Tx) error {
		rolled, err := tx.Rolled(e.r.Run)
		seq = rolled.Results
		return err
	})
	return seq, err
}

// count returns how many whole lines the file begins with, up to a number, and
// where they end.
func (e *exporter) count(upTo int64) (lines, end int64, err error) {
	in := bufio.NewReader(io.NewSectionReader(e.file, 0, math.MaxInt64))
	for lines < upTo {
		n, err := skipLine(in)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, 0, fmt.Errorf("%w: %w", ErrResultsLost, err)
		}
		lines, end = lines+1, end+n
	}
	return lines, end, nil
}

// skipLine returns the length of the next line, however long it is.
func skipLine(in *bufio.Reader) (n int64, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if n += int64(len(part)); !errors.Is(err, bufio.ErrBufferFull) {
			return n, err
		}
	}
}

// intact returns up to where the file is complete: where the store says that it
// ends, or 0 for a file that lost something. A file that begins with anything but
// the result that its first line was of, or is going to be, is an error.
func (e *exporter) intact(ctx context.Context) (int64, error) {
	first, err := e.firstTask(ctx)
	if err != nil {
		return 0, err
	}
	head, err := e.read(0, headSize)
	if err != nil {
		return 0, err
	}
	ours := first == 0 && e.run.ResultsHead == 0 || first != 0 && isLine(head, first) ||
		e.run.ResultsHead != 0 && isLine(head, e.run.ResultsHead)
	if !ours {
		return 0, fmt.Errorf("%w: %s", ErrResultsFile, e.path)
	}
	end := e.run.ResultsOffset
	last, err := e.read(end-1, 1)
	if err != nil || string(last) != "\n" {
		return 0, err
	}
	return end, nil
}

// firstTask is the task of the first result that the store has, or 0 if it has
// none.
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
