package policies

import (
	"math"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/spec"
	"tasks/spec/diag"
)

// A Set is every expression and template of a spec, compiled. It is immutable.
type Set struct {
	dir      string
	workers  *program
	limits   []limit
	maxPrice *limit // nil: none set
	accept   *program
	score    *program
	prepare  *program
	keep     *program
	reuse    *program
	note     *program
	invoice  *program
	retry    *program
	file     *template // nil: none set
	stages   []*Stage
	saving   bool    // keep looks at what a change would save
	uploads  uploads // of prepare
	volumes  []byte  // of deploy, as JSON; nil asks for none
}

// A Limit is how much may be spent in every stretch of Window; Window 0 means
// the whole run.
type Limit struct {
	Window time.Duration
	Amount golem.Amount // GLM, never negative
}

// limit is an amount that may be computed.
type limit struct {
	window  time.Duration
	exact   golem.Amount
	program *program // nil: exact holds
}

// Compile compiles a spec as spec.Parse gives it. It reports every mistake at
// once, in file order; the Set is of no use when there is one.
func Compile(s *spec.Spec) (*Set, diag.List) {
	b := newBuilder(s)
	set := &Set{
		dir:     s.Dir,
		workers: b.one("workers", "workers", s.Workers),
		accept:  b.one("policies.offer.accept", "offer.accept", s.Policies.OfferAccept),
		score:   b.one("policies.offer.score", "offer.score", s.Policies.OfferScore),
		prepare: b.one("policies.activity.prepare", "activity.prepare", s.Policies.ActivityPrepare),
		keep:    b.one("policies.activity.keep", "activity.keep", s.Policies.ActivityKeep),
		reuse:   b.one("policies.activity.reuse", "activity.reuse", s.Policies.ActivityReuse),
		note:    b.one("policies.debit_note.accept", "debit_note.accept", s.Policies.DebitNoteAccept),
		invoice: b.one("policies.invoice.accept", "invoice.accept", s.Policies.InvoiceAccept),
		retry:   b.one("policies.task.retry", "task.retry", s.Policies.TaskRetry),
	}
	set.saving = mentions(s.Policies.ActivityKeep, "saving")
	set.uploads, set.volumes = b.uploads, volumes(s.Payload.Volumes)
	b.one("policies.task.result", "task.result", s.Policies.TaskResult)
	for _, l := range s.Budget.Limits {
		set.limits = append(set.limits, b.amount("budget", l.Amount, l.Window))
	}
	if !s.MaxPrice.IsZero() {
		l := b.amount("max_price", s.MaxPrice, 0)
		set.maxPrice = &l
	}
	for i := range s.Stages {
		set.stages = append(set.stages, b.stage(&s.Stages[i]))
	}
	if s.Results.File != nil {
		t := b.template("results.file", "results.file", *s.Results.File, b.kind("results.file"), items{})
		set.file = &t
	}
	return set, diag.List(b.found).Sorted()
}

func (b *builder) kind(name string) kind {
	if k, ok := b.kinds[name]; ok {
		return k
	}
	k, ok := kindNamed(name)
	if !ok {
		panic("policies: no kind of expression is called " + name)
	}
	b.kinds[name] = k
	return k
}

// one compiles an expression whose kind has its name. A spec that was loaded has
// all of them; one made by hand may lack some, which is a mistake in it.
func (b *builder) one(path, name string, e spec.Expr) *program {
	if e.IsZero() {
		b.report(path, e, "there is no expression")
		return nil
	}
	return b.compile(path, name, e, b.kind(name), items{open: true})
}

// literal is an amount written as a number, which is taken exactly.
var literal = regexp.MustCompile(`^[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]{1,3})?$|^\.[0-9]+$`)

func (b *builder) amount(name string, e spec.Expr, window time.Duration) limit {
	if s := strings.TrimSpace(e.Text); literal.MatchString(s) {
		if exact, err := decimal.NewFromString(s); err == nil {
			return limit{window: window, exact: exact}
		}
	}
	return limit{window: window, program: b.compile(name, name, e, b.kind(name), items{})}
}

func (l limit) amount(env any) (golem.Amount, *Failure) {
	if l.program == nil {
		return l.exact, nil
	}
	v, f := l.program.eval(env)
	if f != nil {
		return golem.Amount{}, f
	}
	a, err := amount(v)
	if err != nil {
		return golem.Amount{}, l.program.fail(env, err)
	}
	return a, nil
}

