package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// garbage is how much may gather before it is collected. What lives in an
	// ordinary run is a tenth of that, so that collecting whenever as much again has
	// gathered, which is what Go does by itself, takes a tenth of the processor time.
	garbage = 64 << 20
	// mostGarbage bounds it, in percent of what lives.
	mostGarbage = 400
)

// A gatherer sets how much garbage may gather: less in proportion to what lives,
// the more that is, down to what Go does by itself.
type gatherer struct {
	live    [1]metrics.Sample
	percent int
}

// letGarbageGather has every collection decide when the next one is. GOGC in the
// environment is obeyed instead, if it is set.
func letGarbageGather() {
	if os.Getenv("GOGC") != "" {
		return
	}
	g := &gatherer{}
	g.live[0].Name = "/gc/heap/live:bytes"
	g.tune()
}

func (g *gatherer) tune() {
	metrics.Read(g.live[:])
	// In steps, because setting it stops the world.
	percent := gatherPercent(g.live[0].Value.Uint64()) / 50 * 50
	if percent != g.percent {
		g.percent = percent
		debug.SetGCPercent(percent)
	}
	// Nothing holds this, so the next collection finds it.
	runtime.AddCleanup(&struct{ p *int }{}, (*gatherer).tune, g)
}

// gatherPercent is GOGC for so many bytes that live.
func gatherPercent(live uint64) int {
	return int(min(mostGarbage, max(100, 100*garbage/max(1, live))))
}
