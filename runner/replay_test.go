package runner_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tasks/golem/devnet"
	"tasks/policies"
	"tasks/runner/report"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

const replayed = `
name: replayed
payload: golem/alpine:latest
workers: 2
budget: 5/h
golem: {debit_note_interval: 60s}
tasks: {from: {range: [1, 10]}, steps: [{run: [sleep, 150s]}, {run: ["${{ task.item == 3 ? 'fail' : 'echo' }}"]}]}
policies:
  offer: {accept: offer.cpu.threads >= 3, score: -offer.price.hour}
  task: {retry: attempt.number < 3}
`

// replay judges the records of a run by an edited document.
func (w *world) replay(id state.RunID, document string) (r report.Replay) {
	w.t.Helper()
	s, list := spec.Parse("run.yaml", []byte(document), "/", spec.Overrides{})
	set, more := policies.Compile(s)
	if err := append(list, more...).Err(); err != nil {
		w.t.Fatal(err)
	}
	w.view(func(tx *store.Tx) (err error) {
		r, err = report.ReplayRun(tx, id, s, set)
		return err
	})
	return r
}

func TestReplay(t *testing.T) {
	edited := func(old, new string) string {
		if strings.Count(replayed, old) != 1 {
			t.Fatalf("%q is not once in the document", old)
		}
		return strings.Replace(replayed, old, new, 1)
	}
	inWorld(t, &devnet.Server{Seed: 18}, func(w *world) {
		w.mustRun("r", replayed, state.RunFailed)

		t.Run("the same policies change nothing", func(t *testing.T) {
			r := w.replay("r", replayed)
			if len(r.Changes)+len(r.Bills)+len(r.Errors) > 0 || r.BudgetEnds != nil {
				t.Errorf("replay %+v", r)
			}
			if !r.NowSpent.Equal(r.WasSpent) || !r.WasSpent.IsPositive() || r.NowResults != 9 || r.WasResults != 9 {
				t.Errorf("spent %s for %d, now %s for %d", r.WasSpent, r.WasResults, r.NowSpent, r.NowResults)
			}
			if f := r.Failures; f.Attempts != 3 || f.WasGivenUp != 1 || f.NowGivenUp != 1 || f.Spared+len(f.Again)+len(f.GivenUp) != 0 {
				t.Errorf("failures %+v", f)
			}
			for _, o := range r.Offers {
				if o.WasRule != o.NowRule || (o.WasScore == nil) != (o.NowScore == nil) || o.WasScore != nil && *o.WasScore != *o.NowScore {
					t.Errorf("offer %+v", o)
				}
			}
			if len(r.Offers) != 12 || r.NowHired < 2 || len(r.Unknown) == 0 {
				t.Errorf("%d offers, %d hired, %q", len(r.Offers), r.NowHired, r.Unknown)
			}
		})
		t.Run("another rule lets others in", func(t *testing.T) {
			r := w.replay("r", edited("offer.cpu.threads >= 3, score: -offer.price.hour", "true, score: offer.price.hour"))
			for i, o := range r.Offers {
				if o.NowRule != "" || o.NowHired != (i < r.NowHired) || i > 0 && *o.NowScore > *r.Offers[i-1].NowScore {
					t.Errorf("offer %d: %+v", i, o)
				}
			}
		})
		t.Run("workers are stopped", func(t *testing.T) {
			r := w.replay("r", edited("policies:", "policies:\n  activity: {keep: 'activity.age < duration(\"5m\")'}"))
			if !r.NowSpent.LessThan(r.WasSpent) || !r.NowSpent.IsPositive() || r.NowResults >= 9 || r.NowResults == 0 {
				t.Errorf("now %s for %d", r.NowSpent, r.NowResults)
			}
			for _, a := range r.Activities {
				if a.WasLived > 400 && (!a.Stopped || a.NowLived < 300 || a.NowLived > 400 || !strings.Contains(a.Why, "gives false where activity.age = ")) {
					t.Errorf("activity %+v", a)
				}
			}
		})
		t.Run("a bill is refused", func(t *testing.T) {
			r := w.replay("r", edited("policies:", "policies:\n  debit_note: {accept: bill.total < 0.01}"))
			if len(r.Bills) == 0 || r.Bills[0].NowAccepted || !r.Bills[0].WasAccepted || !strings.Contains(r.Bills[0].Why, "where bill.total = ") {
				t.Errorf("bills %+v", r.Bills)
			}
			if !r.NowSpent.LessThan(r.WasSpent) {
				t.Errorf("now %s", r.NowSpent)
			}
		})
		t.Run("a task is given up earlier, or later", func(t *testing.T) {
			r := w.replay("r", edited("attempt.number < 3", "attempt.number < 2"))
			if f := r.Failures; f.Spared != 1 || f.NowGivenUp != 1 || len(f.GivenUp) != 1 {
				t.Errorf("failures %+v", f)
			}
			r = w.replay("r", edited("attempt.number < 3", "attempt.number < 5"))
			if f := r.Failures; len(f.Again) != 1 || f.NowGivenUp != 0 {
				t.Errorf("failures %+v", f)
			}
		})
		t.Run("the budget would have ended", func(t *testing.T) {
			r := w.replay("r", edited("budget: 5/h", "budget: 0.01/h"))
			if r.BudgetEnds == nil || r.BudgetEnds.Limit != "0.01/h" || r.BudgetEnds.After <= 0 {
				t.Errorf("ends %+v", r.BudgetEnds)
			}
		})
		t.Run("a policy that fails is told of once", func(t *testing.T) {
			r := w.replay("r", edited("score: -offer.price.hour", "score: 1 / (offer.memory - offer.memory)"))
			if len(r.Errors) != 1 || !strings.Contains(r.Errors[0], "offer.score") || r.NowHired != 0 {
				t.Errorf("errors %q", r.Errors)
			}
		})
	})
}

// A replay of what is rolled up says what is gone, and holds nothing against the
// workers that are left.
func TestReplayOfWhatIsRolledUp(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 31}, func(w *world) {
		w.leaveAfter(150*time.Second, "filed", few)
		rolled, _ := w.rolled("filed")
		if rolled.Attempts == 0 {
			t.Fatal("nothing is rolled up")
		}
		r := w.replay("filed", few+"policies: {activity: {keep: 'activity.age < duration(\"60s\") || activity.results > 0'}}\n")
		for _, a := range r.Activities {
			if a.Stopped && a.WasResults > 0 {
				t.Errorf("stopped %+v", a)
			}
		}
		said := strings.Join(r.Unknown, "\n")
		for _, want := range []string{fmt.Sprintf("%d attempts are not judged again", rolled.Attempts), "had their results from its beginning"} {
			if !strings.Contains(said, want) {
				t.Errorf("unknown is %q, without %q", said, want)
			}
		}
	})
}
