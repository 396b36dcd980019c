package policies

import (
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"sync"

	"github.com/expr-lang/expr/ast"
	expression "github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/optimizer"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
	fetch "github.com/expr-lang/expr/vm/runtime"

	"tasks/spec"
)

// Bounds of one expression.
const (
	maxLength    = 64 << 10   // characters
	maxNodes     = 5000       // parts
	memoryBudget = 10_000_000 // elements of lists and maps made in one evaluation
)

// A program is a compiled expression.
type program struct {
	policy   string // for failures
	source   string
	code     *vm.Program
	meter    *meter // nil for an expression without loops
	names    map[string][]string
	machines *sync.Pool // of *vm.VM
}

// eval evaluates in an environment, a pointer to the struct that the program was
// compiled for.
func (p *program) eval(env any) (v any, f *Failure) {
	defer func() {
		if r := recover(); r != nil {
			v, f = nil, p.fail(env, fmt.Errorf("breaks off: %v", r))
		}
	}()
	if p.meter != nil {
		p.meter.mu.Lock()
		defer p.meter.mu.Unlock()
		p.meter.reset()
	}
	machine := p.machines.Get().(*vm.VM)
	defer p.machines.Put(machine)
	v, err := machine.Run(p.code, env)
	if err != nil {
		return nil, p.fail(env, runError(err))
	}
	return v, nil
}

// fail is a Failure of this program, with the values of its names.
func (p *program) fail(env any, err error) *Failure {
	return &Failure{Policy: p.policy, Expr: p.source, Values: p.values(env), Err: err}
}

func (p *program) values(env any) map[string]any {
	values := make(map[string]any, len(p.names))
	for name, path := range p.names {
		if v, ok := read(env, path); ok {
			values[name] = shortValue(v)
		}
	}
	return values
}

// read follows a path of names from an environment; keys of the item count as
// the task's.
func read(env any, path []string) (v any, ok bool) {
	defer func() {
		if recover() != nil {
			v, ok = nil, false
		}
	}()
	v = env
	for _, name := range path {
		if task, isTask := v.(Task); isTask && !(&rewriter{}).own(name) {
			v = task.Item
		}
		v = fetch.Fetch(v, name)
	}
	if p, isFloat := v.(*float64); isFloat {
		if p == nil {
			return nil, true
		}
		return *p, true
	}
	return v, true
}

// maxValue is how many characters of a value a Failure keeps.
const maxValue = 200

func shortValue(v any) any {
	switch v := v.(type) {
	case nil, bool, int, int64, float64:
		return v
	case string:
		return short(v, maxValue)
	}
	s, err := text(v)
	if err != nil {
		return wordOf(v)
	}
	return short(s, maxValue)
}

// runError is the library's error in the words of the file, without its snippet.
func runError(err error) error {
	var e *file.Error
	if !errors.As(err, &e) {
		return err
	}
	var broken runtime.Error
	if cause := errors.Unwrap(e); cause != nil && !errors.As(cause, &broken) {
		return cause
	}
	message := e.Message
	for _, t := range runMessages {
		message = t.pattern.ReplaceAllString(message, t.instead)
	}
	return errors.New(inWords(message))
}

type translation struct {
	pattern *regexp.Regexp
	instead string
}

// runMessages puts the library's messages at run time into plain words; types
// are translated afterwards.
var runMessages = []translation{
	{regexp.MustCompile(`^interface conversion: interface \{\} is ([^,]+), not (.+)$`), "gives $1 where $2 is wanted"},
	{regexp.MustCompile(`^runtime error: integer divide by zero$`), "divides by zero"},
	{regexp.MustCompile(`^runtime error: `), ""},
	{regexp.MustCompile(`^invalid operation: (int|float)\((.*)\)$`), `$1() cannot make a number of "$2"`},
	{regexp.MustCompile(`^invalid operation: (\S+) (\S+)$`), `"$1" does not work on $2`},
	{regexp.MustCompile(`^invalid operation: (.+) ([-+*/%<>=!.^]+) (.+)$`), `"$2" does not work between $1 and $3`},
	{regexp.MustCompile(`^cannot fetch (\S+) from (.+)$`), `there is no "$1" in $2`},
	{regexp.MustCompile(`^memory budget exceeded$`), "makes lists too long to hold"},
}

// A builder compiles the expressions of one spec and collects their mistakes.
type builder struct {
	spec     *spec.Spec
	found    foundList
	machines *sync.Pool
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
	root := k.shape(known)
	if b.spec.MaxPrice.IsZero() {
		root.drop("max_price")
	}
	c := &checker{source: newSource(e), path: path, policy: name, root: root, names: make(map[string][]string)}
	if !b.check(c, k) {
		return nil
	}
	code, m, err := link(c, k)
	if err != nil {
		b.report(path, e, inWords(err.Error()))
		return nil
	}
	return &program{policy: name, source: e.Text, code: code, meter: m, names: c.names, machines: b.machines}
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
	if len(c.found) > 0 {
		return b.found.add(c.found)
	}
	ast.Walk(&tree.Node, &rewriter{funcs: funcs})
	if _, err := expression.Check(tree, config); err != nil {
		c.mismatch(err)
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
	ast.Walk(&tree.Node, &rewriter{funcs: funcs, task: c.root.fields["task"]})
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
