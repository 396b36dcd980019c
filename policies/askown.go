package policies

import (
	"fmt"
	"slices"
	"strings"

	"tasks/spec"
)

// Askable lists the expressions of a spec that Ask takes by name: its policies,
// and for each stage what it runs, keeps and emits.
func Askable(s *spec.Spec) []string {
	out := []string{"workers", "budget"}
	if !s.MaxPrice.IsZero() {
		out = append(out, "max_price")
	}
	for _, p := range ownPolicies(s) {
		out = append(out, p.name)
	}
	if s.Results.File != nil {
		out = append(out, "results.file")
	}
	b := newBuilder(s)
	for i := range s.Stages {
		at := b.stagePath(&s.Stages[i])
		out = append(out, at+".run", at+".result")
		if len(s.Stages[i].Emit) > 0 {
			out = append(out, at+".emit")
		}
	}
	return out
}

// An ownPolicy is a policy that is one expression of the spec.
type ownPolicy struct {
	name string
	expr spec.Expr
}

func ownPolicies(s *spec.Spec) []ownPolicy {
	p := s.Policies
	out := []ownPolicy{
		{"offer.accept", p.OfferAccept}, {"offer.score", p.OfferScore},
		{"activity.prepare", p.ActivityPrepare}, {"activity.keep", p.ActivityKeep}, {"activity.reuse", p.ActivityReuse},
		{"debit_note.accept", p.DebitNoteAccept}, {"invoice.accept", p.InvoiceAccept},
		{"task.retry", p.TaskRetry}, {"task.result", p.TaskResult},
	}
	if !s.Results.Count.IsZero() {
		out = append(out, ownPolicy{"results.count", s.Results.Count})
	}
	return out
}

// own compiles an expression of the spec by its name, and says what is known of
// the items that it sees.
func (b *builder) own(s *spec.Spec, out *asked) (items, error) {
	open := items{open: true}
	switch out.name {
	case "workers":
		out.takes(b.kind("workers"), b.one("workers", "workers", s.Workers), b)
		return open, nil
	case "budget":
		b.ownBudget(s, out)
		return open, nil
	case "max_price":
		if !s.MaxPrice.IsZero() {
			out.amounts(b.kind("max_price"), s.MaxPrice.Text, []limit{b.amount("max_price", s.MaxPrice, 0)})
			return open, nil
		}
	case "results.file":
		if s.Results.File != nil {
			b.ownFile(s, out)
			return open, nil
		}
	}
	for _, p := range ownPolicies(s) {
		if p.name == out.name {
			out.takes(b.kind(p.name), b.one("policies."+p.name, p.name, p.expr), b)
			return open, nil
		}
	}
	for i := range s.Stages {
		st := &s.Stages[i]
		if what, ok := strings.CutPrefix(out.name, b.stagePath(st)+"."); ok && b.ownStage(st, what, out) {
			return itemsOf(s, st), nil
		}
	}
	return open, noPolicy(out.name, Askable(s))
}

// noPolicy says which there are instead.
func noPolicy(name string, known []string) error {
	return &Misfit{Fact: fmt.Sprintf("there is no policy %q", name), Hint: didYouMean(name, known, "there are "+listed(known))}
}

func (b *builder) ownBudget(s *spec.Spec, out *asked) {
	var limits []limit
	var texts []string
	for _, l := range s.Budget.Limits {
		limits = append(limits, b.amount("budget", l.Amount, l.Window))
		texts = append(texts, l.Amount.Text)
	}
	out.amounts(b.kind("budget"), strings.Join(texts, ", "), limits)
}

// amounts makes limits a question: a number where there is one, and else a list.
func (q *asked) amounts(k kind, text string, limits []limit) {
	q.kind, q.text = k, text
	for _, l := range limits {
		if l.program != nil {
			q.programs = append(q.programs, l.program)
		}
	}
	q.eval = func(env any) (any, *Failure) {
		var list []any
		for _, l := range limits {
			a, f := l.amount(env)
			if f != nil {
				return nil, f
			}
			list = append(list, a.InexactFloat64())
		}
		if len(list) == 1 {
			return list[0], nil
		}
		return list, nil
	}
}

