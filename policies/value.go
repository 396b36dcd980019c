package policies

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem"
)

// Bounds of what an expression may make, so that none can take the machine down.
const (
	maxText   = 64 << 20 // bytes of one text
	maxValues = 4 << 20  // values inside one list or map, at any depth
	maxDepth  = 100      // lists and maps inside each other
)

var errNothing = errors.New("gives nothing (nil)")

// text is a value as a command line wants it: text as it is, numbers without
// exponent, lists and maps as JSON. Nothing, and what is no number, is an error.
func text(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", errNothing
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case int:
		return strconv.Itoa(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return "", fmt.Errorf("gives %s, which is no number", float(v))
		}
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case time.Duration:
		return v.String(), nil
	case time.Time:
		return v.Format(time.RFC3339Nano), nil
	}
	plain, err := normal(v)
	if err != nil {
		return "", err
	}
	switch plain.(type) {
	case []any, map[string]any:
		return encode(plain)
	}
	return text(plain)
}

func encode(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", fmt.Errorf("encode value: %w", err)
	}
	if b.Len() > maxText {
		return "", errTooLong
	}
	return string(bytes.TrimRight(b.Bytes(), "\n")), nil
}

// float is a number as people write it, NaN and infinity included.
func float(v float64) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "infinity"
	case math.IsInf(v, -1):
		return "-infinity"
	}
	return strconv.FormatFloat(v+0, 'f', -1, 64) // +0 makes 0 of -0
}

// normal is a value as results and items are kept: nil, bool, int, float64,
// string, []any and map[string]any. Durations and times become text.
func normal(v any) (any, error) {
	n := normalizer{}
	return n.value(v, 0)
}

type normalizer struct{ seen int }

func (n *normalizer) value(v any, depth int) (any, error) {
	if n.seen++; n.seen > maxValues || depth > maxDepth {
		return nil, fmt.Errorf("gives more than %d values, or lists more than %d deep", maxValues, maxDepth)
	}
	switch v := v.(type) {
	case nil, string, bool, int:
		return v, nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("gives %s, which is no number", float(v))
		}
		return v, nil
	case []any:
		return n.list(reflect.ValueOf(v), depth)
	case map[string]any:
		return n.table(v, depth)
	case Chunk:
		return map[string]any{"from": v.From, "to": v.To}, nil
	case time.Duration, time.Time:
		return text(v)
	case []byte:
		return string(v), nil
	}
	return n.other(reflect.ValueOf(v), depth)
}

func (n *normalizer) other(v reflect.Value, depth int) (any, error) {
	switch {
	case v.CanInt():
		return int(v.Int()), nil
	case v.CanUint():
		return int(v.Uint()), nil
	case v.CanFloat():
		return n.value(v.Float(), depth)
	}
	switch v.Kind() {
	case reflect.String:
		return v.String(), nil
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.Slice, reflect.Array:
		return n.list(v, depth)
	case reflect.Map:
		return n.anyTable(v, depth)
	case reflect.Pointer:
		if v.IsNil() {
			return nil, nil
		}
		return n.value(v.Elem().Interface(), depth+1)
	}
	return nil, fmt.Errorf("gives %s, which is no value to keep", wordOf(v.Interface()))
}

func (n *normalizer) list(v reflect.Value, depth int) (any, error) {
	out := make([]any, v.Len())
	for i := range out {
		var err error
		if out[i], err = n.value(v.Index(i).Interface(), depth+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (n *normalizer) table(m map[string]any, depth int) (any, error) {
	out := make(map[string]any, len(m))
	for k, v := range m {
		plain, err := n.value(v, depth+1)
		if err != nil {
			return nil, err
		}
		out[k] = plain
	}
	return out, nil
}

// anyTable is a map with keys of any kind, as groupBy gives.
func (n *normalizer) anyTable(m reflect.Value, depth int) (any, error) {
	out := make(map[string]any, m.Len())
	for entry := m.MapRange(); entry.Next(); {
		key, err := text(entry.Key().Interface())
		if err != nil {
			return nil, fmt.Errorf("key of a map: %w", err)
		}
		if out[key], err = n.value(entry.Value().Interface(), depth+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// number reads what an expression gave as a finite number.
func number(v any) (float64, error) {
	f, ok := toFloat(v)
	if !ok {
		return 0, fmt.Errorf("gives %s, and wants a number", wordOf(v))
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, fmt.Errorf("gives %s, which is no number", float(f))
	}
	return f, nil
}

func toFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case *float64:
		if v != nil {
			return *v, true
		}
	}
	return 0, false
}

// amount reads what an expression gave as GLM; whole numbers stay exact.
func amount(v any) (golem.Amount, error) {
	f, err := number(v)
	switch {
	case err != nil:
		return golem.Amount{}, err
	case f < 0:
		return golem.Amount{}, fmt.Errorf("gives %s, and less than 0 GLM is no amount", float(f))
	}
	if n, ok := v.(int); ok {
		return decimal.NewFromInt(int64(n)), nil
	}
	return decimal.NewFromFloat(f), nil
}
