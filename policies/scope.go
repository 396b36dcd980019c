package policies

import (
	"reflect"

	"github.com/expr-lang/expr/conf"
)

// A scope is what the expressions of one kind may name, and the library's
// configurations for them. Making one takes longer than compiling an expression
// in it, so that the stages of a document share them.
type scope struct {
	root    *shape
	written map[string]map[string]any // the values of params and env
	funcs   map[string]bool           // that may be called
	want    want
	checked *conf.Config // for what is written in the document
	linked  *conf.Config // for the program
}

// An outlook tells scopes apart where the keys of items and the stages that have
// ended do not.
type outlook struct {
	kind       string
	open, none bool
	item       reflect.Type
}

// scope is the scope of an expression, a shared one if it can be.
func (b *builder) scope(look outlook, k kind, known items) *scope {
	shared := known.keys == nil && len(known.after) == 0
	if in := b.scopes[look]; in != nil && shared {
		return in
	}
	in := b.newScope(k, known)
	if shared {
		b.scopes[look] = in
	}
	return in
}

func (b *builder) newScope(k kind, known items) *scope {
	in := &scope{root: k.shape(known), want: k.want}
	if b.spec.MaxPrice.IsZero() {
		in.root.drop("max_price")
	}
	params, env := make(map[string]any, len(b.spec.Params)), make(map[string]any, len(b.spec.Env))
	for _, p := range b.spec.Params {
		params[p.Name] = p.Value
	}
	if len(params) > 0 {
		in.root.add("params", paramsShape(b.spec.Params))
	}
	if k.sent && len(b.spec.Env) > 0 {
		for _, e := range b.spec.Env {
			env[e.Name] = e.Value
		}
		in.root.add("env", envShape(b.spec.Env))
	}
	in.written = map[string]map[string]any{"params": params, "env": env}
	in.checked, in.funcs = newConfig(k, in.root.checked())
	in.linked, _ = newConfig(k, k.env)
	return in
}

// newConfig is the library's configuration for one kind of expression: its
// environment, our functions under their internal names and the builtins that
// are let in. funcs are the names that may be called.
func newConfig(k kind, env any) (c *conf.Config, funcs map[string]bool) {
	c = conf.CreateNew()
	c.MaxNodes = maxNodes
	c.WithEnv(env)
	funcs = make(map[string]bool)
	for _, b := range builtins() {
		funcs[b.Name] = true
	}
	for name := range c.Builtins {
		if !funcs[name] {
			c.Disabled[name] = true
			delete(c.Builtins, name)
		}
	}
	ours := append(functions(), k.extra...)
	declare(c, ours)
	declare(c, []function{{doc: FuncDoc{Name: itemKey}, call: keyOfItem, types: []any{new(func(any, string) any)}}})
	for _, f := range ours {
		funcs[f.doc.Name] = true
	}
	return c, funcs
}
