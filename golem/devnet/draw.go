package devnet

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem"
)

// Streams of random numbers, one for each use, so that one more draw in one
// of them does not move the others.
const (
	streamDelays    = 1
	streamFaults    = 2
	streamProviders = 1 << 32
)

// DrawProviders returns the first n providers of a seed's market. The same seed
// gives the same providers, and more of them never change the ones before.
//
// Prices are lognormal around 0.00002 GLM a second and 0.00001 GLM a second of
// processor, some five times more at one end than at the other; machines are
// small ones mostly, and none is faster than this computer.
func DrawProviders(seed uint64, n int) []Provider {
	list := make([]Provider, n)
	for i := range list {
		random := rand.New(rand.NewPCG(seed, streamProviders+uint64(i)))
		list[i] = drawProvider(random, i)
		list[i].NodeID = nodeID(fmt.Sprintf("provider of market %d", seed), list[i].Name)
	}
	return list
}

func drawProvider(random *rand.Rand, i int) Provider {
	p := Provider{
		Name:          drawName(random, i),
		Threads:       pick(random, 1, 1, 2, 2, 2, 3, 4, 4, 6, 8),
		MemoryGiB:     pick(random, 1.0, 2, 2, 4, 4, 8, 8, 16, 32),
		StorageGiB:    10 + math.Round(190*math.Pow(random.Float64(), 2)),
		Speed:         math.Round(100*(0.5+0.5*random.Float64())) / 100,
		StartUp:       between(random, 100*time.Millisecond, 1500*time.Millisecond),
		Duration:      drawPrice(random, 0.00002),
		CPU:           drawPrice(random, 0.00001),
		DurationFirst: random.IntN(4) == 0,
	}
	p.Cores = max(1, p.Threads/pick(random, 1, 2))
	if random.IntN(7) == 0 {
		p.Start = drawPrice(random, 0.0002)
	}
	return p
}

// drawPrice keeps three digits, which a float64 in an offer carries exactly.
func drawPrice(random *rand.Rand, median float64) golem.Amount {
	price := median * math.Exp(0.5*random.NormFloat64())
	digits := 2 - int(math.Floor(math.Log10(price)))
	return decimal.NewFromFloat(price).Round(int32(digits))
}

func between(random *rand.Rand, low, high time.Duration) time.Duration {
	return Span{low, high}.draw(random).Round(time.Millisecond)
}

func pick[T any](random *rand.Rand, of ...T) T { return of[random.IntN(len(of))] }

var (
	nameMoods   = []string{"amber", "brisk", "calm", "dusty", "early", "fuzzy", "gentle", "hazy", "idle", "jolly", "keen", "lucky", "misty", "noble", "quiet", "rusty", "sunny", "tidy", "vivid", "windy"}
	nameAnimals = []string{"otter", "badger", "crane", "dingo", "egret", "ferret", "gecko", "heron", "ibex", "jackal", "koala", "lemur", "marten", "newt", "owl", "puffin", "quail", "raven", "stoat", "tapir"}
)

// drawName ends with the provider's number, so that no two are alike.
func drawName(random *rand.Rand, i int) string {
	return fmt.Sprintf("%s-%s-%02d", pick(random, nameMoods...), pick(random, nameAnimals...), i)
}
