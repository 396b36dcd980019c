package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkMeasures takes every measure once, at sizes at which figures mean
// nothing, so that none of them rots.
func BenchmarkMeasures(b *testing.B) {
	o := options{sizes: small(), plot: b.TempDir() + "/growth.svg"}
	bench, err := open(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { bench.close() })
	bench.say = b.Logf
	for _, m := range measures {
		if m.alone {
			continue // wants npm
		}
		b.Run(m.name, func(b *testing.B) {
			for range b.N {
				rows, err := m.take(bench)
				if err != nil {
					b.Fatal(err)
				}
				for _, r := range rows {
					if !worth(r.value) {
						b.Errorf("%s: no figure", r.measure)
					}
					b.ReportMetric(r.value, strings.TrimSpace(r.unit)[:1])
				}
			}
		})
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		all  []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(c.all); got != c.want {
			t.Errorf("median(%v) = %v, want %v", c.all, got, c.want)
		}
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("median of nothing = %v", got)
	}
}

func TestSpeedLeavesOutTheEnds(t *testing.T) {
	began := time.Now()
	var ends []time.Time
	at := began
	for i := range 100 {
		step := 10 * time.Millisecond
		if i < 5 || i > 95 {
			step = time.Second
		}
		at = at.Add(step)
		ends = append(ends, at)
	}
	if got := speed(ends); math.Abs(got-100) > 1e-6 {
		t.Errorf("speed = %v, want 100", got)
	}
	if got := speed(ends[:1]); !math.IsNaN(got) {
		t.Errorf("speed of one = %v", got)
	}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		row  row
		want string
	}{
		{row{value: 2, bound: 3}, "NO"}, {row{value: 3, bound: 3}, "yes"},
		{row{value: 2, bound: 3, most: true}, "yes"}, {row{value: 4, bound: 3, most: true}, "NO"},
		{row{value: math.NaN(), bound: 3, most: true}, "NO"}, {row{value: 4}, ""},
	} {
		if got := c.row.verdict(); got != c.want {
			t.Errorf("verdict of %+v = %q, want %q", c.row, got, c.want)
		}
	}
}

func TestEndsOfRefusesADouble(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.jsonl")
	line := `{"task":1,"finished_at":"2026-01-02T03:04:05Z"}` + "\n"
	if err := os.WriteFile(path, []byte(line+line), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := endsOf(path); err == nil {
		t.Error("a task with two results was taken")
	}
}

// TestSpeedWithAllWorkers has the second worker come after half of the tasks, and
// the tasks become twice as fast then.
func TestSpeedWithAllWorkers(t *testing.T) {
	var lines strings.Builder
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := range 100 {
		activity, took := "a", 200*time.Millisecond
		if i >= 50 {
			activity, took = "b", 100*time.Millisecond
		}
		at = at.Add(took)
		fmt.Fprintf(&lines, `{"task":%d,"activity":%q,"finished_at":%q}`+"\n", i, activity, at.Format(time.RFC3339Nano))
	}
	path := filepath.Join(t.TempDir(), "results.jsonl")
	if err := os.WriteFile(path, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	ends, met, err := endsOf(path)
	if err != nil {
		t.Fatal(err)
	}
	o := outcome{ends: ends, met: met}
	if got := o.rateOf(2); math.Abs(got-10) > 1e-6 {
		t.Errorf("%v tasks a second with both, want 10", got)
	}
	if got := o.rateOf(3); !math.IsNaN(got) {
		t.Errorf("%v tasks a second with a worker that never came", got)
	}
}

func TestDrawIsXML(t *testing.T) {
	picture := draw([]point{{"workers", 1, 10, 30}, {"workers", 10, 100, 31}, {"workers", 100, math.NaN(), 31}, {"finished tasks", 1000, 5, 5}})
	for d := xml.NewDecoder(strings.NewReader(picture)); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Count(picture, "<circle"); got != 6 {
		t.Errorf("%d points are drawn, want 6", got)
	}
}
