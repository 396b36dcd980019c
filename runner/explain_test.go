package runner_test

import (
	"strings"
	"testing"

	"tasks/golem/devnet"
	"tasks/policies"
	"tasks/runner/report"
	"tasks/runner/state"
	"tasks/runner/store"
)

// Rejections are one row a rule, with the cheapest as the example; every hire has
// its reason.
func TestDecisionsAreKept(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 18}, func(w *world) {
		w.mustRun("picky", picky, state.RunDone)
		w.view(func(tx *store.Tx) error {
			rejected, err := tx.Rejections("picky", 1)
			if err != nil {
				return err
			}
			rules := map[string]state.Rejection{}
			for _, r := range rejected {
				rules[r.Rule] = r
			}
			few := 0
			least := devnet.Provider{}
			for _, p := range devnet.DrawProviders(18, 12) {
				if p.Threads < 3 {
					few, least = few+1, p
				}
			}
			got := rules[policies.PolicyAccept]
			if len(rejected) != 2 || few == 0 || got.Count < int64(few) || !strings.Contains(got.Why, "gives false where offer.cpu.threads = ") {
				t.Errorf("rejections %+v; want two rules, and %d or more by offer.accept such as %s", rejected, few, least.Name)
			}
			if why := rules[policies.PolicyScore].Why; !strings.Contains(why, "gives nil where offer.price.hour = 0.") {
				t.Errorf("offer.score rejects for %q", why)
			}
			agreements, err := tx.Agreements("picky", false)
			if err != nil {
				return err
			}
			for _, a := range agreements {
				chosen, err := tx.Choices("picky", a.Provider, 5)
				if err != nil || len(chosen) == 0 || !strings.Contains(chosen[0].Note, "offer.score: ") {
					t.Errorf("why %s was hired: %v, %v", a.ProviderName, chosen, err)
				}
			}
			return nil
		})
	})
}

// Explain says what would have let offers in, and by which values a worker was let
// go.
func TestExplainSaysWhatWouldHelp(t *testing.T) {
	document := strings.Replace(replayed, "policies:", "policies:\n  activity: {keep: 'activity.age < duration(\"5m\")'}", 1)
	inWorld(t, &devnet.Server{Seed: 18}, func(w *world) {
		w.mustRun("e", document, state.RunFailed)
		w.view(func(tx *store.Tx) error {
			rev, err := tx.Revision("e", 1)
			if err != nil {
				return err
			}
			plan, err := report.NewPlan(rev)
			if err != nil {
				return err
			}
			e, err := report.Explain(tx, "e", report.Options{Plan: plan}, report.About{})
			if err != nil {
				return err
			}
			if len(e.Relaxed) != 1 || e.Relaxed[0].Part != "offer.cpu.threads >= 3" || e.Relaxed[0].Instead != "offer.cpu.threads >= 2" || e.Relaxed[0].Lets == 0 {
				t.Errorf("relaxed %+v", e.Relaxed)
			}
			told := 0
			for _, end := range e.Ended {
				if strings.Contains(end.Policy, `activity.age < duration("5m"): gives false where activity.age = `) {
					told++
				}
			}
			if told == 0 {
				t.Errorf("ended %+v", e.Ended)
			}
			return nil
		})
	})
}

// Explain says what the limits came to when the budget made a run wait, and what
// task.retry saw.
func TestExplainSaysWhatPoliciesSaw(t *testing.T) {
	document := strings.NewReplacer("budget: 5/h", "budget: '(run.results * 0 + 0.000001)/h'", "attempt.number < 3", "attempt.number < 2").Replace(replayed)
	inWorld(t, &devnet.Server{Seed: 18}, func(w *world) {
		w.mustRun("e", document, state.RunExhausted)
		w.mustRun("f", strings.Replace(replayed, "attempt.number < 3", "attempt.number < 2", 1), state.RunFailed)
		explain := func(tx *store.Tx, id state.RunID, about report.About) report.Explanation {
			e, err := report.Explain(tx, id, report.Options{}, about)
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		w.view(func(tx *store.Tx) error {
			want := "0.000001/h: 0 spent, 0 reserved, 0.000001 left (budget: (run.results * 0 + 0.000001): gives 0.000001 where run.results = 0)"
			if got := explain(tx, "e", report.About{}).Budget; got != want {
				t.Errorf("budget %q, want %q", got, want)
			}
			failed := explain(tx, "f", report.About{}).Tasks
			if len(failed) != 1 || failed[0].Policy != "task.retry: attempt.number < 2: gives false where attempt.number = 2" {
				t.Errorf("tasks %+v", failed)
			}
			one := explain(tx, "f", report.About{Task: failed[0].Task})
			if !strings.HasSuffix(one.Standing, " was given up after 2 tries") {
				t.Errorf("standing %q", one.Standing)
			}
			return nil
		})
	})
}
