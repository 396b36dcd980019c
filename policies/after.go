package policies

import (
	"reflect"
	"slices"

	"tasks/spec"
)

// An EndedStage is a stage that has ended, as a stage that waited for it sees it.
type EndedStage struct {
	Results []any `expr:"results" doc:"the results of its tasks, in the order of the tasks; those that failed or gave none are not among them"`
	Done    int   `expr:"done" doc:"tasks that ended well"`
	Failed  int   `expr:"failed" doc:"tasks given up"`
}

// stageGroup is the type of "stages", behind which are only names.
type stageGroup struct{}

// waitsFor is the names of the stages that a stage waits for. Where one of them is
// not there, which package spec tells of, any may be meant.
func waitsFor(s *spec.Spec, stage *spec.Stage) []string {
	var names []string
	for _, a := range stage.After {
		if !slices.Contains(names, a.Stage) {
			names = append(names, a.Stage)
		}
		if !slices.ContainsFunc(s.Stages, func(o spec.Stage) bool { return o.Name == a.Stage }) {
			for i := range s.Stages {
				names = append(names, s.Stages[i].Name)
			}
		}
	}
	return names
}

// addStages puts what is known of the ended stages into an environment that has
// them, or takes the name away where the stage waits for none.
func (s *shape) addStages(names []string) {
	old, ok := s.fields["stages"]
	switch {
	case !ok:
	case len(names) == 0:
		s.drop("stages")
	default:
		group := &shape{typ: reflect.TypeFor[stageGroup](), doc: old.doc}
		for _, name := range names {
			ended := shapeOf(reflect.TypeFor[EndedStage]())
			ended.doc = "a stage that is named in after"
			group.add(name, ended)
		}
		s.fields["stages"] = group
	}
}

// noteResults remembers which stages' results an expression reads.
func (b *builder) noteResults(names map[string][]string) {
	for _, path := range names {
		switch {
		case path[0] != "stages" || len(path) > 2 && path[2] != "results":
		case len(path) == 1:
			b.allResults = true
		case !slices.Contains(b.results, path[1]):
			b.results = append(b.results, path[1])
		}
	}
}

// ReadsResults is the stages whose results the expressions of this stage read, so
// that nobody need load those of others.
func (st *Stage) ReadsResults() []string { return st.results }

// After is the stages that have to end before this one begins.
func (st *Stage) After() []string { return st.after }
