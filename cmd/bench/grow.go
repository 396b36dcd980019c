package main

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
)

// A point is the speed and the memory of the program at one size of its work.
type point struct {
	axis         string // what grows
	at           float64
	rate, memory float64 // tasks a second; MB
}

// grow measures how cost grows with workers, and draws that and what the long run
// told of finished tasks.
func grow(b *bench) ([]row, error) {
	var points []point
	for workers := 1; workers <= b.many; workers *= 10 {
		var rates, sizes []float64
		for range max(1, b.repeat/2) {
			o, err := onDevnet(b, func(d *daemon) (outcome, error) {
				return b.carryOut(d, job{tasks: max(b.tasks/10, min(b.tasks, b.tasks*workers/100)), workers: workers})
			})
			if err != nil {
				return nil, err
			}
			b.say("  %d workers: %v", workers, o)
			rates, sizes = append(rates, o.rate()), append(sizes, peak(o.samples)/mib)
		}
		points = append(points, point{"workers", float64(workers), median(rates), median(sizes)})
	}
	points = append(points, b.growth...)
	b.notes = append(b.notes, growthTable(points))
	if b.plot == "" {
		return nil, nil
	}
	return nil, os.WriteFile(b.plot, []byte(draw(points)), 0o644)
}

func growthTable(points []point) string {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 1, ' ', 0)
	axis := ""
	for _, p := range points {
		if p.axis != axis {
			if axis != "" {
				fmt.Fprintln(w)
			}
			axis = p.axis
			fmt.Fprintf(w, "| %s\t| tasks a second\t| memory\t|\n| ---\t| ---\t| ---\t|\n", axis)
		}
		fmt.Fprintf(w, "| %.0f\t| %s\t| %s MB\t|\n", p.at, round(p.rate), round(p.memory))
	}
	w.Flush()
	return out.String()
}
