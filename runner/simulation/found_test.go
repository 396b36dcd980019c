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
		{163, "an activity that never came up kept its agreement in force beyond the end of the run"},
		{235, "an allocation whose answer was lost stayed set aside"},
		{50042, "an invoice for twice what was used passed, because no note had said what that was"},
		{70161, "the same, of an activity whose creation had got no answer"},
		{330023, "an invoice was rejected, the answer was lost, and a note that the daemon took for nothing counted as accepted"},
	} {
		t.Run(fmt.Sprint(found.seed), func(t *testing.T) {
			check(t, draw(found.seed))
			if t.Failed() {
				t.Log("again: " + found.what)
			}
		})
	}
}
