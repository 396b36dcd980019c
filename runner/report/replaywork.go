package report

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner"
	"tasks/runner/ledger"
	"tasks/runner/state"
	"tasks/runner/store"
)

// judgeEvery is how often activity.keep is asked again. The runner asks at each bill
// too, of which the next minute knows.
const judgeEvery = time.Minute

// activities asks activity.keep about every minute of every worker.
func (r *replayer) activities() error {
	money, err := r.tx.Totals(r.out.RunID)
	if err != nil {
		return err
	}
	counts, err := r.tx.Counts(r.out.RunID)
	if err != nil {
		return err
	}
	r.out.WasSpent, r.out.NowSpent = money.Accepted, money.Accepted
	r.out.WasResults, r.out.NowResults = counts.Results, counts.Results
	for _, a := range r.past.activities {
		if a.ReadyAt.IsZero() {
			continue
		}
		judged := r.activity(a)
		r.out.NowSpent = r.out.NowSpent.Sub(judged.WasCost.Sub(judged.NowCost))
		r.out.NowResults -= int64(judged.WasResults - judged.NowResults)
		r.out.Activities = append(r.out.Activities, judged)
	}
	return nil
}

// activity asks until one answer is no.
func (r *replayer) activity(a store.ActivityRow) ReplayedActivity {
	end := a.EndedAt
	if end.IsZero() {
		end = r.past.end
	}
	out := ReplayedActivity{
		ID: a.ID, ProviderName: a.ProviderName, WasLived: end.Sub(a.CreatedAt).Seconds(), WasCost: a.Cost(),
		WasResults: a.Results, WasReason: a.Reason,
	}
	out.NowLived, out.NowCost, out.NowResults = out.WasLived, out.WasCost, out.WasResults
	line := r.past.costs(a, end)
	if no, ok := r.refused[a.Key]; ok && no.at.Before(end) {
		end = no.at
		out.Stopped, out.NowLived, out.NowCost, out.Why = true, end.Sub(a.CreatedAt).Seconds(), no.accepted, no.why
		out.NowResults = r.past.did(a, end).Results
	}
	for at := a.ReadyAt.Add(judgeEvery); at.Before(end); at = at.Add(judgeEvery) {
		env := r.activityEnv(a, at, line)
		keep, f := r.set.Keep(env)
		r.failed(f)
		if keep {
			continue
		}
		out.Stopped, out.NowLived = true, at.Sub(a.CreatedAt).Seconds()
		out.NowCost, out.NowResults = line.at(at), env.Activity.Results
		out.Why = r.set.WhyNotKept(env)
		break
	}
	return out
}

// activityEnv is what a policy saw of a worker at a moment, as far as that is known.
func (r *replayer) activityEnv(a store.ActivityRow, at time.Time, line costLine) policies.ActivityEnv {
	env := r.hiredEnv(a.Agreement, at)
	cost := line.at(at)
	env.Activity = policies.Activity{ID: string(a.ID), Age: at.Sub(a.CreatedAt), State: string(state.ActivityReady), Cost: cost.InexactFloat64()}
	sum := r.past.did(a, at)
	env.Activity.Batches, env.Activity.Failures, env.Activity.Results = sum.Done+sum.Failed, sum.Failed, sum.Results
	env.Activity.CostPerResult = policies.CostPerResult(cost, env.Activity.Results)
	return env
}

// hiredEnv is what a policy saw of whom an agreement is with.
func (r *replayer) hiredEnv(agreement int64, at time.Time) policies.ActivityEnv {
	g := r.past.agreements[agreement]
	offer, _, err := policies.NewOffer(golem.Proposal{ProposalID: g.Proposal, IssuerID: g.Provider, Properties: g.Offer})
	if err != nil {
		offer.Provider = policies.ProviderRef{ID: string(g.Provider), Name: g.ProviderName}
	}
	run := r.past.run(at)
	return policies.ActivityEnv{
		Offer: offer, Run: run, MaxPrice: r.maxPrice(run),
		Provider: policies.Provider{ID: string(g.Provider), Name: g.ProviderName},
	}
}

