//go:build race

package store_test

// finished is how many tasks the size is measured with; fewer here, because the
// race detector makes each of them twenty times as slow.
const finished = 2_000
