package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"tasks/spec"
)

// A file is a round of a file of lines.
type file struct {
	path    string
	f       *os.File
	lines   lines
	records *records
	unended bool // the line before the cursor had no end when it was read
}

func openFile(src spec.Source, at cursor) (*file, error) {
	f, err := os.Open(src.Path)
	if err != nil {
		return nil, err
	}
	r := &file{path: src.Path, f: f, lines: newLines(f), records: newRecords(src)}
	if err := r.seek(at); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", src.Path, err)
	}
	return r, nil
}

// seek goes to the cursor.
func (r *file) seek(at cursor) error {
	size, err := r.size()
	switch {
	case err != nil:
		return err
	case at.Index > 0 && at.Offset == 0:
		return errors.New("the position to carry on from is not one in a file")
	case at.Offset > size:
		return shrunk(size, at.Offset)
	case at.Offset == 0:
		return nil
	}
	var last [1]byte
	if _, err := r.f.ReadAt(last[:], at.Offset-1); err != nil {
		return err
	}
	if err := r.columns(); err != nil {
		return err
	}
	r.unended = last[0] != '\n'
	if _, err := r.f.Seek(at.Offset, io.SeekStart); err != nil {
		return err
	}
	r.lines = newLines(r.f)
	return nil
}

// columns reads the names of a csv file's columns, from which seek goes on.
func (r *file) columns() error {
	if r.records.kind != spec.SourceCSV || r.records.columns != nil {
		return nil
	}
	var start cursor
	return r.records.header(func() ([]byte, error) { return r.line(&start) }, &start)
}

func (r *file) size() (int64, error) {
	info, err := r.f.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, errors.New("not a regular file; what can be read only once is a source with command: [cat, …]")
	}
	return info.Size(), nil
}

func shrunk(size, read int64) error {
	return fmt.Errorf("the file has %d bytes, and %d were read before: it was cut or replaced", size, read)
}

func (r *file) next(_ context.Context, at *cursor) (any, json.RawMessage, error) {
	record, err := r.records.read(func() ([]byte, error) { return r.line(at) }, at)
	if err == io.EOF {
		return nil, nil, r.end(*at)
	}
	if err == nil {
		var value any
		var raw json.RawMessage
		if value, raw, err = r.records.decode(record, at); err == nil {
			return value, raw, nil
		}
	}
	return nil, nil, fmt.Errorf("%s:%d: %w", r.path, at.Line, err)
}

// line reads a line and moves the offset, not the count of lines.
func (r *file) line(at *cursor) ([]byte, error) {
	line, n, err := r.lines.next()
	if err != nil {
		return nil, err
	}
	at.Offset += int64(n)
	if !r.unended {
		return line, nil
	}
	r.unended = false
	if len(line) > 0 {
		at.Line--
		return nil, errors.New("the line was the last one when it was read, and was made longer since")
	}
	return r.line(at)
}

// end is io.EOF, unless the file became shorter than what was read of it.
func (r *file) end(at cursor) error {
	size, err := r.size()
	if err == nil && size < at.Offset {
		err = shrunk(size, at.Offset)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", r.path, err)
	}
	return io.EOF
}

func (r *file) close() error { return r.f.Close() }
