package golem

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Output is captured output: a JSON string, an array of byte values, or null.
type Output []byte

// MarshalJSON writes text as a string, other bytes as an array of numbers, and
// no output as null.
func (o Output) MarshalJSON() ([]byte, error) {
	if len(o) == 0 {
		return []byte("null"), nil
	}
	if utf8.Valid(o) {
		return json.Marshal(string(o))
	}
	ints := make([]int, len(o))
	for i, b := range o {
		ints[i] = int(b)
	}
	return json.Marshal(ints)
}

// UnmarshalJSON reads all three forms.
func (o *Output) UnmarshalJSON(b []byte) error {
	*o = nil
	if len(b) == 0 || string(b) == "null" {
		return nil
	}
	if b[0] == '"' {
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*o = Output(s)
		return nil
	}
	var ints []int
	if err := json.Unmarshal(b, &ints); err != nil {
		return fmt.Errorf("captured output: %w", err)
	}
	out := make(Output, len(ints))
	for i, n := range ints {
		if n < 0 || n > 255 {
			return fmt.Errorf("captured output: %d is no byte", n)
		}
		out[i] = byte(n)
	}
	*o = out
	return nil
}
