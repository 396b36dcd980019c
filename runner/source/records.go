package source

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"tasks/spec"
)

// records turns the lines of a stream into items.
type records struct {
	kind    string // of the source
	comma   rune
	columns []string // of csv; nil until the first record named them
	names   [][]byte // columns as JSON
	first   int64    // the line that the last record began on
	text    []byte   // of a csv record of several lines
}

func newRecords(src spec.Source) *records {
	r := &records{kind: src.Kind, comma: src.Delimiter}
	if r.comma == 0 {
		r.comma = ','
	}
	r.setColumns(src.Columns)
	return r
}

// byteOrderMark is what some editors put before UTF-8.
var byteOrderMark = []byte("\xef\xbb\xbf")

// read returns the next record, valid until the next call, and counts its lines.
// The line of an error is the one that the cursor is at then.
func (r *records) read(line func() ([]byte, error), at *cursor) ([]byte, error) {
	if r.kind == spec.SourceCSV && r.columns == nil {
		if err := r.header(line, at); err != nil {
			return nil, err
		}
	}
	return r.record(line, at)
}

func (r *records) record(line func() ([]byte, error), at *cursor) ([]byte, error) {
	for {
		text, err := line()
		if err == io.EOF {
			return nil, err
		}
		at.Line++
		if err != nil {
			return nil, err
		}
		if at.Line == 1 {
			text = bytes.TrimPrefix(text, byteOrderMark)
		}
		if r.blank(text) {
			continue
		}
		r.first = at.Line
		if r.kind != spec.SourceCSV || !open(text) {
			return text, nil
		}
		return r.rest(text, line, at)
	}
}

// blank reports whether a line gives no item.
func (r *records) blank(line []byte) bool {
	if r.kind != spec.SourceLines && r.kind != spec.SourceCSV {
		line = bytes.TrimSpace(line)
	}
	return len(line) == 0
}

// open reports whether a quoted value goes on behind a text.
func open(text []byte) bool { return bytes.Count(text, []byte{'"'})%2 != 0 }

// rest reads the lines of a csv record that a quoted value goes on over.
func (r *records) rest(text []byte, line func() ([]byte, error), at *cursor) ([]byte, error) {
	r.text = append(r.text[:0], text...)
	for open(r.text) {
		next, err := line()
		if err == io.EOF || err == nil && len(r.text)+len(next) > maxLine {
			at.Line = r.first
			return nil, errors.New("a quoted value begins here and has no end within 1 MiB; a quote inside a value is written twice")
		}
		at.Line++
		if err != nil {
			return nil, err
		}
		r.text = append(append(r.text, '\n'), next...)
	}
	return r.text, nil
}

// decode gives the item that a record is.
func (r *records) decode(record []byte, at *cursor) (any, json.RawMessage, error) {
	switch r.kind {
	case spec.SourceCSV:
		return r.row(record, at)
	case spec.SourceLines:
		if !utf8.Valid(record) {
			return nil, nil, errNotUTF8
		}
		text := string(record)
		raw, err := quote(text)
		return text, raw, err
	}
	return decodeLine(record)
}

// header reads the record that names the columns.
func (r *records) header(line func() ([]byte, error), at *cursor) error {
	record, err := r.record(line, at)
	if err == io.EOF {
		at.Line = 1
		return errors.New("there is no line with the names of the columns; without one the spec must have columns")
	}
	if err != nil {
		return err
	}
	names, err := r.values(record, at)
	if err != nil {
		return err
	}
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
		if names[i] == "" {
			return fmt.Errorf("column %d has no name", i+1)
		}
		if first := slices.Index(names, names[i]); first < i {
			return fmt.Errorf("columns %d and %d have the same name, %q", first+1, i+1, names[i])
		}
	}
	r.setColumns(names)
	return nil
}

func (r *records) setColumns(names []string) {
	r.columns = names
	for _, name := range names {
		raw, _ := quote(name) // UTF-8, as all that was read
		r.names = append(r.names, raw)
	}
}

// row is a record as a mapping of its columns to text.
func (r *records) row(record []byte, at *cursor) (any, json.RawMessage, error) {
	values, err := r.values(record, at)
	if err != nil {
		return nil, nil, err
	}
	if len(values) != len(r.columns) {
		return nil, nil, fmt.Errorf("a record has %d values, and this has %d", len(r.columns), len(values))
	}
	item := make(map[string]any, len(values))
	raw := make([]byte, 1, len(record)*3/2+16)
	raw[0] = '{'
	for i, v := range values {
		item[r.columns[i]] = v
		if i > 0 {
			raw = append(raw, ',')
		}
		text, err := quote(v)
		if err != nil {
			return nil, nil, err
		}
		raw = append(append(append(raw, r.names[i]...), ':'), text...)
	}
	return item, append(raw, '}'), nil
}

// values splits a csv record.
func (r *records) values(record []byte, at *cursor) ([]string, error) {
	if !utf8.Valid(record) {
		at.Line = r.first
		return nil, errNotUTF8
	}
	if bytes.IndexByte(record, '"') < 0 {
		return strings.Split(string(record), string(r.comma)), nil
	}
	c := csv.NewReader(bytes.NewReader(record))
	c.Comma, c.FieldsPerRecord = r.comma, -1
	values, err := c.Read()
	if bad, ok := errors.AsType[*csv.ParseError](err); ok {
		at.Line = r.first + int64(bad.Line) - 1
		return nil, fmt.Errorf("column %d: a quote stands at the beginning and the end of a whole value, and one inside it is written twice", bad.Column)
	}
	return values, err
}
