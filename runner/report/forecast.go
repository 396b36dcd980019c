package report

import (
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

// A Forecast is what applying a document would do and cost, as far as that can be
// known before. Its JSON form is what `tasks plan -o json` prints; fields are only
// ever added to it.
type Forecast struct {
	RunID  state.RunID `json:"run_id"` // "" where none was named
	Name   string      `json:"name"`   // the spec's
	Daemon string      `json:"daemon"`

	Exists  bool           `json:"exists"` // the run has begun before
	Live    bool           `json:"live"`   // a process works on it now
	State   state.RunState `json:"state"`  // of a run that exists, as the status shows it
	Changes []spec.Change  `json:"changes"`
	Refused string         `json:"refused"` // what the run cannot take over and why, or ""

	Asked    string      `json:"asked"`    // how the market was asked: "scan" or "demand"; "" for not at all
	Offers   []Offer     `json:"offers"`   // chosen ones first, best first; rejected ones last
	Rejected []RuleCount `json:"rejected"` // in the order of the offers

	Wanted      int           `json:"wanted"`        // workers by the policy, as the run stands
	Chosen      int           `json:"chosen"`        // of the offers
	CostPerHour golem.Amount  `json:"cost_per_hour"` // of the chosen ones, kept busy
	Budget      []Limit       `json:"budget"`
	BudgetEnds  *BudgetEnd    `json:"budget_ends"`    // nil where the budget covers the chosen ones for ever
	TaskTime    *float64      `json:"task_time"`      // seconds for one task; nil where nobody knows
	TimeFrom    string        `json:"task_time_from"` // "flag" or "history"
	Tasks       *int64        `json:"tasks"`          // left to do; nil while nobody can know
	Takes       *float64      `json:"takes"`          // seconds until all are done, machines' start-up left out
	Cost        *golem.Amount `json:"cost"`           // of all that
}

// An Offer is an offer of the market and what the run would make of it.
type Offer struct {
	ID           string       `json:"id"`
	Provider     string       `json:"provider"`
	ProviderName string       `json:"provider_name"`
	Threads      int          `json:"threads"`
	Memory       float64      `json:"memory"`         // GiB
	PricePerHour golem.Amount `json:"price_per_hour"` // GLM, all threads busy, the start included
	Score        *float64     `json:"score"`          // nil for a rejected one
	Chosen       bool         `json:"chosen"`         // it is among the best that are wanted
	Rule         string       `json:"rule"`           // what rejects it, or ""
	Why          string       `json:"why"`            // the expression and the values it saw

	Offer map[string]any `json:"offer"` // as expressions see it, for tasks policy eval --offer
}

// A RuleCount is how many offers a rule rejects, and one example.
type RuleCount struct {
	Rule  string `json:"rule"`
	Count int    `json:"count"`
	Why   string `json:"why"` // of the first
}

// A BudgetEnd is when a limit of the budget is used up.
type BudgetEnd struct {
	Limit string  `json:"limit"` // in the words of the document
	After float64 `json:"after"` // seconds from the start
}

// NothingToDo reports whether applying the document would change nothing: the
// run has come to its end, or a process works on it by the same document.
func (f Forecast) NothingToDo() bool {
	return f.Exists && (f.State.Final() || f.Live && len(f.Changes) == 0)
}

// NewForecast begins a forecast of a document that was compiled, for the run that
// tx has by that id, if any. The Run is as its policies see it now.
func NewForecast(tx *store.Tx, run state.RunID, live bool, s *spec.Spec, set *policies.Set) (Forecast, policies.Run, error) {
	p := &Plan{spec: s, set: set, limits: limitTexts(s.Budget.Limits)}
	f := Forecast{RunID: run, Name: s.Name, Changes: []spec.Change{}, Offers: []Offer{}, Rejected: []RuleCount{}}
	status := Status{RunID: run, Name: s.Name, Stages: map[string]Tasks{}}
	now := time.Now()
	if tx == nil {
		status.CreatedAt = now
		status.Tasks.Total = p.total(state.Counts{}, nil, nil)
		status.Budget = p.budget(status.env(now))
	} else {
		var err error
		now = tx.Now()
		if status, err = Load(tx, run, Options{Live: live, Plan: p}); err != nil {
			return f, policies.Run{}, err
		}
		f.Exists, f.Live, f.State = true, live, status.State
		if err := f.compare(tx, s); err != nil {
			return f, policies.Run{}, err
		}
	}
	env := status.env(now)
	f.Budget, f.Wanted = status.Budget, p.wanted(env)
	if total := status.Tasks.Total; total != nil {
		left := *total - status.Tasks.Ended()
		f.Tasks = &left
	}
	return f, env, nil
}

// compare says what differs from the document that the run goes by.
func (f *Forecast) compare(tx *store.Tx, s *spec.Spec) error {
	run, err := tx.Run(f.RunID)
	if err != nil {
		return err
	}
	edit, err := runner.Differences(tx, run, s, f.Live)
	if err != nil {
		return err
	}
	f.Changes, f.Refused = edit.Changes, edit.Refusals()
	return nil
}

// Price adds what the market has. The best of the offers are chosen, as many as
// are wanted; taskTime is how long a task takes, 0 for nobody knows.
func (f *Forecast) Price(market runner.Survey, taskTime time.Duration, timeFrom string) {
	f.Asked = market.Asked
	var hired fleet
	for _, o := range market.Offers {
		line := Offer{
			ID: o.Offer.ID, Provider: o.Offer.Provider.ID, ProviderName: o.Offer.Provider.Name,
			Threads: o.Offer.CPU.Threads, Memory: o.Offer.Memory, PricePerHour: o.Pricing.Estimate(time.Hour, max(o.Offer.CPU.Threads, 1)),
			Rule: o.Rule, Why: o.Why, Offer: policies.Values(o.Offer),
		}
		if o.Rule != "" {
			f.reject(o)
		} else {
			line.Score = &o.Score
			line.Chosen = len(hired) < f.Wanted
		}
		if line.Chosen {
			hired = append(hired, worker{o.Pricing, max(o.Offer.CPU.Threads, 1)})
		}
		f.Offers = append(f.Offers, line)
	}
	f.Chosen = len(hired)
	f.CostPerHour = hired.cost(time.Hour)
	f.BudgetEnds = f.budgetEnd(hired)
	if taskTime <= 0 {
		return
	}
	perTask := taskTime.Seconds()
	f.TaskTime, f.TimeFrom = &perTask, timeFrom
	if f.Tasks == nil || len(hired) == 0 {
		return
	}
	// Every worker takes the next task when it has done one.
	rounds := (*f.Tasks + int64(len(hired)) - 1) / int64(len(hired))
	takes := float64(rounds) * perTask
	cost := hired.cost(time.Duration(min(takes, longest.Seconds()) * float64(time.Second)))
	f.Takes, f.Cost = &takes, &cost
}

func (f *Forecast) reject(o runner.Surveyed) {
	for i := range f.Rejected {
		if f.Rejected[i].Rule == o.Rule {
			f.Rejected[i].Count++
			return
		}
	}
	f.Rejected = append(f.Rejected, RuleCount{Rule: o.Rule, Count: 1, Why: o.Why})
}

// budgetEnd is the limit that is used up first.
func (f *Forecast) budgetEnd(hired fleet) *BudgetEnd {
	var first *BudgetEnd
	for _, l := range f.Budget {
		room := l.Amount
		if l.Spent != nil {
			room = room.Sub(*l.Spent)
		}
		after, ok := hired.lasts(room)
		if !ok || l.Window > 0 && after > l.Window {
			continue
		}
		if first == nil || after.Seconds() < first.After {
			first = &BudgetEnd{Limit: l.Limit, After: after.Seconds()}
		}
	}
	return first
}

// longest bounds what is reckoned with.
const longest = 100 * 365 * 24 * time.Hour

// A fleet is the workers that would be hired.
type fleet []worker

// A worker is one of them, with all its threads busy.
type worker struct {
	pricing golem.Pricing
	threads int
}

// cost of the fleet after some time.
func (f fleet) cost(d time.Duration) (sum golem.Amount) {
	for _, w := range f {
		sum = sum.Add(w.pricing.Estimate(d, w.threads))
	}
	return sum
}

// lasts is how long an amount pays for the fleet; false for ever.
func (f fleet) lasts(amount golem.Amount) (time.Duration, bool) {
	const hour = time.Hour
	start := f.cost(0)
	if len(f) == 0 {
		return 0, false
	}
	if amount.LessThan(start) || !amount.IsPositive() && f.cost(hour).IsPositive() {
		return 0, true
	}
	rate := f.cost(hour).Sub(start)
	if !rate.IsPositive() {
		return 0, false
	}
	seconds := amount.Sub(start).Mul(decimal.NewFromInt(int64(hour/time.Second))).DivRound(rate, 9)
	if seconds.GreaterThan(decimal.NewFromFloat(longest.Seconds())) {
		return 0, false
	}
	return time.Duration(seconds.InexactFloat64() * float64(time.Second)), true
}
