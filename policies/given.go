package policies

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"
)

// A Misfit is a value that was given for a name and cannot be that name's. It is
// an error.
type Misfit struct {
	Path  []string // where it is in what was given: keys, and "[0]" for an element
	IsKey bool     // the last key of Path is wrong, and not its value
	Fact  string
	Hint  string // or ""
}

// Error is the path and the fact.
func (m *Misfit) Error() string { return pathName(m.Path) + ": " + m.Fact }

// A filling puts values that were given into an environment.
type filling struct {
	policy string
	root   *shape
}

// fill makes an environment of a kind out of values for its names: a tree of maps
// whose leaves are text, numbers, true or false, lists and nil. What is not given
// is zero, or follows from what is. derived are the names that follow.
func fill(k kind, root *shape, given map[string]any) (env any, derived map[string]bool, err error) {
	into := reflect.New(reflect.TypeOf(k.env))
	f := filling{policy: k.name, root: root}
	given, err = propertiesRead(given)
	if err != nil {
		return nil, nil, err
	}
	if err := f.group(into.Elem(), root, given, nil); err != nil {
		return nil, nil, err
	}
	return into.Interface(), derive(into.Elem(), given), nil
}

// group fills the fields of a struct.
func (f filling) group(into reflect.Value, s *shape, given map[string]any, path []string) error {
	for _, key := range sortedKeys(given) {
		at := append(slices.Clip(path), key)
		field, ok := fieldNamed(into, key)
		if !ok {
			return f.unknown(s, at)
		}
		if err := f.value(field, s.fields[key], given[key], at); err != nil {
			return err
		}
	}
	return nil
}

// unknown is a name that the policy does not see.
func (f filling) unknown(s *shape, path []string) error {
	name := path[len(path)-1]
	order := s.order
	sees := fmt.Sprintf("%s sees %s", f.policy, listed(order))
	if len(path) > 1 {
		sees = fmt.Sprintf("%s has %s", pathName(path[:len(path)-1]), listed(order))
	}
	fact := fmt.Sprintf("unknown name %q", name)
	if len(path) == 1 && f.root.fields[name] == nil && name == "max_price" {
		return &Misfit{Path: path, IsKey: true, Fact: "max_price is not set", Hint: "set max_price: in the file to use it here"}
	}
	return &Misfit{Path: path, IsKey: true, Fact: fact, Hint: didYouMean(name, order, sees)}
}

// value fills one field.
func (f filling) value(into reflect.Value, s *shape, given any, path []string) error {
	if s == nil {
		s = &shape{}
	}
	switch into.Interface().(type) {
	case time.Duration:
		return fillDuration(into, given, path)
	case time.Time:
		return fillTime(into, given, path)
	case Task:
		return f.task(into, s, given, path)
	}
	switch into.Kind() {
	case reflect.Struct:
		m, ok := given.(map[string]any)
		if !ok {
			return misfit(path, s, given)
		}
		return f.group(into, s, m, path)
	case reflect.Slice:
		return f.list(into, s, given, path)
	case reflect.Pointer:
		return fillPointer(into, s, given, path)
	}
	return fillPlain(into, s, given, path)
}

// task lets the keys of an item stand beside the task's own names.
func (f filling) task(into reflect.Value, s *shape, given any, path []string) error {
	m, ok := given.(map[string]any)
	if !ok {
		return misfit(path, s, given)
	}
	own, item := map[string]any{}, map[string]any{}
	for key, v := range m {
		switch {
		case ownName(key):
			own[key] = v
		case s.open || s.fields[key] != nil:
			item[key] = v
		default:
			return f.unknown(s, append(slices.Clip(path), key))
		}
	}
	if len(item) > 0 {
		if _, both := own["item"]; both {
			return &Misfit{Path: append(slices.Clip(path), sortedKeys(item)[0]), IsKey: true, Fact: "this is a key of the item, and item is given too", Hint: "put it into item"}
		}
		own["item"] = item
	}
	return f.group(into, s, own, path)
}

func (f filling) list(into reflect.Value, s *shape, given any, path []string) error {
	l, ok := given.([]any)
	if !ok {
		return misfit(path, &shape{typ: into.Type()}, given)
	}
	out := reflect.MakeSlice(into.Type(), len(l), len(l))
	elem := s.elem
	if elem == nil {
		elem = shapeOf(into.Type().Elem())
	}
	for i := range l {
		if err := f.value(out.Index(i), elem, l[i], append(slices.Clip(path), fmt.Sprintf("[%d]", i))); err != nil {
			return err
		}
	}
	into.Set(out)
	return nil
}

// fillPlain fills text, numbers, true or false, maps and what may be anything.
func fillPlain(into reflect.Value, s *shape, given any, path []string) error {
	number, isNumber := toFloat(given)
	switch into.Kind() {
	case reflect.Interface:
		if given != nil {
			into.Set(reflect.ValueOf(given))
		}
		return nil
	case reflect.Map:
		if m, ok := given.(map[string]any); ok {
			into.Set(reflect.ValueOf(m))
			return nil
		}
	case reflect.String:
		if text, ok := given.(string); ok {
			into.SetString(text)
			return nil
		}
	case reflect.Bool:
		if yes, ok := given.(bool); ok {
			into.SetBool(yes)
			return nil
		}
	case reflect.Float64:
		switch given {
		case "infinity":
			number, isNumber = math.Inf(1), true
		case "-infinity":
			number, isNumber = math.Inf(-1), true
		}
		if isNumber {
			into.SetFloat(number)
			return nil
		}
	case reflect.Int, reflect.Int64:
		if isNumber && number == math.Trunc(number) && math.Abs(number) < 1<<53 {
			into.SetInt(int64(number))
			return nil
		}
		if isNumber {
			return &Misfit{Path: path, Fact: "wants a whole number, and this is " + float(number)}
		}
	}
	return misfit(path, &shape{typ: into.Type()}, given)
}

func fillPointer(into reflect.Value, s *shape, given any, path []string) error {
	if given == nil {
		return nil
	}
	v := reflect.New(into.Type().Elem())
	into.Set(v)
	return fillPlain(v.Elem(), s, given, path)
}

func fillDuration(into reflect.Value, given any, path []string) error {
	text, ok := given.(string)
	if ok && text == "never" {
		into.SetInt(int64(Never))
		return nil
	}
	d, err := parseDuration(text)
	if !ok || err != nil {
		return &Misfit{Path: path, Fact: "wants a duration, and this is " + told(given), Hint: `write it as text with units, such as "90s" or "1h30m"`}
	}
	into.SetInt(int64(d))
	return nil
}

func fillTime(into reflect.Value, given any, path []string) error {
	text, ok := given.(string)
	at, err := time.Parse(time.RFC3339, text)
	if !ok || err != nil {
		return &Misfit{Path: path, Fact: "wants a time, and this is " + told(given), Hint: `write it such as "2026-11-24T12:00:00Z"`}
	}
	into.Set(reflect.ValueOf(at))
	return nil
}

func misfit(path []string, s *shape, given any) error {
	wants := s.word()
	hint := ""
	if len(s.order) > 0 {
		wants, hint = "its names", "it has "+listed(s.order)
	}
	return &Misfit{Path: path, Fact: fmt.Sprintf("wants %s, and this is %s", wants, told(given)), Hint: hint}
}

// fieldNamed is the field of a struct that expressions call so.
func fieldNamed(v reflect.Value, name string) (reflect.Value, bool) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			if inner, ok := fieldNamed(v.Field(i), name); ok {
				return inner, true
			}
			continue
		}
		if f.Tag.Get("expr") == name {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}
