package report

import (
	"time"

	"tasks/policies"
	"tasks/runner"
	"tasks/runner/state"
	"tasks/spec"
)

// A Plan is what a revision of the document says about a run beyond its
// records: how many workers it wants, what it may cost, how many tasks it has.
// It is compiled once for each revision and read-only. The nil Plan knows
// nothing.
type Plan struct {
	spec   *spec.Spec
	set    *policies.Set
	limits []string // in the words of the document
}

// NewPlan compiles a stored revision. The error lists what is wrong with it,
// which happens when an older version of the program accepted it.
func NewPlan(rev state.Revision) (*Plan, error) {
	s, set, err := runner.Compile(rev, nil)
	if err != nil {
		return nil, err
	}
	return &Plan{spec: s, set: set, limits: limitTexts(s.Budget.Limits)}, nil
}

func limitTexts(limits []spec.Limit) []string {
	texts := make([]string, len(limits))
	for i, l := range limits {
		texts[i] = l.Amount.Text + windowText(l.Window)
	}
	return texts
}

// windowText is what follows an amount: "/h", "/d", "/90m", " in all".
func windowText(window time.Duration) string {
	switch window {
	case 0:
		return " in all"
	case time.Hour:
		return "/h"
	case 24 * time.Hour:
		return "/d"
	}
	return "/" + window.String()
}

// wanted is how many workers the policy asks for; a policy that fails asks for
// none.
func (p *Plan) wanted(env policies.Run) int {
	if p == nil {
		return 0
	}
	n, _ := p.set.Workers(env)
	return n
}

// whyWorkers is the expression of workers and what it sees, "" for a number.
func (p *Plan) whyWorkers(env policies.Run) string {
	if p == nil {
		return ""
	}
	return p.set.WhyWorkers(env)
}

// budget evaluates the limits; a budget that fails allows nothing.
func (p *Plan) budget(env policies.Run) []Limit {
	if p == nil {
		return []Limit{}
	}
	evaluated, _ := p.set.Limits(env)
	limits := make([]Limit, len(p.limits))
	for i, text := range p.limits {
		limits[i] = Limit{Limit: text, Window: p.spec.Budget.Limits[i].Window}
		if i < len(evaluated) {
			limits[i].Amount = evaluated[i].Amount
		}
	}
	return limits
}

// unread is how many items the sources still have to give, and whether that
// can be known.
func (p *Plan) unread(cursors map[string]state.Cursor) (n int64, known bool) {
	if p == nil {
		return 0, false
	}
	for _, stage := range p.spec.Stages {
		cursor := cursors[stage.Name]
		if stage.From == nil || cursor.Ended {
			continue
		}
		size, finite := stage.From.Size()
		if !finite {
			return 0, false
		}
		n += max(0, size-cursor.Next)
	}
	return n, true
}

// mayEmit reports whether results may still make tasks, because a stage that
// emits has tasks to come.
func (p *Plan) mayEmit(stages map[string]state.Counts, cursors map[string]state.Cursor) bool {
	for _, stage := range p.spec.Stages {
		if len(stage.Emit) == 0 {
			continue
		}
		counts := stages[stage.Name]
		open := stage.From != nil && !cursors[stage.Name].Ended
		if open || counts.Pending+counts.Running > 0 {
			return true
		}
	}
	return false
}

// total is how many tasks the run has in the end, or nil while nobody can know.
func (p *Plan) total(counts state.Counts, stages map[string]state.Counts, cursors map[string]state.Cursor) *int64 {
	unread, known := p.unread(cursors)
	if !known || p.mayEmit(stages, cursors) {
		return nil
	}
	total := counts.Pending + counts.Running + counts.Done + counts.Failed + unread
	return &total
}

// env is what policies see of a run, from its status.
func (s Status) env(now time.Time) policies.Run {
	return policies.Run{
		ID: string(s.RunID), Name: s.Name, Age: now.Sub(s.CreatedAt), Now: now,
		Pending: int(s.Tasks.Pending), Running: int(s.Tasks.Running),
		Done: int(s.Tasks.Done), Failed: int(s.Tasks.Failed), Results: int(s.Results),
		Workers: s.Workers.Ready, Spent: s.Spent.InexactFloat64(), Reserved: s.Reserved.InexactFloat64(),
		CostPerResult: policies.CostPerResult(s.Spent, int(s.Results)),
	}
}
