package policies

import (
	"testing"
	"time"
)

// A loop that takes too long ends, however few its steps.
func TestMeterMindsTheTime(t *testing.T) {
	m := &meter{started: time.Now().Add(-2 * maxTime)}
	for range 1000 {
		if _, err := m.tick(); err != nil {
			if want := "takes longer than 30s"; err.Error() != want {
				t.Errorf("error = %q, want %q", err, want)
			}
			return
		}
	}
	t.Error("a thousand steps after the end of its time, the loop goes on")
}

// Every use of a meter begins anew.
func TestMeterBeginsAnew(t *testing.T) {
	m := &meter{steps: maxSteps, started: time.Now().Add(-2 * maxTime)}
	m.reset()
	for range 1000 {
		if _, err := m.tick(); err != nil {
			t.Fatal(err)
		}
	}
}
