package report

import (
	"fmt"
	"slices"
	"time"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner"
	"tasks/runner/ledger"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

// A Replay is the records of a run, judged again by the policies of a document. Its
// JSON form is what `tasks policy replay -o json` prints; fields are only ever
// added to it.
type Replay struct {
	RunID   state.RunID   `json:"run_id"`
	Name    string        `json:"name"`
	Changes []spec.Change `json:"changes"` // from the document that the run went by last

	Offers   []ReplayedOffer `json:"offers"`    // would be hired first, best first
	WasHired int             `json:"was_hired"` // providers
	NowHired int             `json:"now_hired"` // of the offers, as many as were wanted

	Activities []ReplayedActivity `json:"activities"` // those that had a worker, in order
	Bills      []ReplayedBill     `json:"bills"`      // those about which the policies disagree
	Failures   ReplayedFailures   `json:"failures"`

	WasSpent   golem.Amount  `json:"was_spent"`
	NowSpent   golem.Amount  `json:"now_spent"` // had the same machines worked until they would be stopped
	WasResults int64         `json:"was_results"`
	NowResults int64         `json:"now_results"` // by the same machines until then
	BudgetEnds *ReplayedStop `json:"budget_ends"` // when the budget would have been used up; nil for never
	Errors     []string      `json:"errors"`      // how policies failed, each once
	Unknown    []string      `json:"unknown"`     // what a replay cannot say
}

// A ReplayedOffer is a recorded offer.
type ReplayedOffer struct {
	Provider     golem.NodeID `json:"provider"`
	ProviderName string       `json:"provider_name"`
	PricePerHour golem.Amount `json:"price_per_hour"`
	WasRule      string       `json:"was_rule"`  // what rejected it; "" for nothing
	WasScore     *float64     `json:"was_score"` // nil where it was rejected
	WasHired     bool         `json:"was_hired"` // its provider was
	NowRule      string       `json:"now_rule"`
	NowScore     *float64     `json:"now_score"`
	NowHired     bool         `json:"now_hired"` // it is among the best, as many as were wanted
	Why          string       `json:"why"`       // why it would be rejected: the expression and the values
}

// A ReplayedActivity is a recorded activity.
type ReplayedActivity struct {
	ID           golem.ActivityID `json:"id"`
	ProviderName string           `json:"provider_name"`
	WasLived     float64          `json:"was_lived"` // seconds
	WasCost      golem.Amount     `json:"was_cost"`
	WasResults   int              `json:"was_results"`
	WasReason    string           `json:"was_reason"` // why it ended
	Stopped      bool             `json:"stopped"`    // it would be, earlier than it ended
	NowLived     float64          `json:"now_lived"`
	NowCost      golem.Amount     `json:"now_cost"`
	NowResults   int              `json:"now_results"`
	Why          string           `json:"why"` // why it would be stopped
}

// A ReplayedBill is a recorded bill.
type ReplayedBill struct {
	ID           string       `json:"id"`
	Kind         string       `json:"kind"` // "debit_note" or "invoice"
	ProviderName string       `json:"provider_name"`
	Total        golem.Amount `json:"total"`
	WasAccepted  bool         `json:"was_accepted"`
	NowAccepted  bool         `json:"now_accepted"`
	Why          string       `json:"why"`
}

// ReplayedFailures are the attempts that failed.
type ReplayedFailures struct {
	Attempts   int   `json:"attempts"`
	WasGivenUp int   `json:"was_given_up"`
	NowGivenUp int   `json:"now_given_up"`
	Spared     int   `json:"spared"`       // failed attempts that would not be made, after their task was given up
	Again      []int `json:"again"`        // tasks that were given up and would be tried again
	GivenUp    []int `json:"given_up_too"` // tasks that were tried again and would be given up
}

// A ReplayedStop is a moment at which a limit would have been passed.
type ReplayedStop struct {
	Limit string  `json:"limit"`
	After float64 `json:"after"` // seconds from the beginning of the run
}

// A replayer judges the records of one run.
type replayer struct {
	tx   *store.Tx
	spec *spec.Spec
	set  *policies.Set
	out  *Replay
	past past
	seen map[string]bool // failures told of

	refused map[int64]refusal // the first debit note of an activity that would be refused
}

// ReplayRun judges the records of a run by a document that was compiled. The error
// wraps store.ErrNotFound where there is no such run.
func ReplayRun(tx *store.Tx, id state.RunID, s *spec.Spec, set *policies.Set) (Replay, error) {
	out := Replay{RunID: id, Offers: []ReplayedOffer{}, Activities: []ReplayedActivity{}, Bills: []ReplayedBill{}, Errors: []string{}}
	out.Failures = ReplayedFailures{Again: []int{}, GivenUp: []int{}}
	run, err := tx.Run(id)
	if err != nil {
		return out, err
	}
	edit, err := runner.Differences(tx, run, s, false)
	if err != nil {
		return out, err
	}
	out.Name, out.Changes = run.Name, edit.Changes
	r := &replayer{tx: tx, spec: s, set: set, out: &out, seen: map[string]bool{}, refused: map[int64]refusal{}}
	if r.past, err = readPast(tx, run); err != nil {
		return out, fmt.Errorf("read the past of run %s: %w", id, err)
	}
	for _, step := range []func() error{r.offers, r.bills, r.activities, r.failures} {
		if err := step(); err != nil {
			return out, fmt.Errorf("replay run %s: %w", id, err)
		}
	}
	r.budget()
	rolled, err := tx.Rolled(id)
	out.Unknown = unknowns(out, rolled)
	return out, err
}

// failed notes a policy that failed, once.
func (r *replayer) failed(f *policies.Failure) {
	if f != nil && !r.seen[f.Policy] {
		r.seen[f.Policy] = true
		r.out.Errors = append(r.out.Errors, f.Error())
	}
}

// budget finds when the limits would have been passed by what was spent.
func (r *replayer) budget() {
	book := ledger.NewBook(golem.Amount{}, nil)
	for _, s := range r.past.spends {
		limits, f := r.set.Limits(r.past.run(s.At))
		r.failed(f)
		windows := make([]ledger.Window, len(limits))
		for i, l := range limits {
			windows[i] = ledger.Window{Span: l.Window, Limit: l.Amount}
		}
		if w, blocked := book.Blocking(s.At, windows, golem.Amount{}, s.Amount); blocked {
			r.out.BudgetEnds = &ReplayedStop{Limit: w.String(), After: s.At.Sub(r.past.begin).Seconds()}
			return
		}
		book.Add(s)
	}
}

// unknowns are what a replay of these records cannot say.
func unknowns(out Replay, rolled store.Rolled) []string {
	list := []string{
		"what machines that were never hired would have done: their speed, their failures and their bills",
		"how the market would have answered: offers are as they were seen last, and a provider may refuse",
		"what task.result and emit would give, because the output of tasks that end well is not kept",
		"what was reserved at the time, and how many tasks were waiting: run.reserved and run.pending are 0 here",
	}
	if len(out.Activities) == 0 && out.WasSpent.IsPositive() {
		list = append(list, "the workers and bills of old, whose records were rolled up")
	}
	if len(out.Offers) == 0 {
		list = append(list, "offers: none are recorded, because the run is of an older version or others took their place")
	}
	if rolled.Any() {
		list = append(list, fmt.Sprintf("what is rolled up: %d activities, %d bills and %d attempts are not judged again",
			rolled.Activities, rolled.Bills, rolled.Attempts))
		if rolled.Attempts > 0 {
			list = append(list, "when the attempts that are rolled up ended: a worker that is left had their results from its beginning")
		}
	}
	if len(out.Failures.Again) > 0 {
		list = append(list, "how the tasks that would be tried again would have ended")
	}
	return list
}

// A past is the records of a run over time.
type past struct {
	record     state.Run
	begin, end time.Time
	spends     []ledger.Spend // in the order of time
	totals     []golem.Amount // spent after each of spends
	minutes    []store.Minute
	sums       []store.Minute           // of all activities, up to each of minutes
	ofActivity map[int64][]store.Minute // the sums of each activity
	activities []store.ActivityRow
	bills      []state.Bill
	agreements map[int64]state.Agreement
}

func readPast(tx *store.Tx, run state.Run) (p past, err error) {
	p = past{record: run, begin: run.CreatedAt, end: run.FinishedAt, agreements: map[int64]state.Agreement{}, ofActivity: map[int64][]store.Minute{}}
	if p.end.IsZero() {
		p.end = tx.Now()
	}
	if p.minutes, err = tx.Minutes(run.ID); err != nil {
		return p, err
	}
	if p.activities, err = tx.ActivityRows(run.ID); err != nil {
		return p, err
	}
	if p.bills, err = tx.Bills(run.ID); err != nil {
		return p, err
	}
	agreements, err := tx.Agreements(run.ID, false)
	for _, a := range agreements {
		p.agreements[a.Key] = a
	}
	for _, b := range p.bills {
		if b.Increment.IsPositive() {
			p.spends = append(p.spends, ledger.Spend{At: b.DecidedAt, Amount: b.Increment})
		}
	}
	slices.SortStableFunc(p.spends, func(a, b ledger.Spend) int { return a.At.Compare(b.At) })
	p.sum()
	return p, err
}

// sum adds up, so that a moment is found without going through all before it.
func (p *past) sum() {
	var spent golem.Amount
	for _, s := range p.spends {
		spent = spent.Add(s.Amount)
		p.totals = append(p.totals, spent)
	}
	for _, m := range p.minutes {
		p.sums = append(p.sums, added(p.sums, m))
		p.ofActivity[m.Activity] = append(p.ofActivity[m.Activity], added(p.ofActivity[m.Activity], m))
	}
}

func added(sums []store.Minute, m store.Minute) store.Minute {
	if n := len(sums); n > 0 {
		m.Done, m.Failed, m.Results = m.Done+sums[n-1].Done, m.Failed+sums[n-1].Failed, m.Results+sums[n-1].Results
	}
	return m
}

// until is the sum at a moment: what happened in a minute is known when it is over.
func until(sums []store.Minute, at time.Time) store.Minute {
	n, _ := slices.BinarySearchFunc(sums, at, func(m store.Minute, at time.Time) int {
		return m.At.Add(time.Minute).Compare(at.Add(1))
	})
	if n == 0 {
		return store.Minute{}
	}
	return sums[n-1]
}

// did is what an activity had done at a moment. What is rolled up of it counts from
// its beginning: it was before all that is left.
func (p *past) did(a store.ActivityRow, at time.Time) store.Minute {
	sums := p.ofActivity[a.Key]
	sum, all := until(sums, at), store.Minute{}
	if len(sums) > 0 {
		all = sums[len(sums)-1]
	}
	sum.Done += max(0, a.Batches-a.Failures-all.Done)
	sum.Failed += max(0, a.Failures-all.Failed)
	sum.Results += max(0, a.Results-all.Results)
	return sum
}

// run is what policies saw of the run at a moment, as far as that is known.
func (p *past) run(at time.Time) policies.Run {
	env := policies.Run{ID: string(p.record.ID), Name: p.record.Name, Age: at.Sub(p.begin), Now: at}
	var spent golem.Amount
	n, _ := slices.BinarySearchFunc(p.spends, at, func(s ledger.Spend, at time.Time) int { return s.At.Compare(at.Add(1)) })
	if n > 0 {
		spent = p.totals[n-1]
	}
	sum := until(p.sums, at)
	env.Done, env.Results = sum.Done, sum.Results
	for _, a := range p.activities {
		if !a.ReadyAt.IsZero() && !a.ReadyAt.After(at) && (a.EndedAt.IsZero() || a.EndedAt.After(at)) {
			env.Workers++
		}
	}
	env.Spent, env.CostPerResult = spent.InexactFloat64(), policies.CostPerResult(spent, env.Results)
	return env
}
