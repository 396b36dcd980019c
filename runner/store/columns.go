package store

import (
	"encoding/json"
	"fmt"
	"time"
)

// stamp is how a time is stored: UTC microseconds, NULL for zero.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// text is how a seldom set or unique text is stored: NULL for "".
func text[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return string(s)
}

// raw is how JSON is stored: as text, NULL for none.
func raw(doc json.RawMessage) any {
	if doc == nil {
		return nil
	}
	return string(doc)
}

// document encodes a value as JSON text.
func document(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// timeTo reads a stamp.
type timeTo struct{ t *time.Time }

// Scan implements sql.Scanner.
func (d timeTo) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*d.t = time.Time{}
	case int64:
		*d.t = time.UnixMicro(v).UTC()
	default:
		return fmt.Errorf("%T is no time", v)
	}
	return nil
}

// textTo reads what text stored.
type textTo[T ~string] struct{ s *T }

// Scan implements sql.Scanner.
func (d textTo[T]) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*d.s = ""
	case string:
		*d.s = T(v)
	default:
		return fmt.Errorf("%T is no text", v)
	}
	return nil
}

// intTo reads an integer, NULL as 0.
type intTo[T ~int | ~int64] struct{ n *T }

// Scan implements sql.Scanner.
func (d intTo[T]) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*d.n = 0
	case int64:
		*d.n = T(v)
	default:
		return fmt.Errorf("%T is no integer", v)
	}
	return nil
}

// rawTo reads what raw stored.
type rawTo struct{ doc *json.RawMessage }

// Scan implements sql.Scanner.
func (d rawTo) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*d.doc = nil
	case string:
		*d.doc = json.RawMessage(v)
	default:
		return fmt.Errorf("%T is no JSON", v)
	}
	return nil
}

// documentTo decodes JSON text; NULL leaves the value alone.
type documentTo struct{ v any }

// Scan implements sql.Scanner.
func (d documentTo) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		return json.Unmarshal([]byte(v), d.v)
	}
	return fmt.Errorf("%T is no JSON", v)
}

// spanTo reads a duration of microseconds.
type spanTo struct{ d *time.Duration }

// Scan implements sql.Scanner.
func (d spanTo) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("%T is no duration", v)
	}
	*d.d = time.Duration(n) * time.Microsecond
	return nil
}
