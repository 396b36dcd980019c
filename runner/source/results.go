package source

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"tasks/spec"
)

// A Result is one result of another stage. Seq says which it is among all of the
// run, and grows.
type Result struct {
	Seq   int64
	Value json.RawMessage
}

// Results reads the results of a stage that come after a Seq, at most limit of
// them and in order; none is the end.
type Results func(ctx context.Context, stage string, after int64, limit int) ([]Result, error)

// resultsPage is how many results are read at once.
const resultsPage = 256

// OpenResults is Open for sources that may be the results of another stage, which
// read gets.
func OpenResults(src spec.Source, position json.RawMessage, read Results) (*Reader, error) {
	at, err := parseCursor(position)
	if err != nil {
		return nil, err
	}
	r := &Reader{src: src, at: at, gave: at.Index > 0, results: read}
	if r.over() {
		return r, nil
	}
	if r.round, err = r.open(); err != nil {
		return nil, err
	}
	return r, nil
}

// results is a round of the results of a stage. The cursor's offset is the Seq of
// the last one.
type results struct {
	stage string
	read  Results
	page  []Result
}

func (s *results) next(ctx context.Context, at *cursor) (any, json.RawMessage, error) {
	if len(s.page) == 0 {
		page, err := s.read(ctx, s.stage, at.Offset, resultsPage)
		if err != nil {
			return nil, nil, fmt.Errorf("results of stage %s: %w", s.stage, err)
		}
		if len(page) == 0 {
			return nil, nil, io.EOF
		}
		s.page = page
	}
	first := s.page[0]
	s.page = s.page[1:]
	at.Offset = first.Seq
	value, raw, err := decodeLine(first.Value)
	if err != nil {
		return nil, nil, fmt.Errorf("result %d of stage %s: %w", first.Seq, s.stage, err)
	}
	return value, raw, nil
}

func (*results) close() error { return nil }

// once is a round of one item, which is nothing.
type once struct{}

func (once) next(_ context.Context, at *cursor) (any, json.RawMessage, error) {
	if at.Index > 0 {
		return nil, nil, io.EOF
	}
	return nil, json.RawMessage("null"), nil
}

func (once) close() error { return nil }
