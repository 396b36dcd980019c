package policies

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/expr-lang/expr/vm"

	"tasks/golem"
	"tasks/spec"
	"tasks/spec/diag"
)

// A Question is an expression with the values that it is to see.
type Question struct {
	// Policy is the kind of the expression, one of Policies, or "" for one that sees
	// every name there is and may give anything. Without Expr it is the name of one
	// of the spec's own, one of Askable.
	Policy string
	Expr   spec.Expr // zero: the spec's own
	// Given are the values of names, as a tree: text, numbers, true or false, lists,
	// maps and nil; durations and times are text. What is not given is empty, or
	// follows from what is: the price of an hour from the others, for one.
	Given map[string]any
}

// An Answer is what an expression gives.
type Answer struct {
	Policy string
	Expr   string
	Value  any            // nil, text, int, float64, true or false, []any or map[string]any; commands are text
	Values map[string]any // the names in the expression and what they were, in short
	Names  []string       // of Values, in order
	// Assumed are those of Values that nobody gave and that did not follow from what
	// was given: they were taken to be empty.
	Assumed []string
	Failure *Failure // why there is no value; the runner would take the safe answer
}

// Shown is a value of Values or Value as a message has it, in short.
func Shown(v any) string {
	if f, ok := v.(float64); ok {
		rounded, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 12, 64), 64)
		return float(rounded)
	}
	return told(v)
}

// Ask evaluates an expression as the runner would, with values that are given.
// The spec's params and max_price are known to it; of a spec that is not valid
// nothing can be asked. The list is what is wrong with the expression; the error is
// a *Misfit, or says that there is no such policy.
func Ask(s *spec.Spec, q Question) (Answer, diag.List, error) {
	if price, ok := q.Given["max_price"]; ok && s.MaxPrice.IsZero() {
		priced := *s
		priced.MaxPrice, s = spec.NewExpr(told(price), "max_price"), &priced
	}
	asked, list, err := questions(s, q)
	if err != nil || len(list) > 0 {
		return Answer{}, list, err
	}
	given, err := asked.given(q.Given)
	if err != nil {
		return Answer{}, nil, err
	}
	env, derived, err := fill(asked.kind, asked.root, given)
	if err != nil {
		return Answer{}, nil, err
	}
	a := Answer{Policy: asked.name, Expr: asked.text, Values: map[string]any{}}
	a.Value, a.Failure = asked.eval(env)
	if a.Failure != nil {
		a.Value = nil
	}
	for _, p := range asked.programs {
		for name, v := range p.values(env) {
			a.Values[name] = v
			path := p.names[name]
			if !covered(given, path) && !derived[name] && !slices.Contains(a.Assumed, name) {
				a.Assumed = append(a.Assumed, name)
			}
		}
	}
	a.Names = sortedKeys(a.Values)
	slices.Sort(a.Assumed)
	return a, nil, nil
}

// asked is a question that was compiled.
type asked struct {
	name     string
	text     string
	kind     kind
	root     *shape
	programs []*program
	eval     func(env any) (any, *Failure)
	maxPrice *limit // of the spec
}

// given adds what the spec says to the values.
func (q *asked) given(values map[string]any) (map[string]any, error) {
	if q.maxPrice == nil || q.root.fields["max_price"] == nil || values["max_price"] != nil {
		return values, nil
	}
	k, _ := kindNamed("max_price")
	run := map[string]any{}
	if r, ok := values["run"]; ok {
		run["run"] = r
	}
	env, _, err := fill(k, k.shape(items{}), run)
	if err != nil {
		return nil, err
	}
	price, f := q.maxPrice.amount(env)
	if f != nil {
		return values, nil // the name is nil, as in a run
	}
	out := map[string]any{"max_price": price.InexactFloat64()}
	for name, v := range values {
		out[name] = v
	}
	return out, nil
}

// questions compiles what is asked.
func questions(s *spec.Spec, q Question) (*asked, diag.List, error) {
	b := newBuilder(s)
	out := &asked{name: strings.TrimPrefix(q.Policy, "policies.")}
	known := items{open: true}
	var err error
	if q.Expr.IsZero() {
		known, err = b.own(s, out)
	} else {
		err = b.other(q, out)
	}
	if err != nil {
		return nil, nil, err
	}
	if list := diag.List(b.found).Sorted(); len(list) > 0 {
		return nil, list, nil
	}
	out.root = out.kind.shape(known)
	switch {
	case s.MaxPrice.IsZero():
		out.root.drop("max_price")
	default:
		l := b.amount("max_price", s.MaxPrice, 0)
		out.maxPrice = &l
	}
	return out, diag.List(b.found).Sorted(), nil
}

func newBuilder(s *spec.Spec) *builder {
	return &builder{spec: s, compiled: map[sameAs]*program{}, kinds: map[string]kind{}, scopes: map[outlook]*scope{}, machines: &sync.Pool{
		New: func() any { return &vm.VM{MemoryBudget: memoryBudget} },
	}}
}

