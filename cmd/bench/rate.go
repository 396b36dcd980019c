package main

import (
	"fmt"
	"time"
)

// pair is the program and the bare loop on one devnet.
type pair struct {
	outcome
	bare []time.Time
}

func (p pair) String() string {
	return fmt.Sprintf("%v; bare loop %s tasks/s", p.outcome, round(speed(p.bare)))
}

// rate compares the program with a bare loop of the calls that it cannot do without.
func rate(b *bench) ([]row, error) {
	all, err := repeatedly(b, func(d *daemon) (p pair, err error) {
		if p.bare, err = b.bareOn(d); err != nil {
			return p, err
		}
		p.outcome, err = b.carryOut(d, job{tasks: b.tasks, workers: b.workers})
		return p, err
	})
	if err != nil {
		return nil, err
	}
	own := median(each(all, func(p pair) float64 { return p.rate() }))
	loop := median(each(all, func(p pair) float64 { return speed(p.bare) }))
	return []row{
		{
			measure: fmt.Sprintf("tasks a second, %d workers, against the bare loop of the same calls", b.workers),
			value:   median(each(all, func(p pair) float64 { return p.rate() / speed(p.bare) })), unit: " of it", bound: 0.6,
			more: fmt.Sprintf("%s against %s a second", round(own), round(loop)),
		},
		{
			measure: "processor time of the runner a task",
			value:   median(each(all, func(p pair) float64 { return p.microseconds() })), unit: " µs", bound: 100, most: true,
			more: fmt.Sprintf("%s µs with the start and the end of a run of %d",
				round(median(each(all, func(p pair) float64 { return p.wholeMicroseconds() }))), b.tasks),
		},
		{
			measure: "database a finished task",
			value:   median(each(all, func(p pair) float64 { return p.stored })), unit: " bytes", bound: 400, most: true,
			more: fmt.Sprintf("the whole file, with %d workers, over %d tasks", b.workers, b.tasks),
		},
	}, nil
}

func (b *bench) bareOn(d *daemon) ([]time.Time, error) {
	c, err := hire(b.ctx, d, b.workers)
	if err != nil {
		return nil, err
	}
	ends, err := bare(b.ctx, d, c, b.tasks)
	if err != nil {
		return nil, err
	}
	return ends, c.dismiss(b.ctx)
}

// few and many are the program with two numbers of workers, one after the other.
type fewMany struct{ few, many outcome }

func (p fewMany) String() string { return fmt.Sprintf("few: %v; many: %v", p.few, p.many) }

// thousand compares a thousand workers with a hundred, while all of them are there.
func thousand(b *bench) ([]row, error) {
	carryOut := func(workers int) (outcome, error) {
		return onDevnet(b, func(d *daemon) (outcome, error) {
			return b.carryOut(d, job{tasks: b.crowded, workers: workers})
		})
	}
	all, err := repeatedly(b, func(*daemon) (p fewMany, err error) {
		if p.few, err = carryOut(b.workers); err == nil {
			p.many, err = carryOut(b.many)
		}
		return p, err
	})
	if err != nil {
		return nil, err
	}
	return []row{
		{
			measure: fmt.Sprintf("tasks a second, %d workers against %d", b.many, b.workers),
			value:   median(each(all, func(p fewMany) float64 { return p.many.rateOf(b.many) / p.few.rateOf(b.workers) })), unit: " times", bound: 1,
			more: fmt.Sprintf("%s a second, from when all are at work", round(median(each(all, func(p fewMany) float64 { return p.many.rateOf(b.many) })))),
		},
		{
			measure: fmt.Sprintf("memory of the runner, %d workers", b.many),
			value:   median(each(all, func(p fewMany) float64 { return peak(p.many.samples) / mib })), unit: " MB", bound: 250, most: true,
			more: "the most it ever was",
		},
	}, nil
}
