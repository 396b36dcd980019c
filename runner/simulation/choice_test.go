package simulation_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/runner"
	"tasks/spec/scenario"
)

var (
	choiceTasks   = flag.Int("choice-tasks", 3000, "how many tasks of a second TestChoice has done")
	choiceWorkers = flag.Int("choice-workers", 3, "by how many workers")
	choiceSeeds   = flag.Int("choice-seeds", 1, "on how many markets")
)

// bazaar is a market on which prices say nothing about speed.
const bazaar = "../../examples/scenarios/bazaar.yaml"

// A rule is a way to choose offers.
type rule struct{ name, policies string }

const firstCome = "first come"

// The rules that are compared. The first is ours.
var rules = []rule{
	{"default", ``},
	{"cheapest hour", `{offer: {score: -offer.price.hour}, activity: {keep: true}}`},
	{"prototype", `{offer: {score: 1 - (offer.price.cpu_sec + offer.price.duration_sec)}, activity: {keep: true}}`},
	// golem-js takes proposals[0], the first that answered, and stays with it.
	{firstCome, `{offer: {score: 0}, activity: {keep: true}}`},
}

// A deal is what a run came to.
type deal struct {
	glm   float64
	took  time.Duration
	tried int // providers
}

// TestChoice has the same tasks done on the same markets by each of the rules, and
// shows what that costs. The default costs less than the others by a margin, and
// takes no longer than those that choose.
func TestChoice(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of tasks, once for each rule")
	}
	all := make([][]deal, len(rules))
	for seed := range uint64(*choiceSeeds) {
		for i, r := range rules {
			d := choose(t, seed+1, r)
			all[i] = append(all[i], d)
			showChoice(fmt.Sprintf("market %d", seed+1), r, d)
		}
	}
	ours := median(all[0])
	cost, took := choiceMargins()
	for i, r := range rules {
		d := median(all[i])
		showChoice("median", r, d)
		// Who comes first may be fast by luck.
		slower := float64(ours.took) > took*float64(d.took) && r.name != firstCome
		if i > 0 && (ours.glm > cost*d.glm || slower) {
			t.Errorf("the default costs %.4f GLM in %v, %s %.4f GLM in %v", ours.glm, ours.took, r.name, d.glm, d.took)
		}
	}
}

// choiceMargins are what share of the cost, and of the time, of the other rules the
// default may take. On a single market, and in a short run, there is luck in it.
func choiceMargins() (cost, took float64) {
	if *choiceSeeds == 1 {
		return 0.95, 1.5
	}
	return 0.7, 1
}

// showChoice prints a line of the table.
func showChoice(what string, r rule, d deal) {
	if *choiceSeeds == 1 {
		return // nobody waits for it
	}
	fmt.Fprintf(os.Stderr, "%-10s %-14s %8.4f GLM %6.2f h %9.3g GLM a result %4d providers\n",
		what, r.name, d.glm, d.took.Hours(), d.glm/float64(*choiceTasks), d.tried)
}

func median(deals []deal) (m deal) {
	by := func(f func(deal) float64) float64 {
		var all []float64
		for _, d := range deals {
			all = append(all, f(d))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	m.glm = by(func(d deal) float64 { return d.glm })
	m.took = time.Duration(by(func(d deal) float64 { return float64(d.took) }))
	m.tried = int(by(func(d deal) float64 { return float64(d.tried) }))
	return m
}

// choose has the tasks done on the market of a seed.
func choose(t *testing.T, seed uint64, r rule) (d deal) {
	t.Helper()
	dir := t.TempDir()
	market, list, err := scenario.Load(bazaar, scenario.Overrides{Seed: &seed})
	if err != nil || len(list) > 0 {
		t.Fatal(err, list)
	}
	document := fmt.Sprintf(`
name: choice
payload: golem/alpine:latest
workers: %d
budget: 1000/h
tasks:
  from: {range: [1, %d]}
  run: work
  timeout: 10m
`, *choiceWorkers, *choiceTasks)
	if r.policies != "" {
		document += "policies: " + r.policies + "\n"
	}
	synctest.Test(t, func(t *testing.T) {
		server := &devnet.Server{}
		market.Apply(server)
		defer server.Close()
		w := &world{plan: plan{seed: seed, document: document}, witness: newWitness(server), dir: dir, dsn: filepath.Join(dir, "tasks.db"), server: server, log: logOf(t)}
		o, err := w.options(newMortal(context.Background(), crash{}))
		if err != nil {
			t.Fatal(err)
		}
		defer o.Store.Close()
		began := time.Now()
		if _, err := runner.Run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		d.took = time.Since(began)
		seen := server.Inspect()
		d.glm, _ = seen.Accepted.Float64()
		met := map[golem.NodeID]bool{}
		for _, a := range seen.Agreements {
			met[a.Provider] = true
		}
		d.tried = len(met)
	})
	return d
}
