package policies

import (
	"maps"
	"reflect"
	"slices"

	"tasks/spec"
)

// An items says what is known of a stage's items before the first is there.
type items struct {
	open bool              // anything may come
	none bool              // there is one task without an item
	typ  reflect.Type      // of every item; nil where they differ or are maps
	keys map[string]*shape // of the items that are maps

	after []string // the ended stages that its expressions see
}

// itemsOf reads a stage's source. What others emit, and what a file or a command
// will say, is open.
func itemsOf(s *spec.Spec, stage *spec.Stage) items {
	if stage.From == nil || emittedInto(s, stage.Name) {
		return items{open: true}
	}
	switch stage.From.Kind {
	case spec.SourceRange:
		return items{typ: reflect.TypeFor[int]()}
	case spec.SourceOnce:
		return items{none: !stage.EmitsInto(stage.Name), open: true}
	case spec.SourceLines:
		return items{typ: reflect.TypeFor[string]()}
	case spec.SourceItems:
		return itemsIn(stage.From.Items)
	case spec.SourceMatrix:
		return combined(stage.From.Axes)
	case spec.SourceCSV:
		if len(stage.From.Columns) > 0 {
			return named(reflect.TypeFor[string](), stage.From.Columns...)
		}
	case spec.SourceFiles:
		known := named(reflect.TypeFor[string](), "path", "name", "stem", "ext", "folder")
		known.keys["size"] = &shape{typ: reflect.TypeFor[int](), doc: "in bytes"}
		return known
	}
	return items{open: true}
}

// named is items that have values of one type under the same names.
func named(t reflect.Type, names ...string) items {
	out := items{keys: make(map[string]*shape, len(names))}
	for _, name := range names {
		out.keys[name] = &shape{typ: t, doc: "from the item"}
	}
	return out
}

// combined is the items of a matrix.
func combined(axes []spec.Axis) items {
	out := named(nil)
	for _, a := range axes {
		t := common(a.Values)
		out.keys[a.Name] = &shape{typ: t, open: t == nil, doc: "from the matrix"}
	}
	return out
}

func emittedInto(s *spec.Spec, stage string) bool {
	for i := range s.Stages {
		for _, e := range s.Stages[i].Emit {
			if e.Stage == stage {
				return true
			}
		}
	}
	return false
}

func itemsIn(list []any) items {
	out := items{typ: common(list)}
	values := make(map[string][]any)
	for _, item := range list {
		m, ok := item.(map[string]any)
		for key, v := range m {
			values[key] = append(values[key], v)
		}
		if ok && out.keys == nil {
			out.keys = make(map[string]*shape)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		s := &shape{open: true, doc: "from the item"}
		if t := common(values[key]); len(values[key]) == len(list) && t != nil {
			s = &shape{typ: t, doc: s.doc}
		}
		out.keys[key] = s
	}
	return out
}

// common is the type of all values, where they are all text, all whole numbers,
// all numbers or all true or false; nil where not.
func common(values []any) reflect.Type {
	var t reflect.Type
	for _, v := range values {
		switch v.(type) {
		case string, bool, int, int64, float64:
		default:
			return nil
		}
		switch is := reflect.TypeOf(v); {
		case t == nil || t == is:
			t = is
		case isNumber(t) && isNumber(is):
			t = reflect.TypeFor[float64]()
		default:
			return nil
		}
	}
	return t
}

// isNumber leaves out durations, which are whole numbers to Go.
func isNumber(t reflect.Type) bool {
	return t == reflect.TypeFor[int]() || t == reflect.TypeFor[int64]() || t == reflect.TypeFor[float64]()
}

// shape is the shape of "task" for these items.
func (i items) shape() *shape {
	s := shapeOf(reflect.TypeFor[Task]())
	s.open = i.open
	item := &shape{typ: i.typ, doc: s.fields["item"].doc, open: i.open, fields: i.keys}
	item.order = slices.Sorted(maps.Keys(i.keys))
	item.open = item.open || i.typ == nil && i.keys == nil
	if i.none {
		s.drop("item")
		s.open = false
		return s
	}
	s.fields["item"] = item
	for _, key := range item.order {
		if s.fields[key] == nil {
			s.add(key, item.fields[key])
		}
	}
	return s
}
