package runner

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// encodeItem writes an item or a value for the store.
func encodeItem(v any) (json.RawMessage, error) { return json.Marshal(v) }

// DecodeItem reads an item as expressions see it: a whole number is an int, so
// that it renders without a fraction, every other number a float64.
func DecodeItem(raw json.RawMessage) (any, error) {
	// Most items are whole numbers.
	if n, err := strconv.Atoi(string(raw)); err == nil {
		return n, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("decode item: %w", err)
	}
	return plain(v), nil
}

// plain replaces json.Number throughout a value.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return int(n)
		}
		f, _ := v.Float64() // out of range gives an infinity, as it should
		return f
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	}
	return v
}
