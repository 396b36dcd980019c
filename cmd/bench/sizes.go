package main

import "time"

// sizes are how much is done for each measure.
type sizes struct {
	repeat  int // repetitions, of which the median counts
	tasks   int // of an ordinary run
	workers int // of an ordinary run
	many    int // workers of a large run
	crowded int // tasks of a large run
	million int // tasks of a long run
	peer    int // tasks that the peer is given
	idle    time.Duration
	window  time.Duration // with and without a reader, in turns
}

// full are the sizes of the table in docs/performance.md. An idle worker is billed
// every two minutes, and one such round belongs to its cost.
func full() sizes {
	return sizes{
		repeat: 5, tasks: 30_000, workers: 100, many: 1000, crowded: 120_000, million: 1_000_000, peer: 3000,
		idle: 125 * time.Second, window: 5 * time.Second,
	}
}

// small are sizes at which everything is done once, to see that it works. Their
// figures mean nothing. The long run is long enough to be killed near its end.
func small() sizes {
	return sizes{
		repeat: 1, tasks: 300, workers: 10, many: 20, crowded: 2000, million: 15_000, peer: 200,
		idle: 500 * time.Millisecond, window: 100 * time.Millisecond,
	}
}
