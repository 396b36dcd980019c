package policies

import (
	"slices"
)

// A NameDoc describes a name that expressions of a policy may use.
type NameDoc struct {
	Name string // as written: "offer.price.hour"
	Type string // in the words of the file: "a number"
	Doc  string
}

// A FuncDoc describes a function that expressions may call.
type FuncDoc struct {
	Name    string
	Example string
	Type    string // of what it gives, in the words of the file
	Doc     string
}

// Policies lists the kinds of expressions by the names that Names takes:
// "workers", "offer.score" and so on; "run" is every command of a task.
func Policies() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

// Wants says what expressions of a policy have to give, in the words of the
// file, or "" for no policy of ours.
func Wants(policy string) string {
	k, _ := kindNamed(policy)
	return k.want.word
}

// Names lists the names that expressions of a policy see, each group before what
// is inside it; nil for no policy of ours.
func Names(policy string) []NameDoc {
	k, ok := kindNamed(policy)
	if !ok {
		return nil
	}
	known := items{open: true}
	if k.stages {
		known.after = []string{"name"}
	}
	return k.shape(known).docs(nil)
}

func (s *shape) docs(path []string) []NameDoc {
	var out []NameDoc
	for _, name := range s.order {
		child := s.fields[name]
		at := append(slices.Clip(path), name)
		doc := NameDoc{Name: pathName(at), Type: child.word(), Doc: child.doc}
		if child.fields != nil {
			doc.Type = "names"
		}
		out = append(append(out, doc), child.docs(at)...)
		if child.elem != nil {
			inside := append(slices.Clip(path), name+"[0]")
			out = append(out, child.elem.docs(inside)...)
		}
	}
	return out
}

// Functions lists the functions of every expression, and after them those that
// activity.prepare alone may call (CommandFunctions).
func Functions() []FuncDoc {
	var out []FuncDoc
	for _, f := range functions() {
		out = append(out, f.doc)
	}
	out = append(out, builtins()...)
	slices.SortFunc(out, func(a, b FuncDoc) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return out
}

// CommandFunctions lists the functions that only activity.prepare may call.
func CommandFunctions() []FuncDoc {
	var out []FuncDoc
	for _, f := range commands() {
		out = append(out, f.doc)
	}
	return out
}
