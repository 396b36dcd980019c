package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"tasks/runner/store"
)

func TestForward(t *testing.T) {
	steady := time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name  string
		step  time.Duration
		moved time.Duration // of the answer, against the steady clock
	}{
		{"no step", 0, 0},
		{"a little forward", time.Second, time.Second},
		{"eight hours of sleep", 8 * time.Hour, 8 * time.Hour},
		{"a day forward", 24 * time.Hour, 24 * time.Hour},
		{"a little back", -time.Second, 0},
		{"five minutes back", -5 * time.Minute, 0},
		{"ten minutes back", -10 * time.Minute, 0},
		{"a day back is believed", -24 * time.Hour, -24 * time.Hour},
	} {
		if got := store.Forward(steady.Add(c.step), steady).Sub(steady); got != c.moved {
			t.Errorf("%s: the clock moved by %s, want %s", c.name, got, c.moved)
		}
	}
}

// A clock that was set back while nobody was there goes on from what was last
// recorded, and one that was far wrong is believed.
func TestTheClockGoesOnFromWhatIsRecorded(t *testing.T) {
	for name, c := range map[string]struct{ back, want time.Duration }{
		"not set back":         {0, 0},
		"set back by minutes":  {5 * time.Minute, 5 * time.Minute},
		"set back by a day":    {24 * time.Hour, 0},
		"set forward by a day": {-24 * time.Hour, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			alter(t, w.path, fmt.Sprintf("UPDATE events SET at = at + %d", c.back.Microseconds()))
			s := openAt(t, w.path)
			for range 2 {
				if got := time.Until(s.Now()); got.Round(time.Millisecond) != c.want {
					t.Errorf("%s: ahead by %s, want %s", name, got, c.want)
				}
				time.Sleep(time.Hour)
			}
		})
	}
}

// alter changes a database with the driver alone.
func alter(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		t.Fatal(err)
	}
}
