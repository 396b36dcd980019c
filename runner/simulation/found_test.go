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
		more bool // of drawMore
	}{
		{seed: 20042, what: "a process died between an invoice and the end of its billing, and an older note was counted again"},
		{seed: 20099, what: "a daemon that failed for two minutes ended a recovery with an error that was not the daemon's"},
		{seed: 30198, what: "an invoice was accepted before the notes were read that had come while nobody was there"},
		{seed: 30482, what: "the same, of another provider"},
		{seed: 163, what: "an activity that never came up kept its agreement in force beyond the end of the run"},
		{seed: 235, what: "an allocation whose answer was lost stayed set aside"},
		{seed: 50042, what: "an invoice for twice what was used passed, because no note had said what that was"},
		{seed: 70161, what: "the same, of an activity whose creation had got no answer"},
		{seed: 330023, more: true, what: "an invoice was rejected, the answer was lost, and a note that the daemon took for nothing counted as accepted"},
		{seed: 402019, more: true, what: "while an invoice waited for its acceptance, the budget had let go of what was reserved for it"},
		{seed: 500093, more: true, what: "a process died between the rejection of an invoice and its record, and a debit note was accepted for nothing"},
	} {
		t.Run(fmt.Sprint(found.seed), func(t *testing.T) {
			p := draw(found.seed)
			if found.more {
				p = drawMore(found.seed)
			}
			check(t, p)
			if t.Failed() {
				t.Log("again: " + found.what)
			}
		})
	}
}
