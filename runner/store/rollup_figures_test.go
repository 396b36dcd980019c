package store_test

import (
	"context"
	"math"
	"time"

	"pgregory.net/rapid"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

// figures are all that a run is known by when its rows are gone.
type figures struct {
	Counts      map[string]state.Counts
	Money       store.Money
	Spent       golem.Amount // by the bills
	Accepted    golem.Amount // by the agreements
	Cost        golem.Amount // of the activities
	Results     int64
	Batches     int64
	Failures    int64
	Invoices    int64
	Providers   []state.Provider
	Histories   map[golem.NodeID][]float64
	Notes       map[int64]int
	Highest     map[int64]string
	Tried       map[int64]store.Blame // by task
	MeanTask    time.Duration
	TimedTries  int64
	LastAttempt int64
}

func (w *model) figures(t *rapid.T, s *store.Store) figures {
	f := figures{Notes: map[int64]int{}, Highest: map[int64]string{}, Tried: map[int64]store.Blame{}}
	err := s.View(context.Background(), func(tx *store.Tx) (err error) {
		rolled, err := tx.Rolled(w.run)
		must(t, err)
		f.Counts, err = tx.StageCounts(w.run)
		must(t, err)
		f.Money, err = tx.Totals(w.run)
		must(t, err)
		spends, err := tx.Spends(w.run, time.Time{})
		must(t, err)
		for _, each := range spends {
			f.Spent = f.Spent.Add(each.Amount)
		}
		agreements, err := tx.Agreements(w.run, false)
		must(t, err)
		f.Accepted, f.Invoices = rolled.Accepted, rolled.Invoices
		for _, a := range agreements {
			f.Accepted = f.Accepted.Add(a.Accepted)
			if a.InvoiceState == state.BillAccepted {
				f.Invoices++
			}
		}
		f.Cost, f.Batches, f.Failures = rolled.Cost, rolled.Batches, rolled.Failures
		acts, err := tx.Activities(w.run, false)
		must(t, err)
		for _, a := range acts {
			f.Cost, f.Batches, f.Failures = f.Cost.Add(a.Cost()), f.Batches+int64(a.Batches), f.Failures+int64(a.Failures)
			if !a.State.Done() {
				n, highest, err := tx.NotesBefore(a.Key, "")
				must(t, err)
				f.Notes[a.Key], f.Highest[a.Key] = n, highest.ID+" "+highest.Total.String()
			}
		}
		results, err := tx.Results(w.run, 0, 1<<20)
		must(t, err)
		f.Results = rolled.Results + int64(len(results))
		for i, r := range results {
			if r.Seq != rolled.Results+int64(i)+1 {
				t.Errorf("result %d comes after %d", r.Seq, rolled.Results+int64(i))
			}
		}
		f.Providers, err = tx.Providers(w.run)
		must(t, err)
		for i := range f.Providers {
			f.Providers[i].LastFailure = time.Time{}
		}
		histories, err := tx.Histories(state.Work{Name: "yacat"})
		must(t, err)
		f.Histories = map[golem.NodeID][]float64{}
		for _, h := range histories {
			for _, n := range []float64{h.Tasks, h.Faults, h.Own, h.Timeouts, h.Results, h.Cost} {
				f.Histories[h.Provider] = append(f.Histories[h.Provider], math.Round(n*1000)/1000) // it fades a little meanwhile
			}
		}
		for _, id := range w.pending {
			f.Tried[id], err = tx.Blame(id, "0x9", state.FaultTimeout)
			must(t, err)
		}
		_, f.TimedTries, err = tx.TaskTime("yacat")
		return err
	})
	must(t, err)
	return f
}
