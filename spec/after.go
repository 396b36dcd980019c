package spec

import (
	"slices"

	"gopkg.in/yaml.v3"
)

// afters reads the stages that another waits for: one, or a list.
func (d *decoder) afters(v value) []After {
	var out []After
	read := func(v value) {
		if name, ok := d.stageName(v); ok {
			out = append(out, After{Stage: name, Place: v.place()})
		}
	}
	switch {
	case v.node.Kind != yaml.SequenceNode:
		read(v)
	case len(v.node.Content) == 0:
		d.report(v, "there is no stage in this list", "name the stages that have to end first, or leave out the key")
	default:
		d.list(v, "", "", read)
	}
	return out
}

// stageName reads the name of another stage. One that cannot be read may hide
// what a stage is reached by.
func (d *decoder) stageName(v value) (string, bool) {
	name, ok := d.fixed(v, "the name of a stage", "")
	d.unsure = d.unsure || !ok
	return name, ok
}

// resultsOf reads a source of the results of another stage, which has to end
// first.
func (d *decoder) resultsOf(v value, s *Source) {
	s.Kind = SourceResults
	s.Stage, _ = d.stageName(v)
	d.waits = append(d.waits, After{Stage: s.Stage, Place: v.place()})
}

// waitFor lets a stage wait for the one whose results it reads.
func (d *decoder) waitFor(s *Stage) {
	for _, a := range d.waits {
		if a.Stage != "" && !s.Waits(a.Stage) {
			s.After = append(s.After, a)
		}
	}
	d.waits = nil
}

// Waits reports whether a stage begins only when the named one has ended.
func (s *Stage) Waits(stage string) bool {
	return slices.ContainsFunc(s.After, func(a After) bool { return a.Stage == stage })
}

// singleTasks gives a source to stages without: a stage that waits, and that nobody
// but itself gives tasks, has one.
func (d *decoder) singleTasks() {
	fed := map[string]bool{}
	for _, s := range d.spec.Stages {
		for _, e := range s.Emit {
			fed[e.Stage] = fed[e.Stage] || e.Stage != s.Name
		}
	}
	for i := range d.spec.Stages {
		s := &d.spec.Stages[i]
		if s.From == nil && len(s.After) > 0 && !fed[s.Name] {
			s.From = &Source{Kind: SourceOnce, Repeat: 1, Place: s.After[0].Place}
		}
	}
}

// EmitsInto reports whether results of the stage make tasks of the named one.
func (s *Stage) EmitsInto(stage string) bool {
	return slices.ContainsFunc(s.Emit, func(e Emit) bool { return e.Stage == stage })
}

// Feeders are the stages whose results can make tasks of the named one, directly
// or not, itself first: it has ended when all of them have.
func (s *Spec) Feeders(stage string) []*Stage {
	var out []*Stage
	seen := map[string]bool{stage: true}
	for todo := []string{stage}; len(todo) > 0; todo = todo[1:] {
		for i := range s.Stages {
			f := &s.Stages[i]
			if f.Name == todo[0] {
				out = append(out, f)
			}
			if !seen[f.Name] && f.EmitsInto(todo[0]) {
				seen[f.Name] = true
				todo = append(todo, f.Name)
			}
		}
	}
	return out
}
