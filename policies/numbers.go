package policies

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// integer is int(): what a program prints is text that ends in a line break, so
// blanks around a number are no mistake.
func integer(a ...any) (any, error) {
	switch v := a[0].(type) {
	case string:
		if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil {
			return n, nil
		}
	case int:
		return v, nil
	case int64:
		return int(v), nil
	case float64:
		if math.Abs(v) < 1<<63 {
			return int(v), nil
		}
	}
	return nil, noNumber("int", a[0])
}

// decimalOf is float().
func decimalOf(a ...any) (any, error) {
	switch v := a[0].(type) {
	case string:
		if f, err := strconv.ParseFloat(strings.TrimSpace(v), 64); err == nil && !math.IsNaN(f) {
			return f, nil
		}
	case int:
		return float64(v), nil
	case int64:
		return float64(v), nil
	case float64:
		return v, nil
	}
	return nil, noNumber("float", a[0])
}

func noNumber(name string, v any) error {
	said, err := text(v)
	if err != nil {
		said = "nothing"
	}
	return fmt.Errorf("%s() cannot make a number of %q", name, short(strings.Join(strings.Fields(said), " "), 40))
}
