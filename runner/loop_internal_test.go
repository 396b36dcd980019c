package runner

import (
	"testing"
	"time"
)

// TestBreath lets turns of the loop follow each other for ten seconds.
func TestBreath(t *testing.T) {
	for _, c := range []struct {
		name        string
		turn, quiet time.Duration // how long one takes, and how long nothing happens after it
		rested      time.Duration // after the first
		share       float64       // of the time that turns take, at most
	}{
		{"quick news", time.Millisecond, 0, 0, 0.11},
		{"slow news", 100 * time.Millisecond, 0, 0, 0.15},
		{"very slow news", time.Second, 0, tickEvery, 0.55},
		{"now and then", 10 * time.Millisecond, time.Second, 0, 0.01},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b breath
			began := time.Now()
			now, turns := began, time.Duration(0)
			for i := 0; now.Sub(began) < 10*time.Second; i++ {
				now = now.Add(c.turn)
				turns += c.turn
				rest := b.after(c.turn, now)
				if i == 0 && rest != c.rested {
					t.Errorf("rests for %v after the first turn, want %v", rest, c.rested)
				}
				now = now.Add(rest + c.quiet)
			}
			if share := float64(turns) / float64(now.Sub(began)); share > c.share {
				t.Errorf("turns take %.2f of the time, want at most %.2f", share, c.share)
			}
		})
	}
}
