package runner

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"tasks/policies"
	"tasks/runner/source"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

// ErrChanged is wrapped when the document of a run that exists differs in what a
// run cannot change; the text names it.
var ErrChanged = errors.New("the run cannot take this over")

// An Edit is what the document of a run that exists would change in it.
type Edit struct {
	Revision int           // the one that it is compared with
	Changes  []spec.Change // in the order of the document; none for a document in other words
	Refused  []Refusal     // those that the run cannot take over; with one of them it takes over nothing
	Sources  []string      // stages that have another source, new ones among them
}

// A Refusal is a part of a document that a run cannot take over, and why.
type Refusal struct{ Path, Why string }

func (r Refusal) String() string { return r.Path + ": " + r.Why }

// Err is nil for an edit that can be taken over, and wraps ErrChanged else.
func (e Edit) Err() error {
	if len(e.Refused) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrChanged, e.Refusals())
}

// Refusals are all of them in one line, "" for none.
func (e Edit) Refusals() string {
	texts := make([]string, len(e.Refused))
	for i, r := range e.Refused {
		texts[i] = r.String()
	}
	return strings.Join(texts, "; ")
}

// Summary is the changes in one line, in the words of the document.
func (e Edit) Summary() string {
	texts := make([]string, len(e.Changes))
	for i, c := range e.Changes {
		texts[i] = c.String()
	}
	return strings.Join(texts, "; ")
}

// Compile reads a recorded document. env looks up its variables of the environment,
// nil leaves them alone. The error lists what is wrong with it, which
// happens when another version of the program accepted it.
func Compile(rev state.Revision, env func(string) (string, bool)) (*spec.Spec, *policies.Set, error) {
	s, mistakes := spec.Parse(rev.File, rev.Text, rev.Dir, spec.Overrides{
		Workers: rev.Workers, MaxPrice: rev.MaxPrice, Budget: rev.Budget, Env: env,
	})
	if err := mistakes.Err(); err != nil {
		return nil, nil, fmt.Errorf("read revision %d of run %s: %w", rev.Number, rev.Run, err)
	}
	set, mistakes := policies.Compile(s)
	if err := mistakes.Err(); err != nil {
		return nil, nil, fmt.Errorf("compile revision %d of run %s: %w", rev.Number, rev.Run, err)
	}
	return s, set, nil
}

// Differences is what a document would change in a run. live says that a process
// works on it. Where the document in force cannot be read any more, nothing can
// be compared, and the new one is taken over.
func Differences(tx *store.Tx, run state.Run, now *spec.Spec, live bool) (Edit, error) {
	rev, err := tx.Revision(run.ID, run.Revision)
	if err != nil {
		return Edit{}, err
	}
	p := progress{live: live, file: run.ResultsPath}
	if p.cursors, err = tx.Cursors(run.ID); err != nil {
		return Edit{}, err
	}
	if p.counts, err = tx.StageCounts(run.ID); err != nil {
		return Edit{}, err
	}
	before, _, err := Compile(rev, nil)
	if err != nil {
		return Edit{Revision: rev.Number, Changes: []spec.Change{}}, nil
	}
	return compare(rev.Number, before, now, p), nil
}

// progress is how far a run has come, where an edit must respect it.
type progress struct {
	live    bool
	file    string // where the results go
	cursors map[string]state.Cursor
	counts  map[string]state.Counts
}

func compare(revision int, before, now *spec.Spec, p progress) Edit {
	e := Edit{Revision: revision, Changes: spec.Changes(before, now)}
	refuse := func(path, format string, args ...any) {
		e.Refused = append(e.Refused, Refusal{path, fmt.Sprintf(format, args...)})
	}
	if before.Name != now.Name {
		refuse("name", "the run is one of %s, and this is %s", before.Name, now.Name)
	}
	if !reflect.DeepEqual(before.Payload, now.Payload) {
		refuse("payload", "the machines of a run are all of one kind")
	}
	if before.Golem.Network != now.Golem.Network {
		refuse("golem.network", "the run is paid on %s", before.Golem.Network)
	}
	for i := range before.Stages {
		p.compareStage(before, now, &before.Stages[i], refuse)
	}
	for i := range now.Stages {
		old := stageOf(before, now.Stages[i].Name)
		if from := now.Stages[i].From; from != nil && (old == nil || !sameSource(old.From, from)) {
			e.Sources = append(e.Sources, now.Stages[i].Name)
		}
	}
	for _, c := range e.Changes {
		if p.live && c.Path == "results.file" {
			refuse(c.Path, "the file is open while the run is live; stop the run first")
		}
	}
	return e
}

func (p progress) compareStage(before, now *spec.Spec, old *spec.Stage, refuse func(path, format string, args ...any)) {
	next := stageOf(now, old.Name)
	if next == nil {
		refuse(old.Path(), "the run has this stage, and its tasks; one that is to have no more of them can have its source shortened")
		return
	}
	if err := p.carriesOn(old.Name, old.From, next.From); err != nil {
		refuse(old.Path()+".from", "%s", err)
		return
	}
	if p.cursors[old.Name].Next > 0 && !slices.Equal(after(old), after(next)) {
		refuse(old.Path()+".after", "the stage has begun, and waits for no other any more")
	}
	if !p.finished(before, old.Name) {
		return
	}
	if !sameSource(old.From, next.From) {
		if f := p.follower(before, old.Name); f != "" {
			refuse(old.Path()+".from", "stage %s, which waited for the end of this one, has begun", f)
		}
		return
	}
	for _, c := range spec.StageChanges(old, next) {
		if what := strings.TrimPrefix(c.Path, old.Path()+"."); what == "timeout" || what == "batch" {
			continue // nobody would expect other results of that
		}
		refuse(c.Path, "the stage has finished, and its %d tasks ran as it was", p.counts[old.Name].Done)
	}
}

// carriesOn says why a source cannot replace another, as far as that was read.
func (p progress) carriesOn(stage string, before, now *spec.Source) error {
	cursor := p.cursors[stage]
	switch {
	case before == nil || sameSource(before, now):
		return nil
	case now == nil && cursor.Next > 0:
		return fmt.Errorf("%d items were read already", cursor.Next)
	case now == nil:
		return nil
	}
	return source.CarriesOn(*before, *now, cursor.Position)
}

// finished reports whether a stage has had tasks and can get no more. One with
// tasks that failed has not: they may be tried again.
func (p progress) finished(s *spec.Spec, stage string) bool {
	return p.counts[stage].Done > 0 && p.counts[stage].Failed == 0 && hasEnded(s, stage, p.counts, p.cursors)
}

// follower is a stage that has waited for the end of another and begun, or "".
func (p progress) follower(s *spec.Spec, stage string) string {
	for i := range s.Stages {
		next := &s.Stages[i]
		if slices.Contains(after(next), stage) && p.cursors[next.Name].Next > 0 {
			return next.Name
		}
	}
	return ""
}

func stageOf(s *spec.Spec, name string) *spec.Stage {
	for i := range s.Stages {
		if s.Stages[i].Name == name {
			return &s.Stages[i]
		}
	}
	return nil
}

func sameSource(a, b *spec.Source) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, y := *a, *b
	x.Place, y.Place = spec.Source{}.Place, spec.Source{}.Place
	return reflect.DeepEqual(x, y)
}
