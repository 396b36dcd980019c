package policies

import (
	"fmt"
)

// uniq keeps the first of equal elements. The library's own compares every pair,
// which takes hours for a million.
func uniq(a ...any) (any, error) {
	plain, err := normal(a[0])
	if err != nil {
		return nil, err
	}
	list, ok := plain.([]any)
	if !ok {
		return nil, fmt.Errorf("uniq wants a list, and this is %s", wordOf(a[0]))
	}
	seen := make(map[any]bool, len(list))
	out := make([]any, 0, len(list))
	for _, v := range list {
		key, err := identity(v)
		if err != nil {
			return nil, err
		}
		if !seen[key] {
			seen[key] = true
			out = append(out, v)
		}
	}
	return out, nil
}

// identity is what equal elements have in common: lists and maps by their JSON,
// which never equals a text.
func identity(v any) (any, error) {
	switch v := v.(type) {
	case []any, map[string]any:
		s, err := encode(v)
		return written(s), err
	case int:
		return float64(v), nil
	}
	return v, nil
}
