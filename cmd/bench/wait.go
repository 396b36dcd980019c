package main

import (
	"encoding/json"
	"fmt"
	"time"
)

// idle is what a thousand workers cost that wait for long tasks, bills and all.
func idle(b *bench) ([]row, error) {
	share, err := onDevnet(b, func(d *daemon) (float64, error) {
		j, err := b.begin(job{tasks: 2 * b.many, workers: b.many, command: "work for an hour"})
		if err != nil {
			return 0, err
		}
		defer b.forget(j)
		p, err := b.apply(d, j)
		if err != nil {
			return 0, err
		}
		defer p.kill()
		if err := b.untilRunning(p, j, b.many); err != nil {
			return 0, err
		}
		began, used := time.Now(), p.cpu()
		select {
		case <-time.After(b.idle):
		case <-p.ended:
			return 0, fmt.Errorf("the run ended: %s", p.tail())
		}
		return float64(p.cpu()-used) / float64(time.Since(began)), nil
	})
	return []row{{
		measure: fmt.Sprintf("idle: %d workers waiting on long tasks", b.many),
		value:   100 * share, unit: " % of a core", bound: 5, most: true,
		more: fmt.Sprintf("over %v, with their debit notes; once", b.idle),
	}}, err
}

// untilRunning waits until n tasks run.
func (b *bench) untilRunning(p *process, j job, n int) error {
	for limit := time.Now().Add(2 * time.Minute); ; {
		s, err := b.start(nil, "status", j.id, "-o", "json", "--dsn", j.dsn)
		if err != nil {
			return err
		}
		<-s.ended
		var status struct{ Tasks struct{ Running int } }
		if json.Unmarshal(s.printed(), &status) == nil && status.Tasks.Running >= n {
			return nil
		}
		if p.over() || time.Now().After(limit) {
			return fmt.Errorf("%d of %d tasks run: %s", status.Tasks.Running, n, p.tail())
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// latency is what the program adds to a task of a millisecond, with one worker:
// from the end of one to the end of the next, less the time that it takes.
func latency(b *bench) ([]row, error) {
	all, err := repeatedly(b, func(d *daemon) (float64, error) {
		o, err := b.carryOut(d, job{tasks: max(100, b.tasks/30), workers: 1, command: "work for a millisecond"})
		if err != nil {
			return 0, err
		}
		var gaps []float64
		for i := range o.ends[1:] {
			gaps = append(gaps, milliseconds(o.ends[i+1].Sub(o.ends[i]))-1)
		}
		return median(gaps), nil
	})
	return []row{{
		measure: "latency that a task of 1 ms adds, 1 worker", value: median(all), unit: " ms", bound: 3, most: true,
		more: "from end to end, less the 1 ms",
	}}, err
}
