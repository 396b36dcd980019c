package source

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"reflect"

	"tasks/spec"
)

// A matrix is a round of combinations, the last name going fastest. The offset
// of its cursor counts combinations, the excluded ones included.
type matrix struct {
	axes    []spec.Axis
	exclude []any
	total   int64
}

func newMatrix(src spec.Source) matrix {
	m := matrix{src.Axes, src.Exclude, 1}
	for _, a := range src.Axes {
		m.total *= int64(len(a.Values))
	}
	return m
}

func (m matrix) next(_ context.Context, at *cursor) (any, json.RawMessage, error) {
	for at.Offset < m.total {
		item := m.combination(at.Offset)
		at.Offset++
		if m.excluded(item) {
			continue
		}
		raw, err := encode(item)
		if err != nil {
			return nil, nil, fmt.Errorf("combination %d of the matrix: %w", at.Offset, err)
		}
		return item, raw, nil
	}
	return nil, nil, io.EOF
}

func (m matrix) combination(n int64) map[string]any {
	item := make(map[string]any, len(m.axes))
	for i := len(m.axes) - 1; i >= 0; i-- {
		values := m.axes[i].Values
		item[m.axes[i].Name] = values[n%int64(len(values))]
		n /= int64(len(values))
	}
	return item
}

// excluded reports whether all that some exclusion says is so.
func (m matrix) excluded(item map[string]any) bool {
	for _, e := range m.exclude {
		rule, _ := e.(map[string]any)
		all := len(rule) > 0
		for name, v := range rule {
			all = all && reflect.DeepEqual(item[name], v)
		}
		if all {
			return true
		}
	}
	return false
}

func (matrix) close() error { return nil }
