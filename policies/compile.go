package policies

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/expr-lang/expr/ast"
	expression "github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/optimizer"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"tasks/spec"
)

// Bounds of one expression.
const (
	maxLength = 64 << 10 // bytes
	maxNodes  = 5000     // parts
)

// A builder compiles the expressions of one spec and collects their mistakes.
type builder struct {
	spec     *spec.Spec
	found    foundList
	machines *sync.Pool
	uploads  uploads
	compiled map[sameAs]*program

	results    []string // stages whose results the expressions so far read
	allResults bool     // one of them reads those of any stage
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

// compile compiles one expression, or reports what is wrong with it and returns
// nil. The path is where it stands in the document, and name what it is called.
func (b *builder) compile(path, name string, e spec.Expr, k kind, known items) (p *program) {
	defer func() {
		if r := recover(); r != nil {
			b.report(path, e, fmt.Sprintf("cannot be compiled: %v", r))
			p = nil
		}
	}()
	if len(e.Text) > maxLength {
		b.report(path, e, fmt.Sprintf("is longer than %d characters", maxLength))
		return nil
	}
	same := sameAs{k.name, e.Text, known.open, known.typ}
	if twin := b.compiled[same]; twin != nil && known.keys == nil {
		again := *twin
		again.policy = name
		return &again
	}
	root := k.shape(known)
	if b.spec.MaxPrice.IsZero() {
		root.drop("max_price")
	}
	params, env := make(map[string]any, len(b.spec.Params)), make(map[string]any, len(b.spec.Env))
	for _, p := range b.spec.Params {
		params[p.Name] = p.Value
	}
	if len(params) > 0 {
		root.add("params", paramsShape(b.spec.Params))
	}
	if k.sent && len(b.spec.Env) > 0 {
		for _, e := range b.spec.Env {
			env[e.Name] = e.Value
		}
		root.add("env", envShape(b.spec.Env))
	}
	written := map[string]map[string]any{"params": params, "env": env}
	c := &checker{written: written, declared: len(b.spec.Env) > 0, source: newSource(e), path: path, policy: name, root: root, names: make(map[string][]string)}
	if !b.check(c, k) {
		return nil
	}
	code, m, err := link(c, k)
	if err != nil {
		_, message, _ := location(err)
		fact, _ := translate(checkMessages, message)
		b.report(path, e, fact)
		return nil
	}
	b.noteResults(c.names)
	p = &program{policy: name, source: e.Text, code: code, meter: m, names: c.names, machines: b.machines}
	// One that reads results of stages is remembered by the stage it is in.
	if m == nil && k.name != "activity.prepare" && known.keys == nil && !strings.Contains(e.Text, "stages") {
		b.compiled[same] = p
	}
	return p
}

// sameAs is what makes two expressions the same program: stages often share theirs.
type sameAs struct {
	kind, text string
	open       bool
	item       reflect.Type
}

// check reports every mistake that the types of the environment show.
func (b *builder) check(c *checker, k kind) bool {
	config, funcs := newConfig(k, c.root.checked())
	c.funcs = funcs
	tree, err := parser.ParseWithConfig(c.text, config)
	if err != nil {
		c.syntax(err)
		return b.found.add(c.found)
	}
	c.visit(tree.Node)
	b.readUploads(c, tree.Node)
	if len(c.found) > 0 {
		return b.found.add(c.found)
	}
	ast.Walk(&tree.Node, &rewriter{funcs: funcs, written: c.written})
	if _, err := expression.Check(tree, config); err != nil {
		c.mismatch(tree.Node, err)
		return b.found.add(c.found)
	}
	c.gives(tree.Node, k.want)
	return b.found.add(c.found)
}

// link makes the program of a checked expression.
func link(c *checker, k kind) (*vm.Program, *meter, error) {
	config, funcs := newConfig(k, k.env)
	tree, err := parser.ParseWithConfig(c.text, config)
	if err != nil {
		return nil, nil, err
	}
	ast.Walk(&tree.Node, &rewriter{funcs: funcs, written: c.written, keys: true})
	if _, err := expression.Check(tree, config); err != nil {
		return nil, nil, err
	}
	m := guarded(tree, config)
	if _, err := expression.Check(tree, config); err != nil {
		return nil, nil, err
	}
	if err := optimizer.Optimize(&tree.Node, config); err != nil {
		return nil, nil, err
	}
	code, err := compiler.Compile(tree, config)
	return code, m, err
}
