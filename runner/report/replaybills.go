package report

import (
	"strings"
	"time"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner"
	"tasks/runner/state"
)

// A refusal is when a debit note would be refused, which ends its machine, and what
// had been accepted for that until then.
type refusal struct {
	at       time.Time
	accepted golem.Amount
	why      string
}

// bills asks the policies about every bill that they were asked about, or would have
// been.
func (r *replayer) bills() error {
	accepted := map[int64]golem.Amount{} // by activity, so far
	for _, b := range r.past.bills {
		was := b.State == state.BillAccepted || b.State == state.BillSettled || b.State == state.BillAccepting
		refused := b.State == state.BillRefused && strings.Contains(b.Reason, b.Kind+".accept")
		if !was && !refused {
			continue // the audit or the budget refused it, or it changed nothing
		}
		if _, over := r.refused[b.Activity]; over {
			continue // the machine would have been gone
		}
		before := accepted[b.Activity]
		if b.Kind == state.BillInvoice {
			before = r.past.agreements[b.Agreement].Accepted.Sub(b.Increment)
		}
		now, why := r.bill(b, before)
		if was && b.Activity != 0 {
			accepted[b.Activity] = before.Add(b.Increment)
		}
		if !now && b.Activity != 0 {
			r.refused[b.Activity] = refusal{b.SeenAt, before, why}
		}
		if was == now {
			continue
		}
		r.out.Bills = append(r.out.Bills, ReplayedBill{
			ID: b.ID, Kind: b.Kind, ProviderName: r.past.agreements[b.Agreement].ProviderName, Total: b.Total,
			WasAccepted: was, NowAccepted: now, Why: why,
		})
	}
	return nil
}

// bill asks about one, and says why it would be refused.
func (r *replayer) bill(b state.Bill, before golem.Amount) (accept bool, why string) {
	g := r.past.agreements[b.Agreement]
	hired := r.hiredEnv(b.Agreement, b.SeenAt)
	env := policies.InvoiceEnv{
		Bill: policies.Bill{
			ID: b.ID, Total: b.Total.InexactFloat64(), Accepted: before.InexactFloat64(), Adds: b.Total.Sub(before).InexactFloat64(),
		},
		Usage: runner.UsageEnv(g.Pricing, []state.Activity{{Usage: b.Usage}}),
		Offer: hired.Offer, Provider: hired.Provider, Run: hired.Run, MaxPrice: hired.MaxPrice,
		Agreement: policies.Agreement{ID: string(g.ID), Age: b.SeenAt.Sub(g.AgreedAt), Accepted: before.InexactFloat64()},
	}
	if !b.IssuedAt.IsZero() {
		env.Bill.Age = max(0, b.SeenAt.Sub(b.IssuedAt))
	}
	if cost, err := g.Pricing.Cost(b.Usage); err == nil {
		env.Audit = policies.Audit{Expected: cost.InexactFloat64(), Most: cost.InexactFloat64()}
	}
	env.Budget = r.room(hired.Run)
	seen := policies.DebitNoteEnv{InvoiceEnv: env}
	for _, a := range r.past.activities {
		if a.Agreement != b.Agreement || a.CreatedAt.After(b.SeenAt) {
			continue
		}
		end := a.EndedAt
		if end.IsZero() {
			end = r.past.end
		}
		work := r.activityEnv(a, b.SeenAt, r.past.costs(a, end)).Activity
		seen.Agreement.Activities++
		seen.Agreement.Results += work.Results
		if a.Key == b.Activity {
			seen.Activity = work
		}
	}
	var f *policies.Failure
	if b.Kind == state.BillInvoice {
		accept, f = r.set.AcceptInvoice(seen.InvoiceEnv)
	} else {
		accept, f = r.set.AcceptDebitNote(seen)
	}
	r.failed(f)
	return accept, r.set.WhyRefused(b.Kind, seen, accept, f)
}

// room is what the edited budget had left by what was spent.
func (r *replayer) room(run policies.Run) policies.BudgetLeft {
	left := policies.BudgetLeft{Spent: run.Spent}
	limits, f := r.set.Limits(run)
	r.failed(f)
	for i, l := range limits {
		spent := 0.0
		for _, s := range r.past.spends {
			if !s.At.After(run.Now) && (l.Window == 0 || s.At.After(run.Now.Add(-l.Window))) {
				spent += s.Amount.InexactFloat64()
			}
		}
		if room := l.Amount.InexactFloat64() - spent; i == 0 || room < left.Room {
			left.Room = room
		}
	}
	return left
}
