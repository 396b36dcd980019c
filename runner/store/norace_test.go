//go:build !race

package store_test

// finished is how many tasks the size is measured with.
const finished = 20_000
