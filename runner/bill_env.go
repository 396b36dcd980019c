package runner

import (
	"context"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner/ledger"
	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
)

// Why a bill is refused that passed the audit.
const (
	noteUnwanted    = "debit_note.accept said no"
	invoiceUnwanted = "invoice.accept said no"
)

// wantsNote asks debit_note.accept about a note that passed the audit, and says
// why it is refused, or "".
func (r *runner) wantsNote(ctx context.Context, rev *revision, a state.Agreement, act state.Activity, note golem.DebitNote) (string, error) {
	billed := act
	if note.UsageCounterVector != nil {
		billed.Usage, billed.UsageAt = note.UsageCounterVector, earlier(note.Timestamp, r.Store.Now())
	}
	bill := policies.Bill{
		ID: string(note.DebitNoteID), Total: note.TotalAmountDue.InexactFloat64(), Accepted: act.Accepted.InexactFloat64(),
		Adds: ledger.NoteIncrement(note.TotalAmountDue, act.Accepted).InexactFloat64(),
		Age:  r.Store.Now().Sub(note.Timestamp),
	}
	seen := r.activityEnv(ctx, rev, a, act)
	env, err := r.billEnv(ctx, rev, a, bill, seen, []state.Activity{billed})
	if err != nil {
		return "", err
	}
	accept, f := rev.policies.AcceptDebitNote(policies.DebitNoteEnv{InvoiceEnv: env, Activity: seen.Activity})
	r.failure(ctx, f)
	return unwanted(accept, noteUnwanted, f), nil
}

// wantsInvoice asks invoice.accept about an invoice that passed the audit, and says
// why it is refused, or "".
func (r *runner) wantsInvoice(ctx context.Context, rev *revision, a state.Agreement, acts []state.Activity, inv golem.Invoice) (string, error) {
	bill := policies.Bill{
		ID: string(inv.InvoiceID), Total: inv.Amount.InexactFloat64(), Accepted: a.Accepted.InexactFloat64(),
		Adds: ledger.InvoiceIncrement(inv.Amount, a.Accepted).InexactFloat64(),
		Age:  r.Store.Now().Sub(inv.Timestamp),
	}
	env, err := r.billEnv(ctx, rev, a, bill, r.hiredEnv(ctx, rev, a), acts)
	if err != nil {
		return "", err
	}
	accept, f := rev.policies.AcceptInvoice(env)
	r.failure(ctx, f)
	return unwanted(accept, invoiceUnwanted, f), nil
}

// unwanted is why a policy refuses a bill, "" if it does not. One that gave no
// answer refuses too.
func unwanted(accept bool, why string, f *policies.Failure) string {
	switch {
	case f != nil:
		return f.Error()
	case !accept:
		return why
	}
	return ""
}

// billEnv is what a policy sees of a bill for some activities of an agreement.
func (r *runner) billEnv(
	ctx context.Context, rev *revision, a state.Agreement, bill policies.Bill, seen policies.ActivityEnv, acts []state.Activity,
) (policies.InvoiceEnv, error) {
	env := policies.InvoiceEnv{
		Bill: bill, Offer: seen.Offer, Provider: seen.Provider, Run: seen.Run, MaxPrice: seen.MaxPrice,
		Usage: UsageEnv(a.Pricing, acts), Audit: r.auditEnv(a, acts),
		Agreement: policies.Agreement{ID: string(a.ID), Accepted: a.Accepted.InexactFloat64()},
	}
	if !a.AgreedAt.IsZero() {
		env.Agreement.Age = r.Store.Now().Sub(a.AgreedAt)
	}
	var all []state.Activity
	err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.ActivitiesOf(a.Key)
		return err
	})
	if err != nil {
		return env, err
	}
	env.Agreement.Activities = len(all)
	for _, act := range all {
		env.Agreement.Results += act.Results
	}
	reserved, err := r.reservedFor(ctx, a.Key, keysOf(acts))
	if err != nil {
		return env, err
	}
	r.bookMu.Lock()
	defer r.bookMu.Unlock()
	env.Budget = policies.BudgetLeft{
		Room:  r.book.Room(r.Store.Now(), rev.budget(), reserved).InexactFloat64(),
		Spent: r.book.Total().InexactFloat64(), Reserved: reserved.InexactFloat64(),
	}
	return env, nil
}

// UsageEnv adds up what activities used, by the names of the counters.
func UsageEnv(p golem.Pricing, acts []state.Activity) policies.Usage {
	sums := map[string]float64{}
	for i, counter := range p.Vector {
		sums[counter] = 0
		for _, act := range acts {
			if i < len(act.Usage) {
				sums[counter] += act.Usage[i]
			}
		}
	}
	u := policies.Usage{
		CPUSec: sums[golem.UsageCPU], DurationSec: sums[golem.UsageDuration], Counters: make(map[string]any, len(sums)),
	}
	for counter, sum := range sums {
		u.Counters[counter] = sum
	}
	return u
}

// auditEnv is what we reckon is due for activities.
func (r *runner) auditEnv(a state.Agreement, acts []state.Activity) policies.Audit {
	joined := reconcile.Agreement{Agreement: a, Threads: threadsOf(a.Offer)}
	var expected, most golem.Amount
	for _, act := range acts {
		due := act.Billed
		if len(act.Usage) == len(a.Pricing.Vector) {
			if cost, err := a.Pricing.Cost(act.Usage); err == nil {
				due = cost
			}
		}
		expected = expected.Add(due)
		until := r.Store.Now()
		if !act.EndedAt.IsZero() {
			until = act.EndedAt
		}
		most = most.Add(joined.Meter(&reconcile.Activity{Activity: act}).Bound(until.Add(ledger.ClockSlack)))
	}
	return policies.Audit{Expected: expected.InexactFloat64(), Most: most.InexactFloat64()}
}
