package runner_test

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec/scenario"
)

// hundred is a run of a hundred tasks that are told apart by what they print,
// whoever does them. A result that is not such a print is not one.
const hundred = `
name: hundred
payload: golem/alpine:latest
workers: 4
budget: 100/h
tasks:
  from: {range: [1, 100]}
  run: [work, "${{ task.item }}"]
  timeout: 3m
policies:
  offer: {score: -offer.price.hour}
  task:
    retry: true
`

// worker prints the number of its task in a form with a check, after ten seconds
// of work.
func worker(run golem.Run, p devnet.Provider) devnet.Reply {
	wall := time.Duration(10 / cmp.Or(p.Speed, 1) * float64(time.Second))
	return devnet.Reply{Stdout: "done " + strings.Join(run.Args, " ") + "\n", Wall: wall, CPU: wall / 2}
}

// scenarios are the files of examples/scenarios, with what cannot be as it should.
var scenarios = map[string]struct {
	untrue   bool // results may be false
	vanished bool // the agreement of a provider that is away cannot be ended
	also     func(*world, state.RunID)
	short    bool // run with -short too, for the race detector
}{
	"honest":          {},
	"shy":             {},
	"broken-machines": {vanished: true},
	"thieves":         {also: (*world).checkThieves, short: true},
	"paperwork":       {},
	"liars":           {untrue: true, also: (*world).checkLies},
	"tired":           {},
	"flaky-daemon":    {short: true},
	"lost-answers":    {},
	"restarts":        {},
	"benchmark":       {},
	"bazaar":          {},
	"weather":         {vanished: true},
}

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("../examples/scenarios/*.yaml")
	if err != nil || len(files) != len(scenarios) {
		t.Fatalf("%d scenarios for %d tests, %v", len(files), len(scenarios), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		want, known := scenarios[name]
		if !known {
			t.Fatalf("%s has no test: say what is special about it", file)
		}
		t.Run(name, func(t *testing.T) {
			if testing.Short() && !want.short {
				t.Skip("-short runs two of the scenarios")
			}
			s, list, err := scenario.Load(file, scenario.Overrides{})
			if err != nil || len(list) > 0 {
				t.Fatal(err, list)
			}
			server := &devnet.Server{}
			s.Apply(server)
			server.Runtime = devnet.Instant(worker) // a scenario's own may do something else
			inWorld(t, server, func(w *world) {
				began := time.Now()
				w.mustRun(state.RunID(name), hundred, state.RunDone)
				t.Logf("took %v, accepted %s GLM", time.Since(began).Round(time.Second), server.Inspect().Accepted)
				w.checkResults(state.RunID(name), want.untrue)
				w.checkAudit()
				w.checkEnd(state.RunID(name), want.vanished)
				if want.also != nil {
					want.also(w, state.RunID(name))
				}
			})
		})
	}
}

// checkResults demands one result of every task, and that it is the task's, unless
// providers change them.
func (w *world) checkResults(id state.RunID, untrue bool) {
	w.t.Helper()
	values := w.values(id)
	if len(values) != 100 {
		w.t.Errorf("%d results of 100 tasks", len(values))
	}
	if untrue {
		return
	}
	var want []string
	for i := range 100 {
		want = append(want, fmt.Sprintf(`"done %d"`, i+1))
	}
	slices.Sort(want)
	slices.Sort(values)
	if !slices.Equal(want, values) {
		w.t.Errorf("results: %v", values)
	}
}

// checkEnd is checkBooks for a world in which some things cannot be ended.
func (w *world) checkEnd(id state.RunID, vanished bool) {
	w.t.Helper()
	snap := w.srv.Inspect()
	if len(snap.Allocations) > 0 || snap.Demands > 0 || len(snap.Live) > 0 && !vanished {
		w.t.Errorf("left at the devnet: activities %v, %d demands, allocations %v", snap.Live, snap.Demands, snap.Allocations)
	}
	for _, a := range snap.Agreements {
		if !a.State.Done() && a.State != golem.AgreementProposal && !vanished {
			w.t.Errorf("agreement with %s is %s", a.ProviderName, a.State)
		}
	}
	w.view(func(tx *store.Tx) error {
		money, err := tx.Totals(id)
		if !money.Accepted.Equal(snap.Accepted) {
			w.t.Errorf("we accepted %s, the devnet was told %s", money.Accepted, snap.Accepted)
		}
		return err
	})
}

// checkAudit demands that nothing was accepted above the agreed price of what was
// used, for any activity.
func (w *world) checkAudit() {
	w.t.Helper()
	for _, g := range w.srv.Inspect().Agreements {
		if g.Accepted.GreaterThan(g.Earned) {
			w.t.Errorf("accepted %s GLM of %s, and %s were earned", g.Accepted, g.ProviderName, g.Earned)
		}
	}
}

// checkThieves demands that nobody who bills too much gets anything, and that all
// of them are found out: they are the cheapest.
func (w *world) checkThieves(id state.RunID) {
	w.t.Helper()
	reasons := w.reasons(id)
	for _, name := range []string{"thief", "cheat", "nagger", "eager", "turncoat"} {
		if !strings.HasPrefix(reasons[name], "bill refused: ") {
			w.t.Errorf("%s ended with %q, want a refused bill", name, reasons[name])
		}
	}
	for _, g := range w.srv.Inspect().Agreements {
		if (g.ProviderName == "thief" || g.ProviderName == "cheat") && g.Accepted.IsPositive() {
			w.t.Errorf("accepted %s GLM of %s", g.Accepted, g.ProviderName)
		}
	}
}

// checkLies demands that the scenario does what it says.
func (w *world) checkLies(id state.RunID) {
	w.t.Helper()
	cut, changed := 0, 0
	for _, v := range w.values(id) {
		switch {
		case v == `"done"`:
			cut++
		case strings.HasPrefix(v, `"eone `):
			changed++
		}
	}
	if cut == 0 || changed == 0 {
		w.t.Errorf("%d results are cut and %d changed, want some of both", cut, changed)
	}
}
