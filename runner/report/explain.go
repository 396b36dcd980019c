package report

import (
	"fmt"
	"slices"
	"time"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

// explained is how many choices, ends and tasks an explanation has at most: the
// latest.
const explained = 20

// An Explanation is why a run is as it is. Its JSON form is what `tasks explain
// -o json` prints; fields are only ever added to it.
type Explanation struct {
	RunID    state.RunID    `json:"run_id"`
	Name     string         `json:"name"`
	State    state.RunState `json:"state"`
	Note     string         `json:"note"` // why it is in that state, or ""
	Revision int            `json:"revision"`

	Budget   string      `json:"budget"` // what its limits came to when it ended the run or made it wait, or ""
	Workers  Workers     `json:"workers"`
	Policy   string      `json:"workers_policy"` // the expression of workers, what it gives now and the values it sees; "" for a number, or where nobody works
	Standing string      `json:"standing"`       // how the one task stands that was asked for, or ""
	Rejected []Rejection `json:"rejected"`       // under that revision, the rule that rejected most first
	Relaxed  []Relaxed   `json:"relaxed"`        // what would let recorded offers in, the smallest change first
	Chosen   []Choice    `json:"chosen"`         // why providers were hired, the latest first
	Ended    []End       `json:"ended"`          // why activities ended, the latest first
	Tasks    []Setback   `json:"tasks"`          // given up, or waiting to be tried again, the latest first

	Revisions []Revision `json:"revisions"` // the documents that were applied, the latest first

	RolledUp RolledUp `json:"rolled_up"`
}

// A Rejection is how many offers a rule has rejected; the example is the cheapest
// of them.
type Rejection struct {
	Rule         string       `json:"rule"`
	Count        int64        `json:"count"` // an offer that comes again counts again
	LastAt       time.Time    `json:"last_at"`
	Provider     golem.NodeID `json:"provider"`
	ProviderName string       `json:"provider_name"`
	PricePerHour golem.Amount `json:"price_per_hour"`
	Why          string       `json:"why"` // the expression and the values it saw
}

// A Relaxed is a part of offer.accept that alone keeps recorded offers out.
type Relaxed struct {
	Part    string `json:"part"`
	Instead string `json:"instead"` // the least change that lets enough in, or ""
	Lets    int    `json:"lets"`    // offers that it lets in
	Without int    `json:"without"` // offers that come in without the part
}

// A Choice is why a provider was hired.
type Choice struct {
	At           time.Time    `json:"at"`
	Provider     golem.NodeID `json:"provider"`
	ProviderName string       `json:"provider_name"`
	Why          string       `json:"why"`      // the expression and the values it saw
	Revision     int          `json:"revision"` // that it was chosen by
}

// An End is why an activity ended.
type End struct {
	At           time.Time        `json:"at"`
	Activity     golem.ActivityID `json:"activity"`
	Provider     golem.NodeID     `json:"provider"`
	ProviderName string           `json:"provider_name"`
	Why          string           `json:"why"`
	Policy       string           `json:"policy"`   // activity.keep and the values it saw, where that did not keep it
	Revision     int              `json:"revision"` // that it was stopped by; 0 where it ended by itself in an old version
}

// A Setback is a task whose last attempt went wrong.
type Setback struct {
	Task         int64           `json:"task"`
	Stage        string          `json:"stage"`
	State        state.TaskState `json:"state"` // "failed": given up; "pending": to be tried again
	Attempts     int             `json:"attempts"`
	NextTryAt    time.Time       `json:"next_try_at,omitzero"` // not before this
	ProviderName string          `json:"provider_name"`
	Why          string          `json:"why"`
	Policy       string          `json:"policy"`   // task.retry and the values it saw
	Revision     int             `json:"revision"` // that its last try was judged by
}

// About narrows an explanation; the zero About is the whole run.
type About struct {
	Provider golem.NodeID // "" for all
	Task     int64        // 0 for all
}

// Explain reads why a run is as it is. The error wraps store.ErrNotFound where
// there is no such run.
func Explain(tx *store.Tx, id state.RunID, o Options, about About) (Explanation, error) {
	s, err := Load(tx, id, o)
	if err != nil {
		return Explanation{}, err
	}
	run, err := tx.Run(id)
	if err != nil {
		return Explanation{}, err
	}
	e := Explanation{
		RunID: id, Name: s.Name, State: s.State, Note: s.Note, Revision: run.Revision, Workers: s.Workers,
		Rejected: []Rejection{}, Relaxed: []Relaxed{}, Chosen: []Choice{}, Ended: ends(s.Activities, about.Provider), Tasks: []Setback{}, RolledUp: s.RolledUp,
	}
	if err := e.addOffers(tx, about.Provider); err != nil {
		return Explanation{}, err
	}
	if err := e.addRelaxed(tx, o.Plan); err != nil {
		return Explanation{}, err
	}
	if err := e.addKeeps(tx); err != nil {
		return Explanation{}, err
	}
	if s.State == state.RunExhausted || s.State == state.RunPaused {
		if e.Budget, err = tx.Noted(id, state.EventExhausted, string(id)); err != nil {
			return Explanation{}, err
		}
	}
	if o.Live {
		e.Policy = o.Plan.whyWorkers(s.env(tx.Now()))
	}
	if e.Revisions, err = revisions(tx, id); err != nil {
		return Explanation{}, err
	}
	if about.Task != 0 {
		if err := e.addStanding(tx, about.Task, o.Live); err != nil {
			return Explanation{}, err
		}
	}
	setbacks, err := tx.Setbacks(id, about.Task, explained)
	if err != nil {
		return Explanation{}, err
	}
	for _, b := range setbacks {
		e.Tasks = append(e.Tasks, setback(b))
	}
	return e, nil
}

func (e *Explanation) addOffers(tx *store.Tx, provider golem.NodeID) error {
	rejected, err := tx.Rejections(e.RunID, e.Revision)
	if err != nil {
		return err
	}
	for _, r := range rejected {
		e.Rejected = append(e.Rejected, Rejection{
			Rule: r.Rule, Count: r.Count, LastAt: r.LastAt, Provider: r.Provider, ProviderName: r.ProviderName,
			PricePerHour: r.PerHour, Why: r.Why,
		})
	}
	chosen, err := tx.Choices(e.RunID, provider, explained)
	if err != nil {
		return err
	}
	for _, c := range chosen {
		who, err := tx.Provider(golem.NodeID(c.Subject))
		if err != nil {
			return err
		}
		e.Chosen = append(e.Chosen, Choice{At: c.At, Provider: who.ID, ProviderName: who.Name, Why: c.Note, Revision: c.Revision})
	}
	return nil
}

// ends are the activities that ended, the latest first.
func ends(activities []Activity, provider golem.NodeID) []End {
	out := []End{}
	for _, a := range activities {
		if a.StopReason != "" && (provider == "" || a.Provider == provider) {
			out = append(out, End{At: a.EndedAt, Activity: a.ID, Provider: a.Provider, ProviderName: a.ProviderName, Why: a.StopReason, Revision: a.Revision})
		}
	}
	slices.SortStableFunc(out, func(a, b End) int { return b.At.Compare(a.At) })
	return out[:min(len(out), explained)]
}

func setback(b store.Setback) Setback {
	why := b.Message
	if b.Fault != "" {
		why = fmt.Sprintf("%s: %s", b.Fault, b.Message)
	}
	return Setback{
		Task: b.Task.ID, Stage: b.Task.Stage, State: b.Task.State, Attempts: b.Task.Attempts,
		NextTryAt: b.Task.NextTryAt, ProviderName: b.ProviderName, Why: why, Policy: b.Verdict, Revision: b.Revision,
	}
}
