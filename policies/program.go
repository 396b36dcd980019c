package policies

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
	fetch "github.com/expr-lang/expr/vm/runtime"
)

// memoryBudget is how many elements of lists and maps one evaluation makes.
const memoryBudget = 10_000_000

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
			if values[name], ok = brief(v); !ok {
				delete(values, name)
			}
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
		if task, isTask := v.(Task); isTask && !ownName(name) {
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
	message, _ := translate(runMessages, e.Message)
	return errors.New(short(oneLine(message), maxValue))
}

// runMessages puts the library's messages at run time into plain words.
var runMessages = []advice{
	advise(`^interface conversion: interface \{\} is ([^,]+), not (.+)$`, "gives $1 where $2 is wanted", ""),
	advise(`^runtime error: integer divide by zero$`, "divides by zero", ""),
	advise(`^runtime error: (?P<raw>.*)$`, "$1", ""),
	advise(`^invalid operation: (?P<raw>int|float)\((?P<raw>.*)\)$`, `$1() cannot make a number of "$2"`, ""),
	advise(`^invalid operation: (\S+) (\S+)$`, `"$1" does not work on $2`, ""),
	advise(`^invalid operation: (.+) ([-+*/%<>=!.^]+) (.+)$`, `"$2" does not work between $1 and $3`, ""),
	advise(`^cannot fetch (?P<raw>\S+) from (.+)$`, `there is no "$1" in $2`, ""),
	advise(`^memory budget exceeded$`, "makes lists too long to hold", ""),
}
