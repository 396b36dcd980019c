package policies

import (
	"reflect"

	"github.com/expr-lang/expr/types"
)

// want is what an expression has to give.
type want struct {
	word string                  // as in "wants ..."
	ok   func(reflect.Type) bool // nil: anything
	none bool                    // nil is an answer
	elem reflect.Type            // of the list; nil: anything
}

func wants(word string, none bool, ok func(reflect.Type) bool) want {
	return want{word: word, ok: ok, none: none}
}

func wantBool() want {
	return wants("true or false", false, func(t reflect.Type) bool { return t.Kind() == reflect.Bool })
}

func wantNumber() want { return wants("a number", false, plainNumber) }

func wantScore() want { return wants("a number, or nil to reject", true, plainNumber) }

func wantCommands() want {
	w := wants("a list of commands", false, isList)
	w.elem = reflect.TypeFor[Step]()
	return w
}

func wantItems() want { return wants("a list", true, isList) }

func wantText() want { return wants("a value to put into text", false, isValue) }

func wantResult() want { return wants("a value to keep, or nil for none", true, isValue) }

func plainNumber(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return isNumber(t)
}

func isList(t reflect.Type) bool { return t.Kind() == reflect.Slice }

// isValue refuses what is neither text, number, time nor a list or map of such.
func isValue(t reflect.Type) bool {
	switch {
	case t.Kind() == reflect.Func:
		return false
	case t.Kind() == reflect.Struct:
		return word(t) == "a time" || word(t) == "a chunk"
	}
	return true
}

// A kind is one of the policies: what its expressions see and have to give.
type kind struct {
	name  string
	env   any // a zero value of the environment
	want  want
	extra []function // callable here only

	stages bool // those of a stage with after see what has ended
	sent   bool // to machines: they see the environment
}

// kinds lists every kind of expression in the order of documentation.
func kinds() []kind {
	return []kind{
		{name: "workers", env: runEnv{}, want: wantNumber()},
		{name: "budget", env: runEnv{}, want: wantNumber()},
		{name: "max_price", env: runEnv{}, want: wantNumber()},
		{name: "offer.accept", env: OfferEnv{}, want: wantBool()},
		{name: "offer.score", env: OfferEnv{}, want: wantScore()},
		{name: "activity.prepare", env: ActivityEnv{}, want: wantCommands(), extra: commands(), sent: true},
		{name: "activity.keep", env: ActivityEnv{}, want: wantBool()},
		{name: "activity.reuse", env: ActivityEnv{}, want: wantBool()},
		{name: "debit_note.accept", env: DebitNoteEnv{}, want: wantBool()},
		{name: "invoice.accept", env: InvoiceEnv{}, want: wantBool()},
		{name: "task.retry", env: AttemptEnv{}, want: wantBool()},
		{name: "run", env: TaskEnv{}, want: wantText(), stages: true, sent: true},
		{name: "task.result", env: ResultEnv{}, want: wantResult()},
		{name: "emit", env: keptEnv{}, want: wantItems(), stages: true},
		{name: "results.count", env: keptEnv{}, want: wantNumber()},
		{name: "results.file", env: runEnv{}, want: wantText()},
	}
}

func kindNamed(name string) (kind, bool) {
	for _, k := range kinds() {
		if k.name == name {
			return k, true
		}
	}
	return kind{}, false
}

// shape is the shape of the environment, with what is known of the items.
func (k kind) shape(known items) *shape {
	s := shapeOf(reflect.TypeOf(k.env))
	if old, ok := s.fields["task"]; ok {
		task := known.shape()
		task.doc = old.doc
		s.fields["task"] = task
	}
	s.addStages(known.after)
	return s
}

// checked is the environment as the type checker sees it: richer than the struct
// that evaluation uses, because the keys of items are in it.
func (s *shape) checked() types.Map {
	m := make(types.Map, len(s.fields))
	for name, child := range s.fields {
		m[name] = child.checkedType()
	}
	if s.open {
		m[types.Extra] = types.Any
	}
	return m
}

func (s *shape) checkedType() types.Type {
	switch {
	case s.typ == reflect.TypeFor[Task](), s.typ == reflect.TypeFor[paramGroup](), s.typ == reflect.TypeFor[stageGroup](), s.typ == nil && s.fields != nil:
		return s.checked()
	case s.typ == nil, s.typ.Kind() == reflect.Interface:
		return types.Any
	}
	return types.TypeOf(reflect.Zero(s.typ).Interface())
}
