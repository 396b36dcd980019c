package report

import (
	"time"

	"tasks/runner"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

// A Revision is a document that was applied to a run.
type Revision struct {
	Number    int           `json:"number"`
	File      string        `json:"file"`
	AppliedAt time.Time     `json:"applied_at"`
	AdoptedAt time.Time     `json:"adopted_at,omitzero"` // when the run began to go by it; zero if it never did
	Refused   string        `json:"refused"`             // why the run does not take it over, or ""
	Changes   []spec.Change `json:"changes"`             // from the one that was in force before
}

// revisions are the latest documents of a run, the latest first.
func revisions(tx *store.Tx, id state.RunID) ([]Revision, error) {
	all, err := tx.Revisions(id)
	if err != nil {
		return nil, err
	}
	out := []Revision{}
	var before *spec.Spec // in force when the next one was applied
	for _, rev := range all[max(0, len(all)-explained-1):] {
		r := Revision{
			Number: rev.Number, File: rev.File, AppliedAt: rev.AppliedAt, AdoptedAt: rev.AdoptedAt,
			Refused: rev.Refused, Changes: []spec.Change{},
		}
		s, _, err := runner.Compile(rev, nil)
		if err == nil && before != nil {
			r.Changes = spec.Changes(before, s)
		}
		if err == nil && !rev.AdoptedAt.IsZero() {
			before = s
		}
		out = append([]Revision{r}, out...)
	}
	return out[:min(len(out), explained)], nil
}
