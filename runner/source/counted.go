package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"tasks/spec"
)

// A counter is a round of a range. Its arithmetic wraps round and is done on
// indices, so that a range may end at the largest number there is.
type counter struct {
	first, step int64
	last        uint64 // index of the last number
	empty       bool
}

func newCounter(src spec.Source) (counter, error) {
	if src.Step == 0 {
		return counter{}, errors.New("open range: its step is 0")
	}
	end := src.Last
	if src.Endless {
		end = math.MaxInt64
		if src.Step < 0 {
			end = math.MinInt64
		}
	}
	c := counter{first: src.First, step: src.Step}
	if src.Step < 0 {
		c.empty = end > src.First
		c.last = (uint64(src.First) - uint64(end)) / -uint64(src.Step)
	} else {
		c.empty = end < src.First
		c.last = (uint64(end) - uint64(src.First)) / uint64(src.Step)
	}
	return c, nil
}

func (c counter) next(_ context.Context, at *cursor) (any, json.RawMessage, error) {
	if c.empty || uint64(at.Index) > c.last {
		return nil, nil, io.EOF
	}
	n := c.first + at.Index*c.step
	return int(n), strconv.AppendInt(nil, n, 10), nil
}

func (counter) close() error { return nil }

// A list is a round of items that stand in the spec.
type list []any

func (l list) next(_ context.Context, at *cursor) (any, json.RawMessage, error) {
	if at.Index >= int64(len(l)) {
		return nil, nil, io.EOF
	}
	item := l[at.Index]
	raw, err := encode(item)
	if err != nil {
		return nil, nil, fmt.Errorf("item %d of the list: %w", at.Index+1, err)
	}
	return item, raw, nil
}

func (list) close() error { return nil }
