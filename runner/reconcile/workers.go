package reconcile

import (
	"fmt"
	"slices"

	"tasks/golem"
	"tasks/runner/ledger"
	"tasks/runner/state"
)

// workers keeps the number of workers at what is wanted and has work: hires the
// best offers that the budget covers, lets go of the ones too many, and listens
// to the market only while somebody is missing.
func workers(v View, m *money) []Action {
	missing := Missing(v)
	if missing <= 0 {
		return append(release(v, tried(v)-missing), closeDemand(v)...)
	}
	out := openDemand(v)
	hired := 0
	blocked, least := "", golem.Amount{}
	for _, o := range offers(v) {
		if hired == missing {
			break
		}
		need := firstPeriod(o.Pricing, o.Threads, o.Interval)
		if !m.take(need) {
			blocked = fmt.Sprintf("the best offer left costs up to %s GLM until its first bill, and the budget has no room for it", ledger.Show(need))
			if least.IsZero() || need.LessThan(least) {
				least = need
			}
			continue
		}
		hired++
		out = append(out, Hire{Proposal: o.Proposal})
	}
	if hired == 0 && exhausted(v, m, blocked) {
		return []Action{exhaustedBy(v, least, why(blocked))}
	}
	return out
}

// Missing is how many workers there are too few; below zero, too many. One that
// all tasks left have failed on is to be replaced, so that they meet another
// provider: it stays until there is one.
func Missing(v View) int {
	if v.Ending.Active() || v.Pause != nil {
		return 0
	}
	return Wanted(v.Workers, v.Tasks) - Serving(v.Agreements) + tried(v)
}

// tried is how many workers are to be replaced.
func tried(v View) int {
	n := 0
	for i := range v.Agreements {
		if a := &v.Agreements[i]; Serves(a) && slices.Contains(v.TriedOn, a.Provider) {
			n++
		}
	}
	return n
}

// offers are those that may be hired: where tasks are to meet another provider,
// only such ones, unless nobody works at all.
func offers(v View) []Offer {
	if len(v.TriedOn) == 0 {
		return v.Offers
	}
	others := slices.DeleteFunc(slices.Clone(v.Offers), func(o Offer) bool { return slices.Contains(v.TriedOn, o.Provider) })
	if len(others) == 0 && Serving(v.Agreements) == 0 {
		return v.Offers
	}
	return others
}

// Wanted is how many workers are wanted and have something to do. While a stage
// waits for the last tasks of another, one at least is kept for it, and idle ones
// are not.
func Wanted(workers int, tasks Tasks) int {
	if tasks.More {
		return workers
	}
	todo := tasks.Outstanding()
	if tasks.Later {
		todo = max(todo, 1)
	}
	return int(min(int64(workers), todo))
}

// Serving is how many agreements serve as workers or are on their way.
func Serving(agreements []Agreement) int {
	n := 0
	for i := range agreements {
		if Serves(&agreements[i]) {
			n++
		}
	}
	return n
}

// Serves reports whether an agreement counts as a worker: live, not ending, and
// its activity not on its way out.
func Serves(a *Agreement) bool {
	if a.State.Done() || a.State == state.AgreementEnding {
		return false
	}
	act := a.Current()
	if act == nil {
		return whyNotAgain(a) == ""
	}
	return act.State != state.ActivityStopping && act.Draining == ""
}

// exhausted reports whether the budget is what ends the run: nobody works,
// nobody is on the way, and no offer fits into what is left.
func exhausted(v View, m *money, blocked string) bool {
	for i := range v.Agreements {
		if !v.Agreements[i].State.Done() {
			return false
		}
	}
	return blocked != "" || !v.Book.Room(v.Now, v.Windows, m.reserved).IsPositive()
}

func why(blocked string) string {
	if blocked == "" {
		return "the budget has nothing left"
	}
	return blocked
}

// release drains the n workers that are worth least, those to be replaced first and
// then the dearest: any of them when fewer are wanted, only idle ones when there is
// too little to do.
func release(v View, n int) []Action {
	reason, idleOnly := ReasonSurplus, false
	if Wanted(v.Workers, v.Tasks) < v.Workers {
		reason, idleOnly = ReasonNoTasks, true
	}
	type worker struct {
		*Activity
		replaced bool
	}
	var spare []worker
	for i := range v.Agreements {
		a := &v.Agreements[i]
		act := a.Current()
		if act == nil || !Serves(a) || a.Busy || act.Busy || act.State != state.ActivityReady {
			continue
		}
		if !idleOnly || !act.Attempt {
			spare = append(spare, worker{act, slices.Contains(v.TriedOn, a.Provider)})
		}
	}
	slices.SortStableFunc(spare, func(x, y worker) int {
		switch {
		case x.replaced && !y.replaced:
			return -1
		case y.replaced && !x.replaced:
			return 1
		}
		return y.Billed.Cmp(x.Billed)
	})
	var out []Action
	for _, w := range spare[:min(n, len(spare))] {
		why := reason
		if w.replaced {
			why = ReasonNoTasks + ": those left have failed here"
		}
		out = append(out, Drain{Activity: w.Key, Reason: why})
	}
	return out
}

func openDemand(v View) []Action {
	// A demand carries the decorations of an allocation, which must be there first.
	if v.DemandOpen || v.DemandBusy || v.Allocation == nil {
		return nil
	}
	return []Action{OpenDemand{}}
}

func closeDemand(v View) []Action {
	if !v.DemandOpen {
		return nil
	}
	return []Action{CloseDemand{}}
}
