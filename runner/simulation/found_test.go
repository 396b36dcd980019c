package simulation_test

import (
	"fmt"
	"testing"
)

// TestFound simulates the worlds in which something was found once.
func TestFound(t *testing.T) {
	for _, found := range []struct {
		seed uint64
		what string
	}{
		{20042, "a process died between an invoice and the end of its billing, and an older note was counted again"},
		{20099, "a daemon that failed for two minutes ended a recovery with an error that was not the daemon's"},
		{30198, "an invoice was accepted before the notes were read that had come while nobody was there"},
		{30482, "the same, of another provider"},
	} {
		t.Run(fmt.Sprint(found.seed), func(t *testing.T) {
			check(t, draw(found.seed))
			if t.Failed() {
				t.Log("again: " + found.what)
			}
		})
	}
}
