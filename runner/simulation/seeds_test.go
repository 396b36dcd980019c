package simulation_test

import (
	"flag"
	"fmt"
	"testing"
)

var (
	seeds = flag.Int("seeds", 40, "how many worlds to simulate")
	from  = flag.Uint64("from", 1, "the seed of the first")
)

// TestSeeds simulates worlds.
func TestSeeds(t *testing.T) {
	n := *seeds
	if testing.Short() {
		n = min(n, 8)
	}
	for i := range n {
		seed := *from + uint64(i)
		t.Run(fmt.Sprint(seed), func(t *testing.T) { check(t, draw(seed)) })
	}
}

func check(t *testing.T, p plan) tally {
	t.Helper()
	got, found := simulate(t, p)
	t.Logf("%+v", got)
	for _, v := range found {
		t.Error(v)
	}
	if len(found) > 0 {
		t.Logf("go test ./runner/simulation -run TestSeeds -seeds 1 -from %d -v\ncrashes %v, pauses %v, stop at %s\nfaults %+v\n%s",
			p.seed, p.crashes, p.pauses, p.stopAt, p.faults, p.document)
	}
	return got
}
