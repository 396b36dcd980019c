package simulation_test

import (
	"math/rand/v2"
	"strings"
	"time"

	"tasks/golem/devnet"
)

// drawMore adds what worlds did not have at first. It draws from a source of its
// own, so that the worlds of TestFound stay what they were.
func drawMore(seed uint64) plan {
	p := draw(seed)
	r := rand.New(rand.NewPCG(seed, 0x0e72))
	p.drawPausing(r)
	p.drawRefusals(r)
	if !p.fair && chance(r, 0.25) {
		p.drawRestarts(r)
	}
	if chance(r, 0.3) {
		p.share(pick(r, "2", "5", "auto"))
	}
	p.drawEdits(seed)
	return p
}

// drawPausing lets a run wait for its budget. Only somebody's Ctrl-C ends such a
// run, after the hour that lets it go on once.
func (p *plan) drawPausing(r *rand.Rand) {
	if !p.tight || !chance(r, 0.4) {
		return
	}
	p.document = strings.Replace(p.document, "budget: {", "budget: {when_exhausted: pause, ", 1)
	if p.stopAt > 5*time.Minute {
		p.stopAt = between(r, time.Hour, 2*time.Hour)
	}
}

// drawRefusals lets the user refuse bills that are in order.
func (p *plan) drawRefusals(r *rand.Rand) {
	refuse := func(policy, rule string) {
		p.choosy = true
		p.document += "  " + policy + ": {accept: '" + rule + "'}\n"
	}
	if chance(r, 0.1) {
		refuse("debit_note", pick(r, "bill.total < 0.0005", "usage.duration_sec < 60", "1 / 0 > 1"))
	}
	if chance(r, 0.1) {
		refuse("invoice", pick(r, "bill.total < 0.0005", "false"))
	}
}

// drawRestarts lets the daemon crash now and then for as long as the run takes.
func (p *plan) drawRestarts(r *rand.Rand) {
	for at := between(r, 0, 5*time.Minute); at < 40*time.Minute; at += between(r, time.Minute, 20*time.Minute) {
		p.faults = append(p.faults, devnet.Fault{From: at, Until: at + time.Minute, Times: 1, Restart: true, Effect: chance(r, 0.5)})
	}
}

// share lets tasks of each stage share batches.
func (p *plan) share(batch string) {
	p.document = strings.ReplaceAll(p.document, "    run: [work,", "    batch: "+batch+"\n    run: [work,")
}
