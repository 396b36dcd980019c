package source

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// A cursor is how far a source was read.
type cursor struct {
	Round  int64  `json:"round"`  // rounds that are over
	Index  int64  `json:"index"`  // items given in this one
	Offset int64  `json:"offset"` // bytes read of a file, combinations of a matrix, or Seq of a result, in this one
	Line   int64  `json:"line"`   // lines read in this one, blank ones included
	After  string `json:"after"`  // the last file given in this one
}

func parseCursor(position json.RawMessage) (cursor, error) {
	var at cursor
	if len(position) == 0 {
		return at, nil
	}
	d := json.NewDecoder(bytes.NewReader(position))
	d.DisallowUnknownFields()
	if err := d.Decode(&at); err != nil {
		return at, fmt.Errorf("read position %.80s: %w", position, err)
	}
	if min(at.Round, at.Index, at.Offset, at.Line) < 0 {
		return at, fmt.Errorf("read position %.80s: a number is negative", position)
	}
	return at, nil
}

// json is the position as Open reads it; what is 0 or empty is left out.
func (c cursor) json() json.RawMessage {
	b := make([]byte, 0, 64)
	for _, f := range [...]struct {
		key   string
		value int64
	}{{`"round":`, c.Round}, {`"index":`, c.Index}, {`"offset":`, c.Offset}, {`"line":`, c.Line}} {
		if f.value == 0 {
			continue
		}
		b = append(b, ',')
		b = append(b, f.key...)
		b = strconv.AppendInt(b, f.value, 10)
	}
	if c.After != "" {
		name, _ := quote(c.After) // UTF-8, or the item had failed
		b = append(append(b, `,"after":`...), name...)
	}
	if len(b) == 0 {
		return json.RawMessage("{}")
	}
	b[0] = '{'
	return append(b, '}')
}
