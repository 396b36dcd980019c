package policies

import (
	"fmt"
	"math"
	"reflect"
	"time"

	"tasks/golem"
	"tasks/spec"
)

// A Stage is one stream of tasks: how its commands are made, and what becomes of
// their output. It is immutable.
type Stage struct {
	Name string // as in the spec

	timeout time.Duration
	batch   spec.Batch
	steps   []step
	capture *golem.Capture
	result  *program
	count   *program // nil: one
	emits   []emit

	after   []string // the stages it waits for
	results []string // those of them whose results its expressions read

	dir       string // of the document; absolute
	transfers bool   // some step copies a file
	reads     bool   // some expression looks at downloads
}

// A step is one command, a shell line or an argument vector, or a file to copy.
type step struct {
	transfer *transfer // nil for a command
	shell    bool
	argv     []template // of a shell line, the line alone
	fixed    *golem.Command
}

type emit struct {
	stage string
	each  *program
}

// Emitted is a task to add: its item, for a stage.
type Emitted struct {
	Stage string
	Item  any // text, number, true or false, []any, map[string]any or nil
}

// stagePath is where a stage stands in the document.
func (b *builder) stagePath(st *spec.Stage) string {
	if len(b.spec.Stages) == 1 && st.Name == "tasks" {
		return "tasks"
	}
	return "tasks." + st.Name
}

func (b *builder) stage(st *spec.Stage) *Stage {
	path, known := b.stagePath(st), itemsOf(b.spec, st)
	own := known
	own.after, b.results, b.allResults = waitsFor(b.spec, st), nil, false
	out := &Stage{Name: st.Name, after: own.after, timeout: st.Timeout, batch: st.Batch, capture: captured(), dir: b.spec.Dir}
	b.steps(out, path, st, own)
	result := path + ".result"
	if e := st.Result; !e.IsZero() {
		out.result = b.compile(result, result, e, b.kind("task.result"), own)
	} else {
		out.result = b.compile("policies.task.result", "task.result", b.spec.Policies.TaskResult, b.kind("task.result"), known)
	}
	if e := b.spec.Results.Count; !e.IsZero() {
		out.count = b.compile("results.count", "results.count", e, b.kind("results.count"), known)
	}
	for i, e := range st.Emit {
		at := path + ".emit.each"
		if len(st.Emit) > 1 {
			at = fmt.Sprintf("%s.emit[%d].each", path, i)
		}
		out.emits = append(out.emits, emit{e.Stage, b.compile(at, at, e.Each, b.kind("emit"), own)})
	}
	if out.results = b.results; b.allResults {
		out.results = out.after
	}
	return out
}

// steps compiles the steps of a stage.
func (b *builder) steps(out *Stage, path string, st *spec.Stage, known items) {
	for i, s := range st.Steps {
		at := path + ".run"
		if len(st.Steps) > 1 {
			at = fmt.Sprintf("%s.steps[%d].run", path, i)
		}
		if t := b.transfer(fmt.Sprintf("%s.steps[%d]", path, i), s, known); t != nil {
			out.steps = append(out.steps, step{transfer: t})
			out.transfers = true
			continue
		}
		out.steps = append(out.steps, b.step(at, s, known, out.capture))
	}
	const name = "downloads"
	out.reads = mentions(st.Result, name) || mentions(b.spec.Policies.TaskResult, name) || mentions(b.spec.Results.Count, name)
	for _, e := range st.Emit {
		out.reads = out.reads || mentions(e.Each, name)
	}
}

func (b *builder) step(path string, s spec.Step, known items, capture *golem.Capture) step {
	out, k := step{shell: s.Shell != nil}, b.kind("run")
	if s.Shell != nil {
		out.argv = []template{b.template(path, path, *s.Shell, k, known)}
	}
	for _, arg := range s.Argv {
		out.argv = append(out.argv, b.template(path, path, arg, k, known))
	}
	for _, t := range out.argv {
		for _, p := range t.parts {
			if p.program != nil || p.literal == "" && len(t.parts) > 1 {
				return out
			}
		}
	}
	if c, f := out.command(nil, capture); f == nil {
		out.fixed = &c
	}
	return out
}