// other compiles an expression that is not the spec's.
func (b *builder) other(q Question, out *asked) error {
	k, ok := kindNamed(out.name)
	switch {
	case out.name == "":
		k, out.name = anything(), "eval"
	case !ok:
		return noPolicy(out.name, Policies())
	}
	p := b.compile(out.name, out.name, q.Expr, k, items{open: true})
	out.takes(k, p, b)
	return nil
}

// takes makes a program the whole of a question.
func (q *asked) takes(k kind, p *program, b *builder) {
	q.kind = k
	if p == nil {
		return
	}
	q.text, q.programs = p.source, []*program{p}
	q.eval = func(env any) (any, *Failure) { return p.answer(env, k, b.uploads) }
}

// answer evaluates to a plain value, and holds it to what the policy wants.
func (p *program) answer(env any, k kind, u uploads) (any, *Failure) {
	v, f := p.eval(env)
	if f != nil {
		return nil, f
	}
	out, err := plain(v, k, u)
	if err != nil {
		return nil, p.fail(env, err)
	}
	return out, nil
}

// plain is what a policy makes of a value, without Go's types.
func plain(v any, k kind, u uploads) (any, error) {
	switch {
	case v == nil && k.want.none, v == nil && k.name == eval:
		return nil, nil
	case k.name == "budget", k.name == "max_price":
		a, err := amount(v)
		return a.InexactFloat64(), err
	case k.name == "workers", k.name == "results.count":
		n, err := number(v)
		return int(min(max(math.Floor(n), 0), math.MaxInt32)), err
	case k.want.word == wantNumber().word, k.want.word == wantScore().word:
		if _, err := number(v); err != nil {
			return nil, err
		}
	case k.want.word == wantCommands().word:
		steps, err := batch(v)
		if err == nil {
			err = u.settle(steps)
		}
		return stepTexts(steps), err
	case k.want.word == wantBool().word:
		if _, ok := v.(bool); !ok {
			return nil, fmt.Errorf("gives %s, and wants true or false", wordOf(v))
		}
	}
	if list, ok := v.([]any); ok && k.name == eval {
		if steps, all := stepsIn(list); all {
			return stepTexts(steps), nil
		}
	}
	return normal(v)
}

func stepsIn(list []any) ([]Step, bool) {
	steps := make([]Step, len(list))
	for i := range list {
		var ok bool
		if steps[i], ok = list[i].(Step); !ok {
			return nil, false
		}
	}
	return steps, len(list) > 0
}

// eval is the name of the kind that sees everything.
const eval = "eval"

// everything is what an expression that is no policy's sees.
type everything struct {
	DebitNoteEnv `expr:"-"`
	Attempt      Attempt       `expr:"attempt" doc:"the try that failed"`
	Task         Task          `expr:"task" doc:"the task"`
	Output       `expr:"-"`    // of a task that ended well
	Duration     time.Duration `expr:"duration" doc:"how long the attempt took"`
	Steps        []Output      `expr:"steps" doc:"what every step printed, steps[0] first"`
	Downloads    []Downloaded  `expr:"downloads" doc:"the files that came to this computer, downloads[0] first"`
	Result       any           `expr:"result" doc:"the result that was kept"`
}

// anything is the kind of an expression that is no policy's.
func anything() kind {
	return kind{
		name: eval, env: everything{}, extra: commands(),
		want: want{word: "anything", none: true, ok: func(reflect.Type) bool { return true }},
	}
}

// stepTexts writes commands as activity.prepare does, or as a shell or an argument
// vector has them.
func stepTexts(steps []Step) []any {
	out := make([]any, len(steps))
	for i := range steps {
		out[i] = steps[i].text()
	}
	return out
}

func (s *Step) text() any {
	switch {
	case s.deploys():
		return "deploy()"
	case s.starts():
		args := s.Run.Start.Args
		if len(args) == 0 {
			return "start()"
		}
		return "start(" + quotedList(args) + ")"
	case s.Upload != nil && s.Upload.From == "":
		return fmt.Sprintf("uploadText(%q, %q)", s.Upload.Data, s.Upload.To)
	case s.Upload != nil:
		return fmt.Sprintf("upload(%q, %q)", s.Upload.From, s.Upload.To)
	case s.Download != nil:
		return fmt.Sprintf("download(%q, %q)", s.Download.From, s.Download.To)
	}
	return commandText(*s.Run)
}

// commandText is the line that a shell gets, or the argument vector.
func commandText(c golem.Command) any {
	if c.Run == nil {
		return "command"
	}
	if c.Run.EntryPoint == "/bin/sh" && len(c.Run.Args) == 2 && c.Run.Args[0] == "-c" {
		return c.Run.Args[1]
	}
	argv := []any{c.Run.EntryPoint}
	for _, arg := range c.Run.Args {
		argv = append(argv, arg)
	}
	return argv
}

func quotedList(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = fmt.Sprintf("%q", w)
	}
	return strings.Join(out, ", ")
}
