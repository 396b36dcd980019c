package simulation_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

var (
	seeds = flag.Int("seeds", 40, "how many worlds to simulate")
	from  = flag.Uint64("from", 1, "the seed of the first")
)

// TestSeeds simulates worlds. Many of them show how far they are, and what has
// failed so far.
func TestSeeds(t *testing.T) {
	n := *seeds
	if testing.Short() {
		n = min(n, 8)
	}
	var all tally
	var failed []uint64
	for i := range n {
		seed := *from + uint64(i)
		passed := t.Run(fmt.Sprint(seed), func(t *testing.T) { all = all.plus(check(t, drawMore(seed))) })
		if !passed {
			failed = append(failed, seed)
		}
		if done := i + 1; n > showFrom && (done%showEvery == 0 || done == n) {
			fmt.Fprintf(os.Stderr, "%d of %d seeds, %d failed: %s\n", done, n, len(failed), all)
		}
	}
	for _, seed := range failed {
		fmt.Fprintf(os.Stderr, "seed %d failed; alone: make simulate SEEDS=1 FROM=%[1]d\n", seed)
	}
}

const (
	showFrom  = 99 // with so few seeds or fewer nothing is shown on the way
	showEvery = 100
)

// check simulates one world and demands that every invariant holds in it.
func check(t *testing.T, p plan) tally {
	t.Helper()
	got, found := simulate(t, p)
	t.Logf("%s: %s", got.state, got)
	for _, v := range found {
		t.Error(v)
		fmt.Fprintf(os.Stderr, "%s: %s\n", t.Name(), v)
	}
	if len(found) > 0 {
		t.Logf("crashes %v, pauses %v, stop at %s\nfaults %+v\n%s", p.crashes, p.pauses, p.stopAt, p.faults, p.document)
	}
	return got
}