func (s *step) command(env any, capture *golem.Capture) (golem.Command, *Failure) {
	if s.shell {
		line, f := s.argv[0].render(env, spec.ShellQuote)
		return shell(line, capture), f
	}
	argv := make([]string, len(s.argv))
	for i := range s.argv {
		var f *Failure
		if argv[i], f = s.argv[i].render(env, asItIs); f != nil {
			return golem.Command{}, f
		}
	}
	return golem.Command{Run: &golem.Run{EntryPoint: argv[0], Args: argv[1:], Capture: capture}}, nil
}

// Commands is the batch of a task whose stage copies no files (Transfers): one
// command a step, with standard output and standard error kept. The commands share what never changes between tasks;
// callers do not write to them. Without commands there is a Failure: a value
// that is nil or no number, or an expression that broke.
func (st *Stage) Commands(t TaskEnv) ([]golem.Command, *Failure) {
	out := make([]golem.Command, len(st.steps))
	for i := range st.steps {
		s := &st.steps[i]
		if s.fixed != nil {
			out[i] = *s.fixed
			continue
		}
		var f *Failure
		if out[i], f = s.command(&t, st.capture); f != nil {
			return nil, f
		}
	}
	return out, nil
}

// Timeout is how long an attempt may take.
func (st *Stage) Timeout() time.Duration { return st.timeout }

// Batch says how many tasks may share a batch.
func (st *Stage) Batch() spec.Batch { return st.batch }

// Result is the value to keep of an attempt that ended well: text, number, true
// or false, []any or map[string]any. keep is false for nil, and on a Failure.
func (st *Stage) Result(r ResultEnv) (value any, keep bool, f *Failure) {
	r.Provider.settle()
	v, f := st.result.eval(&r)
	if f != nil || v == nil {
		return nil, false, f
	}
	value, err := normal(v)
	if err != nil {
		return nil, false, st.result.fail(&r, err)
	}
	return value, value != nil, nil
}

// Count is how many results a value counts for: what results.count gives, cut to
// a whole number and never less than 0, or 1 where the spec has none and on a
// Failure.
func (st *Stage) Count(r ResultEnv, value any) (int, *Failure) {
	if st.count == nil {
		return 1, nil
	}
	r.Provider.settle()
	n, f := st.count.number(&keptEnv{r, value})
	if f != nil {
		return 1, f
	}
	return int(min(max(math.Floor(n), 0), math.MaxInt32)), nil
}

// Emit is the tasks that a kept value makes, in the order of the document. It is
// all of them or, on a Failure, none.
func (st *Stage) Emit(r ResultEnv, value any) ([]Emitted, *Failure) {
	if len(st.emits) == 0 {
		return nil, nil
	}
	r.Provider.settle()
	env := &keptEnv{r, value}
	var out []Emitted
	for _, e := range st.emits {
		list, f := e.each.list(env)
		if f != nil {
			return nil, f
		}
		for _, item := range list {
			out = append(out, Emitted{Stage: e.stage, Item: item})
		}
	}
	return out, nil
}

// list evaluates to a list of values to keep; nil is an empty one.
func (p *program) list(env any) ([]any, *Failure) {
	v, f := p.eval(env)
	if f != nil || v == nil {
		return nil, f
	}
	if reflect.TypeOf(v).Kind() != reflect.Slice {
		return nil, p.fail(env, fmt.Errorf("gives %s, and wants a list", wordOf(v)))
	}
	plain, err := normal(v)
	if err != nil {
		return nil, p.fail(env, err)
	}
	list, ok := plain.([]any)
	if !ok {
		return nil, p.fail(env, fmt.Errorf("gives %s, and wants a list", wordOf(v)))
	}
	return list, nil
}