func (b *builder) ownFile(s *spec.Spec, out *asked) {
	t := b.template("results.file", "results.file", *s.Results.File, b.kind("results.file"), items{})
	out.kind, out.text, out.programs = b.kind("results.file"), s.Results.File.Text, t.programs()
	out.eval = func(env any) (any, *Failure) {
		text, f := t.render(env, asItIs)
		return text, f
	}
}

// ownStage takes "run", "result" or "emit" of a stage.
func (b *builder) ownStage(st *spec.Stage, what string, out *asked) bool {
	switch {
	case what == "run":
		b.ownCommands(st, out)
	case what == "result":
		e := st.Result
		if e.IsZero() {
			e = b.spec.Policies.TaskResult
		}
		path := b.stagePath(st) + ".result"
		out.takes(b.kind("task.result"), b.compile(path, path, e, b.kind("task.result"), itemsOf(b.spec, st)), b)
	case what == "emit" && len(st.Emit) > 0:
		b.ownEmits(st, out)
	default:
		return false
	}
	return true
}

// ownCommands gives one command, or a list of them.
func (b *builder) ownCommands(st *spec.Stage, out *asked) {
	stage := &Stage{Name: st.Name, capture: captured(), dir: b.spec.Dir}
	b.steps(stage, b.stagePath(st), st, itemsOf(b.spec, st))
	out.kind = b.kind("run")
	var texts []string
	for i := range stage.steps {
		for _, t := range stage.steps[i].templates() {
			out.programs = append(out.programs, t.programs()...)
		}
	}
	for _, s := range st.Steps {
		texts = append(texts, stepText(s))
	}
	out.text = strings.Join(texts, "; ")
	out.eval = func(env any) (any, *Failure) {
		steps, f := stage.Plan(*env.(*TaskEnv))
		if f != nil {
			return nil, f
		}
		list := stepTexts(steps)
		if len(list) == 1 {
			return list[0], nil
		}
		return list, nil
	}
}

// stepText is a step as the document has it, in short.
func stepText(s spec.Step) string {
	switch {
	case s.Shell != nil:
		return s.Shell.Text
	case s.Upload != nil:
		return "upload to " + s.Upload.To.Text
	case s.Download != nil:
		return "download " + s.Download.From.Text
	}
	words := make([]string, len(s.Argv))
	for i := range s.Argv {
		words[i] = s.Argv[i].Text
	}
	return strings.Join(words, " ")
}

// ownEmits gives the items of all that a stage emits, one after the other.
func (b *builder) ownEmits(st *spec.Stage, out *asked) {
	out.kind = b.kind("emit")
	at := b.stagePath(st) + ".emit.each"
	var texts []string
	for _, e := range st.Emit {
		if p := b.compile(at, at, e.Each, out.kind, itemsOf(b.spec, st)); p != nil {
			out.programs = append(out.programs, p)
		}
		texts = append(texts, e.Each.Text)
	}
	out.text = strings.Join(texts, "; ")
	programs := slices.Clone(out.programs)
	out.eval = func(env any) (any, *Failure) {
		all := []any{}
		for _, p := range programs {
			list, f := p.list(env)
			if f != nil {
				return nil, f
			}
			all = append(all, list...)
		}
		return all, nil
	}
}

// templates are those of a step.
func (s *step) templates() []template {
	if s.transfer == nil {
		return s.argv
	}
	var out []template
	for _, t := range []*template{s.transfer.from, s.transfer.data, s.transfer.to} {
		if t != nil {
			out = append(out, *t)
		}
	}
	return out
}

// programs are the expressions of a template.
func (t template) programs() []*program {
	var out []*program
	for _, p := range t.parts {
		if p.program != nil {
			out = append(out, p.program)
		}
	}
	return out
}
