package report

import (
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/runner/state"
)

// Status is a run at one moment. Its JSON form is what `tasks status -o json`
// prints; fields are only ever added to it.
type Status struct {
	RunID  state.RunID `json:"run_id"`
	Name   string      `json:"name"` // the spec's
	Daemon string      `json:"daemon"`

	// State is the run's own state, except that a run which nobody works on
	// although its row says so is interrupted: its process died.
	State state.RunState `json:"state"`
	Note  string         `json:"note"` // why it is in that state, or ""

	Revision int `json:"revision"` // of the document that it goes by, from 1

	CreatedAt  time.Time `json:"created_at"`
	StartedAt  time.Time `json:"started_at,omitzero"`  // last start of a process
	FinishedAt time.Time `json:"finished_at,omitzero"` // zero unless it has ended

	Tasks       Tasks            `json:"tasks"`
	Stages      map[string]Tasks `json:"stages"` // the same for each stage; totals are not known here
	Results     int64            `json:"results"`
	ResultsFile string           `json:"results_file"` // "" for none

	Spent         golem.Amount  `json:"spent"`           // charged to us so far: what was accepted
	Reserved      golem.Amount  `json:"reserved"`        // set aside for what runs, beyond what was accepted for it
	Accepted      golem.Amount  `json:"accepted"`        // total of the bills accepted
	Paid          golem.Amount  `json:"paid"`            // of that, what has been paid
	CostPerResult *golem.Amount `json:"cost_per_result"` // spent for one result; nil before the first

	Budget  []Limit `json:"budget"`
	Workers Workers `json:"workers"`

	Activities []Activity `json:"activities"` // in the order they were created
	RolledUp   RolledUp   `json:"rolled_up"`
}

// Tasks are numbers of tasks by state.
type Tasks struct {
	Pending int64 `json:"pending"` // read from the source and not begun
	Running int64 `json:"running"`
	Done    int64 `json:"done"`
	Failed  int64 `json:"failed"` // given up for good

	// Total is how many tasks there will have been in the end; nil while nobody
	// can know, because a source is endless or read as it comes, or because
	// results may still make tasks.
	Total *int64 `json:"total"`
}

// Ended is the number of tasks that need no more work.
func (t Tasks) Ended() int64 { return t.Done + t.Failed }

// Workers are numbers of workers.
type Workers struct {
	Wanted   int `json:"wanted"` // by the workers policy now; 0 when nobody works on the run
	Ready    int `json:"ready"`
	Starting int `json:"starting"` // agreements being made, activities being prepared
}

// A Limit is one limit of the budget.
type Limit struct {
	Limit  string        `json:"limit"`  // in the words of the document, such as "10/h"
	Amount golem.Amount  `json:"amount"` // what it comes to now
	Window time.Duration `json:"-"`      // 0 means the whole run
	Spent  *golem.Amount `json:"spent"`  // in the window that ends now; nil in a brief status
}

// An Activity is a worker, living or ended, as it is shown.
type Activity struct {
	ID            golem.ActivityID    `json:"id"` // "" while it is being created
	Provider      golem.NodeID        `json:"provider"`
	ProviderName  string              `json:"provider_name"`
	Agreement     golem.AgreementID   `json:"agreement"`
	State         state.ActivityState `json:"state"`
	Batches       int                 `json:"batches"` // tasks tried in it
	Results       int                 `json:"results"`
	Failures      int                 `json:"failures"`
	Cost          golem.Amount        `json:"cost"`            // billed or accepted so far, whichever is more
	CostPerResult *golem.Amount       `json:"cost_per_result"` // nil before its first result
	Reserved      golem.Amount        `json:"reserved"`        // set aside for it while it lives, beyond what was accepted
	Accepted      golem.Amount        `json:"accepted"`        // of its debit notes; an invoice is of a whole agreement
	CreatedAt     time.Time           `json:"created_at"`
	EndedAt       time.Time           `json:"ended_at,omitzero"`
	StopReason    string              `json:"stop_reason"` // why it was stopped or ended, or ""
	Revision      int                 `json:"revision"`    // of the document that it was stopped by; 0 where it was not
}

// places is how many decimal places GLM has.
const places = 18

// perResult is cost for one of n results, or nil for none.
func perResult(cost golem.Amount, n int64) *golem.Amount {
	if n <= 0 {
		return nil
	}
	each := cost.DivRound(decimal.NewFromInt(n), places)
	return &each
}