// Workers is how many workers to have. What the expression gives is cut to a
// whole number, and less than 0 counts as 0. On a Failure it is 0.
func (s *Set) Workers(run Run) (int, *Failure) {
	n, f := s.workers.number(&runEnv{run})
	if f != nil {
		return 0, f
	}
	return int(min(max(math.Floor(n), 0), math.MaxInt32)), nil
}

// Limits is what may be spent, in the order of the document: every limit holds
// at once. An amount that cannot be computed, or is negative, counts as 0, and
// the first such is the Failure.
func (s *Set) Limits(run Run) ([]Limit, *Failure) {
	var first *Failure
	out := make([]Limit, len(s.limits))
	for i, l := range s.limits {
		a, f := l.amount(&runEnv{run})
		if first == nil {
			first = f
		}
		out[i] = Limit{Window: l.window, Amount: a}
	}
	return out, first
}

// LimitsFixed reports whether every limit is a plain number, so that no
// expression can change it.
func (s *Set) LimitsFixed() bool {
	for _, l := range s.limits {
		if l.program != nil {
			return false
		}
	}
	return true
}

// MaxPrice is the GLM for one result above which a worker is too expensive;
// false where the spec sets none, and on a Failure.
func (s *Set) MaxPrice(run Run) (golem.Amount, bool, *Failure) {
	if s.maxPrice == nil {
		return golem.Amount{}, false, nil
	}
	a, f := s.maxPrice.amount(&runEnv{run})
	return a, f == nil, f
}

// AcceptOffer reports whether to consider an offer at all; false on a Failure.
func (s *Set) AcceptOffer(e OfferEnv) (bool, *Failure) {
	e.Provider.settle()
	return s.accept.bool(&e)
}

// ScoreOffer is how good an offer is: the highest is hired first. ok is false
// where it is rejected, by nil or on a Failure, such as a score that is no
// number.
func (s *Set) ScoreOffer(e OfferEnv) (score float64, ok bool, f *Failure) {
	e.Provider.settle()
	v, f := s.score.eval(&e)
	if f != nil || v == nil {
		return 0, false, f
	}
	score, err := number(v)
	if err != nil {
		return 0, false, s.score.fail(&e, err)
	}
	return score, true, nil
}

// Keep reports whether to go on with a worker; true on a Failure.
func (s *Set) Keep(e ActivityEnv) (bool, *Failure) {
	e.Provider.settle()
	keep, f := s.keep.bool(&e)
	return keep || f != nil, f
}

// WeighsSaving reports whether Keep looks at what a change of worker would save,
// so that somebody has to find out.
func (s *Set) WeighsSaving() bool { return s.saving }

// Reuse reports whether to go on with a worker that outlived the process that
// hired it; true on a Failure.
func (s *Set) Reuse(e ActivityEnv) (bool, *Failure) {
	e.Provider.settle()
	reuse, f := s.reuse.bool(&e)
	return reuse || f != nil, f
}

// Retry reports whether to try a task again; true on a Failure, so that no task
// is lost to a mistake in an expression.
func (s *Set) Retry(e AttemptEnv) (bool, *Failure) {
	e.Provider.settle()
	retry, f := s.retry.bool(&e)
	return retry || f != nil, f
}

// settle makes the zero value of a provider that never failed say so, and of one
// of which nobody knows how fast it is.
func (p *Provider) settle() {
	if p.Speed == 0 {
		p.Speed = 1
	}
	if p.Failures == 0 && p.LastFailure == 0 {
		p.LastFailure = Never
	}
	p.Recent.settle()
}

// Stage returns a stage by its name, or nil.
func (s *Set) Stage(name string) *Stage {
	for _, st := range s.stages {
		if st.Name == name {
			return st
		}
	}
	return nil
}

// Stages returns the stages in document order.
func (s *Set) Stages() []*Stage { return append([]*Stage(nil), s.stages...) }

// ResultsFile is the absolute path of the file that results are written to; ok
// is false where the spec names none, and on a Failure.
func (s *Set) ResultsFile(run Run) (path string, ok bool, f *Failure) {
	if s.file == nil {
		return "", false, nil
	}
	path, f = s.file.render(&runEnv{run}, asItIs)
	if f != nil {
		return "", false, f
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.dir, path)
	}
	return path, true, nil
}
