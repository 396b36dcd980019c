package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"tasks/policies"
	"tasks/spec"
	"tasks/spec/diag"
)

// givenValues are the values that flags give for names, with the texts they came
// from.
type givenValues struct {
	stdin   io.Reader
	empty   bool // standard input was read
	groups  map[string]spec.Data
	with    []withValue
	sources map[string][]byte // by the names of their places
}

// A withValue is one --with.
type withValue struct {
	path []string
	data spec.Data
}

// A givenOffer is one of the offers of --offer; its data is zero without any.
type givenOffer struct {
	data spec.Data
	many bool // there may be others
}

// read reads the values of all flags, and gives the offers, or one that is none.
func (g *givenValues) read(o evalOptions) ([]givenOffer, error) {
	g.groups = map[string]spec.Data{}
	for _, name := range givenGroups {
		if text := *o.groups[name]; text != "" {
			data, err := g.value("--"+name, text)
			if err != nil {
				return nil, err
			}
			g.groups[name] = data
		}
	}
	for _, flag := range o.with {
		if err := g.readWith(flag); err != nil {
			return nil, err
		}
	}
	offers, ok := g.groups["offer"]
	if !ok {
		return []givenOffer{{}}, nil
	}
	delete(g.groups, "offer")
	list := offersIn(offers)
	if len(list) == 0 {
		return nil, &usageError{fact: "there is no offer in " + quote(*o.groups["offer"]), hint: `"tasks plan run.yaml -o json" writes some`}
	}
	return list, nil
}

// value reads what a flag says: a file, standard input, or the text itself.
func (g *givenValues) value(flag, said string) (spec.Data, error) {
	name, text := flag, []byte(said)
	if said == "-" {
		if g.empty {
			return spec.Data{}, &usageError{fact: flag + " reads standard input, which was read already", hint: "put one of the two into a file"}
		}
		g.empty = true
		all, err := io.ReadAll(g.stdin)
		if err != nil {
			return spec.Data{}, err
		}
		name, text = "standard input", all
	} else if !strings.ContainsAny(said, "{[\n") {
		all, err := os.ReadFile(said)
		if errors.Is(err, fs.ErrNotExist) {
			return spec.Data{}, &usageError{fact: "there is no file " + said, hint: flag + " takes a file, -, or the value itself, such as '{id: x}'"}
		}
		if err != nil {
			return spec.Data{}, unreadable(said, "the value of "+flag, err)
		}
		name, text = said, all
	}
	return g.parse(name, text)
}

func (g *givenValues) parse(name string, text []byte) (spec.Data, error) {
	data, list := spec.ReadData(name, text)
	g.sources[name] = text
	if len(list) > 0 {
		return data, g.refuse(list)
	}
	return data, nil
}

// refuse is the error of values that cannot be used: they are no spec, so that is
// wrong usage.
func (g *givenValues) refuse(list diag.List) error {
	return &invalidError{list: list, sources: g.sources, usage: true}
}

// readWith reads name=value.
func (g *givenValues) readWith(flag string) error {
	name, said, ok := strings.Cut(flag, "=")
	if name = strings.TrimSpace(name); !ok || name == "" {
		return &usageError{fact: "--with cannot be " + quote(flag), hint: "it wants name=value, such as provider.failures=2"}
	}
	data, list := spec.ReadData("--with "+name, []byte(said))
	if len(list) > 0 || strings.TrimSpace(said) == "" {
		// Anything may be text, such as a program's output.
		data, list = spec.ReadData("--with "+name, []byte(strconv.Quote(said)))
	}
	if len(list) > 0 {
		return g.refuse(list)
	}
	g.sources["--with "+name] = []byte(said)
	g.with = append(g.with, withValue{strings.Split(name, "."), data})
	return nil
}

// values is the tree of all that is given, for one of the offers.
func (g *givenValues) values(offer givenOffer) map[string]any {
	out := map[string]any{}
	if !offer.data.IsZero() {
		out["offer"] = copied(offer.data.Value)
	}
	for name, data := range g.groups {
		out[name] = copied(data.Value)
	}
	for _, w := range g.with {
		at := out
		for _, step := range w.path[:len(w.path)-1] {
			next, ok := at[step].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[step] = next
			}
			at = next
		}
		at[w.path[len(w.path)-1]] = w.data.Value
	}
	return out
}

// copied is a value whose maps can be written to.
func copied(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := make(map[string]any, len(m))
	for key, inner := range m {
		out[key] = copied(inner)
	}
	return out
}

// misfit puts a value that does not fit at its place.
func (g *givenValues) misfit(err error, offer givenOffer) error {
	m, ok := errors.AsType[*policies.Misfit](err)
	if !ok {
		return err
	}
	if len(m.Path) == 0 {
		return &usageError{fact: m.Fact, hint: m.Hint}
	}
	d := diag.Diagnostic{Path: strings.Join(m.Path, "."), Fact: m.Fact, Hint: m.Hint, Place: g.place(m, offer)}
	return g.refuse(diag.List{d})
}

// place is where a value that does not fit stands.
func (g *givenValues) place(m *policies.Misfit, offer givenOffer) diag.Place {
	for _, w := range slices.Backward(g.with) {
		if len(w.path) <= len(m.Path) && slices.Equal(w.path, m.Path[:len(w.path)]) || m.IsKey && slices.Equal(m.Path, w.path[:min(len(w.path), len(m.Path))]) {
			return diag.Place{File: "--with " + strings.Join(w.path, ".")}
		}
	}
	data, ok := g.groups[m.Path[0]]
	if m.Path[0] == "offer" {
		data, ok = offer.data, !offer.data.IsZero()
	}
	switch {
	case !ok || len(m.Path) == 1 && m.IsKey:
		return diag.Place{File: "--" + m.Path[0]}
	case m.IsKey:
		return data.KeyPlace(m.Path[1:]...)
	}
	return data.Place(m.Path[1:]...)
}

// offersIn finds the offers of what was given: one, a list, or a document with
// offers in it.
func offersIn(data spec.Data) []givenOffer {
	if list, ok := data.Value.([]any); ok {
		var out []givenOffer
		for i := range list {
			if one, ok := data.Part(spec.Element(i)); ok {
				out = append(out, givenOffer{unwrapped(one), true})
			}
		}
		return out
	}
	if inner, ok := data.Part("offers"); ok {
		return offersIn(inner)
	}
	return []givenOffer{{unwrapped(data), false}}
}

// unwrapped is the offer inside a row of a plan.
func unwrapped(data spec.Data) spec.Data {
	if inner, ok := data.Part("offer"); ok {
		return inner
	}
	return data
}

// name is what the offer's provider calls itself.
func (o givenOffer) name() string {
	for _, path := range [][]string{{"provider", "name"}, {"golem.node.id.name"}, {"properties", "golem.node.id.name"}, {"provider", "id"}, {"id"}} {
		if inner, ok := o.data.Part(path...); ok {
			if text, ok := inner.Value.(string); ok && text != "" {
				return text
			}
		}
	}
	return "-"
}

// ref is how JSON names the offer.
func (o givenOffer) ref() any {
	if o.data.IsZero() {
		return nil
	}
	return map[string]any{"provider_name": o.name(), "id": o.part("id"), "provider": o.part("provider", "id")}
}

func (o givenOffer) part(path ...string) any {
	inner, _ := o.data.Part(path...)
	return inner.Value
}
