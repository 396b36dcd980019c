package runner

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"tasks/golem"
	"tasks/runner/ledger"
	"tasks/runner/state"
	"tasks/runner/store"
)

// Settled is what Settle found and did.
type Settled struct {
	Accepted golem.Amount // by how much what was accepted rose, in GLM
	Invoices int          // of the run that are accepted by now
	Refused  int          // that the audit or the budget refused, or their providers withdrew
	Missing  int          // agreements whose invoice has not come
}

// Settle answers the invoices of a run that came while no process worked on it,
// within its audit and its budget as always. It does no work and hires nobody.
// The run must exist; the caller holds its lock.
func Settle(ctx context.Context, o Options) (Settled, error) {
	r := newRunner(o)
	run, err := r.known(ctx)
	if err != nil {
		return Settled{}, err
	}
	if run.ID == "" {
		return Settled{}, fmt.Errorf("settle run %s: %w", o.Run, store.ErrNotFound)
	}
	if err := r.connect(ctx); err != nil {
		return Settled{}, err
	}
	if err := r.load(ctx, run); err != nil {
		return Settled{}, err
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	r.effects = newEffects(ctx, &wg, r.nudge)
	r.market = newMarket(r)
	if err := r.look(ctx); err != nil {
		return Settled{}, err
	}
	before := r.spent()
	err = r.settle(ctx, run)
	s, countErr := r.countSettled(ctx)
	s.Accepted = r.spent().Sub(before)
	return s, errors.Join(err, countErr)
}

// settle answers what is open. What was set aside for it is released, unless
// the run is to go on and needs it.
func (r *runner) settle(ctx context.Context, run state.Run) error {
	if err := r.recoverAllocations(ctx); err != nil {
		return err
	}
	if err := r.recoverBills(ctx); err != nil {
		return err
	}
	if run.State == state.RunRunning {
		return nil
	}
	return r.releaseAllocations(ctx)
}

// lateNotes answers debit notes that came while no process worked on the run. The
// stream would bring them too, but an invoice may be decided about before that,
// and without its notes it can only be held against the clock.
func (r *runner) lateNotes(ctx context.Context) error {
	events, err := r.client.DebitNoteEvents(ctx, r.noteCursor, r.session, 0)
	if err != nil {
		return fmt.Errorf("list debit notes: %w", err)
	}
	for _, e := range events {
		if e.EventType != golem.EventDebitNoteReceived {
			continue
		}
		if !r.persist(ctx, "debit note", func() error { return r.debitNote(ctx, e.DebitNoteID) }) {
			return ctx.Err()
		}
	}
	return nil
}

// lateInvoices answers invoices of ended agreements that no event will bring:
// those that came after the run had stopped to wait for them. Without an end to
// an agreement there is none.
func (r *runner) lateInvoices(ctx context.Context) error {
	open, err := r.unsettled(ctx)
	if err != nil || len(open) == 0 {
		return err
	}
	ours := map[golem.AgreementID]bool{}
	since := open[0].CreatedAt
	for _, a := range open {
		ours[a.ID] = true
		if a.CreatedAt.Before(since) {
			since = a.CreatedAt
		}
	}
	all, err := r.client.Invoices(ctx, golem.NewTimestamp(since.Add(-ledger.ClockSlack)), 0)
	if err != nil {
		return fmt.Errorf("list invoices: %w", err)
	}
	for _, inv := range all {
		if !ours[inv.AgreementID] || inv.Status != golem.StatusReceived {
			continue
		}
		if !r.persist(ctx, "invoice", func() error { return r.invoice(ctx, inv.InvoiceID) }) {
			return ctx.Err()
		}
	}
	return nil
}

func (r *runner) unsettled(ctx context.Context) (open []state.Agreement, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) (err error) {
		open, err = tx.UnsettledAgreements(r.Run)
		return err
	})
	return open, err
}

// countSettled reads how the invoices of the run stand.
func (r *runner) countSettled(ctx context.Context) (s Settled, err error) {
	err = r.Store.View(ctx, func(tx *store.Tx) error {
		rolled, err := tx.Rolled(r.Run)
		if err != nil {
			return err
		}
		s.Invoices = int(rolled.Invoices)
		all, err := tx.Agreements(r.Run, false)
		for _, a := range all {
			switch {
			case a.InvoiceState == state.BillAccepted || a.InvoiceState == state.BillSettled:
				s.Invoices++
			case a.InvoiceState == state.BillRefused || a.InvoiceState == state.BillIgnored:
				s.Refused++
			case a.State == state.AgreementEnded:
				s.Missing++
			}
		}
		return err
	})
	return s, err
}
