package policies

import (
	"fmt"
	"strings"
	"sync"

	"github.com/expr-lang/expr/ast"
	expression "github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
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
	kinds    map[string]kind
	scopes   map[outlook]*scope

	results    []string // stages whose results the expressions so far read
	allResults bool     // one of them reads those of any stage
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
	look := outlook{k.name, known.open, known.none, known.typ}
	same := sameAs{look, e.Text}
	if twin := b.compiled[same]; twin != nil && known.keys == nil {
		again := *twin
		again.policy = name
		return &again
	}
	in := b.scope(look, k, known)
	c := &checker{
		written: in.written, declared: len(b.spec.Env) > 0, source: newSource(e), path: path, policy: name,
		root: in.root, funcs: in.funcs, names: make(map[string][]string),
	}
	if !b.check(c, in) {
		return nil
	}
	code, m, err := link(c, in)
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
	outlook
	text string
}

// check reports every mistake that the types of the environment show.
func (b *builder) check(c *checker, in *scope) bool {
	tree, err := parser.ParseWithConfig(c.text, in.checked)
	if err != nil {
		c.syntax(err)
		return b.found.add(c.found)
	}
	c.visit(tree.Node)
	b.readUploads(c, tree.Node)
	if len(c.found) > 0 {
		return b.found.add(c.found)
	}
	ast.Walk(&tree.Node, &rewriter{funcs: in.funcs, written: in.written})
	if _, err := expression.Check(tree, in.checked); err != nil {
		c.mismatch(tree.Node, err)
		return b.found.add(c.found)
	}
	c.gives(tree.Node, in.want)
	return b.found.add(c.found)
}

// link makes the program of a checked expression.
func link(c *checker, in *scope) (*vm.Program, *meter, error) {
	tree, err := parser.ParseWithConfig(c.text, in.linked)
	if err != nil {
		return nil, nil, err
	}
	ast.Walk(&tree.Node, &rewriter{funcs: in.funcs, written: in.written, keys: true})
	if _, err := expression.Check(tree, in.linked); err != nil {
		return nil, nil, err
	}
	m, config := guarded(tree, in.linked)
	if config != in.linked {
		if _, err := expression.Check(tree, config); err != nil {
			return nil, nil, err
		}
	}
	if err := optimizer.Optimize(&tree.Node, config); err != nil {
		return nil, nil, err
	}
	code, err := compiler.Compile(tree, config)
	return code, m, err
}
