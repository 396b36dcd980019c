package spec

import (
	"fmt"
	"slices"
	"strings"

	"tasks/spec/diag"
)

// An order is which stages of a document come before which, by their places in it.
type order struct {
	stages []Stage
	at     map[string]int
	waits  [][]int // the stages that one waits for
	feeds  [][]int // the others that make tasks of one
}

func newOrder(stages []Stage) *order {
	o := &order{stages: stages, at: map[string]int{}, waits: make([][]int, len(stages)), feeds: make([][]int, len(stages))}
	for i, s := range stages {
		o.at[s.Name] = i
	}
	for i, s := range stages {
		for _, a := range s.After {
			if j, ok := o.at[a.Stage]; ok {
				o.waits[i] = append(o.waits[i], j)
			}
		}
		for _, e := range s.Emit {
			if j, ok := o.at[e.Stage]; ok && j != i && !slices.Contains(o.feeds[j], i) {
				o.feeds[j] = append(o.feeds[j], i)
			}
		}
	}
	return o
}

// before is every stage that has to end, or to end its part, before one can.
func (o *order) before(i int) []int { return slices.Concat(o.waits[i], o.feeds[i]) }

// walk visits the stages that next leads to from one, the nearest first and the
// one itself left out, until visit gives false. from is where it came from.
func walk(start int, next func(int) []int, visit func(i, from int) bool) {
	seen := map[int]bool{start: true}
	for todo := []int{start}; len(todo) > 0; todo = todo[1:] {
		for _, i := range next(todo[0]) {
			if seen[i] {
				continue
			}
			seen[i] = true
			if !visit(i, todo[0]) {
				return
			}
			todo = append(todo, i)
		}
	}
}

// circles numbers the stages so that those that each have to end before the other
// have the same number (Tarjan's strongly connected components).
func (o *order) circles() []int {
	n := len(o.stages)
	index, low, circle := make([]int, n), make([]int, n), make([]int, n)
	var stack []int
	next := 0
	var visit func(int)
	visit = func(i int) {
		next++
		index[i], low[i], circle[i] = next, next, -1
		stack = append(stack, i)
		for _, j := range o.before(i) {
			if index[j] == 0 {
				visit(j)
				low[i] = min(low[i], low[j])
			} else if circle[j] < 0 {
				low[i] = min(low[i], index[j])
			}
		}
		if low[i] < index[i] {
			return
		}
		for k := len(stack) - 1; ; k-- {
			j := stack[k]
			stack, circle[j] = stack[:k], i
			if j == i {
				return
			}
		}
	}
	for i := range n {
		if index[i] == 0 {
			visit(i)
		}
	}
	return circle
}

// way says in words why the stage from cannot end before the stage to has.
func (o *order) way(from, to int) string {
	came := map[int]int{}
	walk(from, o.before, func(i, by int) bool {
		came[i] = by
		return i != to
	})
	var said []string
	for i := to; i != from; i = came[i] {
		by := came[i]
		if slices.Contains(o.waits[by], i) {
			said = append(said, o.stages[by].Name+" waits for "+o.stages[i].Name)
		} else {
			said = append(said, o.stages[i].Name+" gives tasks to "+o.stages[by].Name)
		}
	}
	slices.Reverse(said)
	return strings.Join(said, ", and ")
}

// endless is for each stage the one because of which it never ends, or -1.
func (o *order) endless() []int {
	because := make([]int, len(o.stages))
	follow := make([][]int, len(o.stages)) // the reverse of before
	for i := range o.stages {
		because[i] = -1
		for _, j := range o.before(i) {
			follow[j] = append(follow[j], i)
		}
	}
	for i, s := range o.stages {
		if because[i] >= 0 || s.From == nil || s.From.Kind == "" || !s.From.Endless && s.From.Repeat != 0 {
			continue
		}
		because[i] = i
		walk(i, func(j int) []int { return follow[j] }, func(j, _ int) bool {
			because[j] = i
			return true
		})
	}
	return because
}

// checkAfter finds stages that wait for what is not there, for themselves, or for
// what has no end, and tasks that would come before their stage begins.
func (d *decoder) checkAfter(names []string) {
	if !slices.ContainsFunc(d.spec.Stages, func(s Stage) bool { return len(s.After) > 0 }) {
		return
	}
	o := newOrder(d.spec.Stages)
	circle, endless := o.circles(), o.endless()
	for i, s := range d.spec.Stages {
		path := join(stagePath(s), "after")
		for k, a := range s.After {
			report := func(fact, hint string) {
				d.add(diag.Diagnostic{Place: a.Place, Path: path, Fact: fact, Hint: hint})
			}
			j, known := o.at[a.Stage]
			switch {
			case !known:
				d.noStage(a.Stage, a.Place, path, names)
			case slices.ContainsFunc(s.After[:k], func(b After) bool { return b.Stage == a.Stage }):
				report(fmt.Sprintf("stage %s is named twice", a.Stage), "keep one of the two")
			case i == j:
				report("a stage cannot wait for itself", "name the stages that have to end first")
			case circle[i] == circle[j]:
				report(fmt.Sprintf("none of these can begin: %s waits for %s, and %s", s.Name, a.Stage, o.way(j, i)),
					"a stage cannot wait for one that waits for it, or that it gives tasks")
			case endless[j] >= 0:
				report(fmt.Sprintf("%s would never begin: stage %s has no end", s.Name, o.stages[endless[j]].Name),
					"give its source an end, or make tasks from its results as they come, with emit")
			}
		}
	}
	d.checkEarly(o, circle)
}

// checkEarly refuses emits into a stage that waits for something that the emitting
// one does not wait for: its tasks would come before the stage begins.
func (d *decoder) checkEarly(o *order, circle []int) {
	for i, s := range o.stages {
		var waited map[int]bool
		for _, e := range s.Emit {
			into, known := o.at[e.Stage]
			if !known || into == i {
				continue
			}
			for _, j := range o.waits[into] {
				if circle[j] == circle[into] {
					continue // told of already
				}
				if waited == nil {
					waited = map[int]bool{}
					walk(i, func(k int) []int { return o.waits[k] }, func(k, _ int) bool { waited[k] = true; return true })
				}
				if waited[j] {
					continue
				}
				d.add(diag.Diagnostic{
					Place: e.Place, Path: stagePath(s) + ".emit",
					Fact: fmt.Sprintf("stage %s begins when %s has ended, and would get these tasks before", e.Stage, o.stages[j].Name),
					Hint: fmt.Sprintf("let %s wait too, with after: %s, or emit into a stage that does not wait", s.Name, o.stages[j].Name),
				})
				break
			}
		}
	}
}