// A costLine is what a worker had cost by when, as far as its bills say.
type costLine []ledger.Spend

// costs is what an activity was billed, by when; between bills its cost rises
// evenly.
func (p *past) costs(a store.ActivityRow, end time.Time) costLine {
	line := costLine{{At: a.CreatedAt}}
	for _, b := range p.bills {
		if b.Activity == a.Key && b.Kind == state.BillDebitNote && b.State != state.BillIgnored {
			at := b.IssuedAt
			if at.IsZero() || at.After(b.SeenAt) {
				at = b.SeenAt
			}
			line.add(at, b.Total)
		}
	}
	line.add(end, a.Cost())
	return line
}

// add continues the line, which never falls.
func (l *costLine) add(at time.Time, total golem.Amount) {
	last := (*l)[len(*l)-1]
	if at.After(last.At) && !total.LessThan(last.Amount) {
		*l = append(*l, ledger.Spend{At: at, Amount: total})
	}
}

// at is the cost at a moment.
func (l costLine) at(t time.Time) golem.Amount {
	for i := 1; i < len(l); i++ {
		if !t.Before(l[i].At) {
			continue
		}
		from, to := l[i-1], l[i]
		part := decimal.NewFromInt(int64(t.Sub(from.At))).DivRound(decimal.NewFromInt(int64(to.At.Sub(from.At))), 9)
		return from.Amount.Add(to.Amount.Sub(from.Amount).Mul(part)).Round(18)
	}
	return l[len(l)-1].Amount
}

// failures asks task.retry about every attempt that failed.
func (r *replayer) failures() error {
	const page = 200
	f := &r.out.Failures
	given := map[int64]bool{} // tasks that would have been given up
	providers := map[int64]map[golem.NodeID]bool{}
	for after := int64(0); ; {
		rows, err := r.tx.WrongAttempts(r.out.RunID, after, page)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			after = row.ID
			if row.State != state.AttemptFailed && row.Fault == state.FaultNone {
				continue // given back by us: no policy was asked
			}
			f.Attempts++
			if providers[row.Task] == nil {
				providers[row.Task] = map[golem.NodeID]bool{}
			}
			providers[row.Task][row.Provider] = true
			if err := r.failure(row, len(providers[row.Task]), given); err != nil {
				return err
			}
		}
	}
}

// failure asks about one.
func (r *replayer) failure(row store.LogRow, providers int, given map[int64]bool) error {
	task, err := r.tx.Task(row.Task)
	if err != nil {
		return err
	}
	item, err := runner.DecodeItem(row.Item)
	if err != nil {
		return fmt.Errorf("read item of task %d: %w", row.Task, err)
	}
	wasUp := task.State == state.TaskFailed && row.Number == task.Attempts
	f := &r.out.Failures
	if wasUp {
		f.WasGivenUp++
	}
	if given[row.Task] {
		f.Spared++
		return nil
	}
	again, failure := r.set.Retry(policies.AttemptEnv{
		Attempt: policies.Attempt{
			Number: row.Number, Fault: string(row.Fault), ExitCode: row.ExitCode, Message: row.Message,
			Stdout: string(row.Stdout), Stderr: string(row.Stderr), Duration: row.FinishedAt.Sub(row.StartedAt), Providers: providers,
		},
		Task: policies.Task{ID: row.Task, Stage: row.Stage, Item: item, Index: task.Index, Attempt: row.Number},
		Run:  r.past.run(row.FinishedAt), Provider: policies.Provider{ID: string(row.Provider), Name: row.ProviderName},
	})
	r.failed(failure)
	switch {
	case !again && !wasUp:
		f.GivenUp = append(f.GivenUp, int(row.Task))
	case again && wasUp:
		f.Again = append(f.Again, int(row.Task))
	}
	if !again {
		f.NowGivenUp++
		given[row.Task] = true
	}
	return nil
}
