package policies

import (
	"reflect"
	"strconv"
	"strings"
	"time"

	"tasks/spec"
)

// A shape is what stands behind a name: the names inside it, in the order of
// documentation, or nothing where it is a plain value.
type shape struct {
	typ    reflect.Type // nil: anything
	doc    string
	fields map[string]*shape
	order  []string
	elem   *shape // of a list
	open   bool   // names inside are known only when a value is there
}

// shapeOf reads a type and its tags; documented fields come in their order.
func shapeOf(t reflect.Type) *shape {
	s := &shape{typ: t}
	switch {
	case t.Kind() == reflect.Pointer:
		return shapeOf(t.Elem())
	case t.Kind() == reflect.Slice:
		s.elem = shapeOf(t.Elem())
	case t.Kind() == reflect.Map, t.Kind() == reflect.Interface:
		s.open = true
	case t == reflect.TypeFor[time.Time](), t.Kind() != reflect.Struct:
	default:
		s.addFields(t)
	}
	return s
}

func (s *shape) addFields(t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			s.addFields(f.Type)
			continue
		}
		child := shapeOf(f.Type)
		child.doc = f.Tag.Get("doc")
		s.add(f.Tag.Get("expr"), child)
	}
}

func (s *shape) add(name string, child *shape) {
	if s.fields == nil {
		s.fields = make(map[string]*shape)
	}
	s.fields[name] = child
	s.order = append(s.order, name)
}

func (s *shape) drop(name string) {
	delete(s.fields, name)
	order := s.order
	s.order = nil
	for _, n := range order {
		if n != name {
			s.order = append(s.order, n)
		}
	}
}

// paramGroup is the type of "params" and "env", behind which are only names.
type paramGroup struct{}

// paramsShape is the shape of "params".
func paramsShape(params []spec.Param) *shape {
	out := &shape{typ: reflect.TypeFor[paramGroup](), doc: "the parameters of the spec"}
	for _, p := range params {
		out.add(p.Name, &shape{typ: reflect.TypeOf(p.Value), doc: p.Description})
	}
	return out
}

// envShape is the shape of "env".
func envShape(vars []spec.EnvVar) *shape {
	out := &shape{typ: reflect.TypeFor[paramGroup](), doc: "variables of the environment"}
	for _, e := range vars {
		out.add(e.Name, &shape{typ: reflect.TypeFor[string](), doc: e.Description})
	}
	return out
}

// group reports whether there are only names behind a name, and no value.
func (s *shape) group() bool {
	return s.fields != nil && s.typ != nil && s.typ.Kind() == reflect.Struct
}

// word is what a value of this shape is called.
func (s *shape) word() string { return word(s.typ) }

// listed writes names as a sentence does: "a, b and c".
func listed(names []string) string {
	switch n := len(names); {
	case n == 0:
		return "nothing"
	case n == 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}

// pathName writes a path as an expression does.
func pathName(path []string) string {
	var b strings.Builder
	for i, p := range path {
		switch {
		case i == 0:
			b.WriteString(p)
		case isName(p):
			b.WriteString("." + p)
		default:
			b.WriteString("[" + strconv.Quote(p) + "]")
		}
	}
	return b.String()
}

func isName(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}
