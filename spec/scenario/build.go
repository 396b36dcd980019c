package scenario

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"tasks/golem/devnet"
	"tasks/spec"
	"tasks/spec/diag"
)

// Streams of random numbers: one for every property of every provider, and one
// for every rule's choice.
const (
	streamTraits = 1 << 40
	streamRules  = 1 << 50
	maxTraits    = 1 << 10
)

// defaultCount is how many providers a market has when nobody says.
const defaultCount = 12

// build makes the market of what was read.
func (d *decoder) build(o Overrides) {
	s := d.scenario
	if o.Seed != nil {
		s.Seed = *o.Seed
	}
	count := defaultCount
	if len(d.named) > 0 {
		count = 0
	}
	if d.count != nil {
		count = *d.count
	}
	if o.Providers != nil {
		count = *o.Providers
	}
	for _, n := range d.named {
		d.furnish(&n.Provider, n.traits, n.price)
		s.Providers = append(s.Providers, n.Provider)
	}
	for _, p := range devnet.DrawProviders(s.Seed, count) {
		d.furnish(&p, d.traits, d.prices)
		s.Providers = append(s.Providers, p)
	}
	d.behave()
}

// furnish gives the next provider its properties. Their order in the file does
// not matter.
func (d *decoder) furnish(p *devnet.Provider, traits []setting, price *spec.Value) {
	slices.SortStableFunc(traits, func(a, b setting) int { return cmp.Compare(a.number, b.number) })
	base := streamTraits + uint64(len(d.scenario.Providers))*maxTraits
	for _, t := range traits {
		t.set(rand.New(rand.NewPCG(d.scenario.Seed, base+uint64(t.number))), p)
	}
	if price != nil && p.CPU.IsZero() && p.Duration.IsZero() && p.Start.IsZero() {
		d.Report(*price, "a provider that charges nothing is not simulated", "make one of cpu, duration and start more than 0")
	}
}

// behave tells every provider what it does when.
func (d *decoder) behave() {
	chosen := make([][]bool, len(d.rules))
	for i, r := range d.rules {
		chosen[i] = d.choose(i, r)
	}
	for i := range d.scenario.Providers {
		var own []rule
		if i < len(d.named) && len(d.named[i].habits) > 0 {
			own = append(own, rule{habits: d.named[i].habits})
		}
		for j, r := range d.rules {
			if chosen[j][i] {
				own = append(own, r)
			}
		}
		plan(&d.scenario.Providers[i], own)
	}
}

// choose says which providers a rule is about: a share of them is a whole number,
// at least one.
func (d *decoder) choose(i int, r rule) []bool {
	market := d.scenario.Providers
	chosen := make([]bool, len(market))
	for _, n := range r.providers {
		at := slices.IndexFunc(market, func(p devnet.Provider) bool { return p.Name == n.text })
		if at < 0 {
			d.unknown(n)
			continue
		}
		chosen[at] = true
	}
	if len(r.providers) > 0 || len(market) == 0 {
		return chosen
	}
	n := len(market)
	if r.share > 0 {
		n = max(1, int(math.Round(r.share*float64(n))))
	}
	random := rand.New(rand.NewPCG(d.scenario.Seed, streamRules+uint64(i)))
	for _, at := range random.Perm(len(market))[:n] {
		chosen[at] = true
	}
	return chosen
}

func (d *decoder) unknown(n name) {
	var names []string
	for _, p := range d.scenario.Providers {
		names = append(names, p.Name)
	}
	hint := "name it under market.providers"
	if near, ok := diag.Nearest(n.text, names); ok {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	d.Report(n.at, fmt.Sprintf("there is no provider %q in this market", n.text), hint)
}

// plan makes phases of the rules for one provider.
func plan(p *devnet.Provider, rules []rule) {
	times := []time.Duration{0}
	for _, r := range rules {
		times = append(times, r.times.from, r.times.until)
	}
	slices.Sort(times)
	for _, at := range slices.Compact(times) {
		var as devnet.Provider
		into := &as
		if at == 0 {
			into = p
		}
		for _, r := range rules {
			if r.times.open(at) {
				for _, h := range r.habits {
					h(into)
				}
			}
		}
		if at > 0 {
			p.Phases = append(p.Phases, devnet.Phase{After: at, As: as})
		}
	}
}
