package report

import (
	"tasks/runner/state"
	"tasks/spec"
)

// Edited is what an apply changed in a run that is live. Its JSON form is what
// `tasks apply -o json` prints then; fields are only ever added to it.
type Edited struct {
	RunID     state.RunID   `json:"run_id"`
	Revision  int           `json:"revision"`   // that the run goes by now
	Changes   []spec.Change `json:"changes"`    // none where the document says the same in other words
	TakenOver bool          `json:"taken_over"` // always true: what a run refuses is an error
}
