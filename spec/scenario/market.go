package scenario

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/spec"
)

// A setting gives a provider one property. Each has a number of its own, so that
// what is drawn for one does not move the others.
type setting struct {
	number int
	set    func(*rand.Rand, *devnet.Provider)
}

// A named provider stands in the file itself.
type named struct {
	devnet.Provider
	traits []setting
	habits []habit
	price  *spec.Value
}

func (d *decoder) market(v spec.Value) {
	fields := append(d.traitFields(&d.traits, &d.prices),
		spec.Field{Key: "count", Read: func(v spec.Value) {
			if n, ok := d.wholes(0, 100_000)(v); ok {
				count := int(n)
				d.count = &count
			}
		}},
		spec.Field{Key: "providers", Read: func(v spec.Value) {
			d.List(v, "a list of providers with names", "such as - {name: cheap, price: {cpu: 0.00001}}", d.provider)
		}},
	)
	d.Fields(v, fields...)
}

// provider reads one with a name, its properties and its habits.
func (d *decoder) provider(v spec.Value) {
	var p named
	fields := append(d.traitFields(&p.traits, &p.price), spec.Field{Key: "name", Read: func(v spec.Value) {
		p.Name, _ = d.Text(v, "a name", "")
		for _, other := range d.named {
			if p.Name != "" && p.Name == other.Name {
				d.Report(v, "there is another provider of this name", "choose another: names tell providers apart")
			}
		}
	}})
	has := d.Fields(v, append(fields, d.habitFields(&p.habits)...)...)
	if v.IsMapping() && !has["name"] {
		d.Missing(v, "this provider has no name", "add one, such as name: cheap")
	}
	d.named = append(d.named, p)
}

// traitFields are the properties of a provider or of all that are drawn.
func (d *decoder) traitFields(into *[]setting, price **spec.Value) []spec.Field {
	number := 0
	trait := func(key string, read reader, set func(*devnet.Provider, float64)) spec.Field {
		number++
		own := number
		return spec.Field{Key: key, Read: func(v spec.Value) {
			if s, ok := d.spread(v, read); ok {
				*into = append(*into, setting{own, func(r *rand.Rand, p *devnet.Provider) { set(p, s.draw(r)) }})
			}
		}}
	}
	word := func(key, wants string, set func(*devnet.Provider, string)) spec.Field {
		return spec.Field{Key: key, Read: func(v spec.Value) {
			if s, ok := d.Text(v, wants, ""); ok {
				*into = append(*into, setting{0, func(_ *rand.Rand, p *devnet.Provider) { set(p, s) }})
			}
		}}
	}
	return []spec.Field{
		{Key: "price", Read: func(v spec.Value) { *price = &v; d.price(v, into) }},
		trait("threads", d.wholes(1, 1024), func(p *devnet.Provider, f float64) {
			p.Threads = max(1, int(math.Round(f)))
			p.Cores = min(p.Cores, p.Threads)
		}),
		trait("cores", d.wholes(1, 1024), func(p *devnet.Provider, f float64) {
			p.Cores = max(1, int(math.Round(f)))
			p.Threads = max(p.Threads, p.Cores)
		}),
		trait("memory", d.sizes, func(p *devnet.Provider, f float64) { p.MemoryGiB = hundredths(f) }),
		trait("storage", d.sizes, func(p *devnet.Provider, f float64) { p.StorageGiB = hundredths(f) }),
		trait("speed", d.numbers(0.01, 1), func(p *devnet.Provider, f float64) { p.Speed = min(1, hundredths(f)) }),
		trait("start_up", d.seconds, func(p *devnet.Provider, f float64) {
			p.StartUp = max(1, time.Duration(f*float64(time.Second)).Round(time.Millisecond)) // 0 would be the default
		}),
		trait("slots", d.wholes(1, 1000), func(p *devnet.Provider, f float64) { p.Slots = max(1, int(math.Round(f))) }),
		word("subnet", "the name of a subnet", func(p *devnet.Provider, s string) { p.Subnet = s }),
		word("runtime", "the name of a runtime", func(p *devnet.Provider, s string) { p.Runtime = s }),
	}
}

func hundredths(f float64) float64 { return max(0.01, math.Round(f*100)/100) }

// Numbers of the settings of prices, behind those of the others.
const (
	cpuPrice = 100 + iota
	durationPrice
	startPrice
)

// highestPrice is more than anybody would pay, and a float64 holds it well.
const highestPrice = 1_000_000

func (d *decoder) price(v spec.Value, into *[]setting) {
	part := func(key string, number int, of func(*devnet.Provider) *golem.Amount) spec.Field {
		return spec.Field{Key: key, Read: func(v spec.Value) {
			s, ok := d.spread(v, d.numbers(0, highestPrice))
			if !ok {
				return
			}
			*into = append(*into, setting{number, func(r *rand.Rand, p *devnet.Provider) { *of(p) = amount(s, r) }})
		}}
	}
	d.Fields(v,
		part("cpu", cpuPrice, func(p *devnet.Provider) *golem.Amount { return &p.CPU }),
		part("duration", durationPrice, func(p *devnet.Provider) *golem.Amount { return &p.Duration }),
		part("start", startPrice, func(p *devnet.Provider) *golem.Amount { return &p.Start }),
	)
}

// amount draws a price. One that the file does not say itself keeps three digits.
func amount(s spread, random *rand.Rand) golem.Amount {
	f := s.draw(random)
	if s.exact() || f == 0 {
		return decimal.NewFromFloat(f).Round(golem.Places)
	}
	digits := 2 - int(math.Floor(math.Log10(f)))
	return decimal.NewFromFloat(f).Round(int32(min(digits, golem.Places)))
}
