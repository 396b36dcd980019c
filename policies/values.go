package policies

import (
	"maps"
	"math"
	"reflect"
	"slices"
	"time"
)

// Values is a group of names, such as an Offer or an OfferEnv, as a tree that can
// be written as JSON and given back to Ask: durations and times are text, and
// numbers without end "infinity".
func Values(group any) map[string]any {
	return tree(reflect.ValueOf(group))
}

func tree(v reflect.Value) map[string]any {
	out := make(map[string]any, v.NumField())
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			maps.Copy(out, tree(v.Field(i)))
			continue
		}
		out[f.Tag.Get("expr")] = leaf(v.Field(i))
	}
	return out
}

func leaf(v reflect.Value) any {
	switch is := v.Interface().(type) {
	case time.Duration:
		if is == Never {
			return "never"
		}
		return is.String()
	case time.Time:
		return is.Format(time.RFC3339Nano)
	case float64:
		if math.IsInf(is, 0) || math.IsNaN(is) {
			return float(is)
		}
		return is
	}
	switch v.Kind() {
	case reflect.Struct:
		return tree(v)
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return leaf(v.Elem())
	case reflect.Slice:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = leaf(v.Index(i))
		}
		return out
	case reflect.Map:
		if v.IsNil() {
			return map[string]any{}
		}
	}
	return v.Interface()
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
