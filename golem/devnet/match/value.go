package match

import (
	"encoding/json"
	"strings"

	"tasks/golem"
)

// lookup returns the property as a string, float64, bool or []any of these, and
// false when it is missing or invisible.
func lookup(p golem.Properties, name string) (any, bool) {
	v, ok := p[name]
	if !ok {
		return nil, false
	}
	return visible(v)
}

func visible(v any) (any, bool) {
	switch v := v.(type) {
	case string:
		return visibleString(v)
	case float64, bool:
		return v, true
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case []any:
		return visibleList(v)
	case nil, map[string]any:
		return nil, false
	}
	return visibleJSON(v)
}

// visibleString returns the text that the daemon compares, which is the JSON
// form between its quotes: a backslash or a quote stays escaped.
func visibleString(s string) (any, bool) {
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\n' && s[i] != '\t' {
			return nil, false
		}
	}
	if strings.ContainsAny(s, "\n\t\"\\") {
		s = strings.NewReplacer("\n", `\n`, "\t", `\t`, `"`, `\"`, `\`, `\\`).Replace(s)
	}
	return s, true
}

func visibleList(list []any) (any, bool) {
	out := make([]any, len(list))
	for i, item := range list {
		v, ok := visible(item)
		if !ok {
			return nil, false
		}
		out[i] = v
	}
	return out, true
}

// visibleJSON takes any other type by the JSON that the daemon would have read.
func visibleJSON(v any) (any, bool) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, false
	}
	var decoded any
	if err := json.Unmarshal(b, &decoded); err != nil {
		return nil, false
	}
	return visible(decoded)
}
