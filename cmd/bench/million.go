package main

import (
	"fmt"
	"math"
	"time"
)

// million is one long run, once: how memory and speed change with what is finished.
func million(b *bench) ([]row, error) {
	o, err := onDevnet(b, func(d *daemon) (outcome, error) {
		return b.carryOut(d, job{tasks: b.million, workers: b.workers})
	})
	if err != nil {
		return nil, err
	}
	b.say("  %v", o)
	early, late := o.memoryAround(b.million/10), o.memoryAround(b.million-1)
	b.growth = append(b.growth, byTasks(o)...)
	return []row{
		{
			measure: fmt.Sprintf("growth of memory from %d to %d finished tasks", b.million/10, b.million),
			value:   100 * (late/early - 1), unit: " %", bound: 5, most: true,
			more: fmt.Sprintf("%s MB, then %s MB; one run", round(early/mib), round(late/mib)),
		},
		{
			measure: fmt.Sprintf("database a finished task, %d tasks", b.million),
			value:   o.stored, unit: " bytes", bound: 400, most: true, more: "the whole file in the end; one run",
		},
	}, nil
}

// memoryAround is the resident memory around the end of the i-th task: the median
// while the fifth before it was done.
func (o outcome) memoryAround(i int) float64 {
	return between(o.samples, o.ends[max(0, i-i/5)], o.ends[i])
}

// restarts is what is learned of one long run that is killed again and again.
type restarts struct {
	first  []time.Duration // from each start to the end of the first new task
	status []time.Duration // of `tasks status`, on the database while it is written
	slower []float64       // by how much a reader slows the run down, in percent
}

// restart kills a long run near its end, several times, and looks at it while it
// runs.
func restart(b *bench) ([]row, error) {
	r, err := onDevnet(b, b.killAgain)
	if err != nil {
		return nil, err
	}
	seconds := each(r.first, time.Duration.Seconds)
	return []row{
		{
			measure: fmt.Sprintf("first new task after kill -9 at %d of %d", b.million*9/10, b.million),
			value:   median(seconds), unit: " s", bound: 2, most: true, more: "from the start of the process",
		},
		{
			measure: "`tasks status` on that database, while it runs",
			value:   median(each(r.status, milliseconds)), unit: " ms", bound: 100, most: true, more: "from the start of its process to its end",
		},
		{
			measure: "how much `tasks status --watch` slows that run down",
			value:   median(r.slower), unit: " %", bound: 2, most: true,
			more: fmt.Sprintf("%d pairs of %v without and with it", len(r.slower), b.window),
		},
	}, nil
}

func (b *bench) killAgain(d *daemon) (r restarts, err error) {
	j, err := b.begin(job{tasks: b.million, workers: b.workers})
	if err != nil {
		return r, err
	}
	defer b.forget(j)
	p, err := b.apply(d, j)
	if err != nil {
		return r, err
	}
	f := &follower{path: j.results}
	if err := f.until(p, func() bool { return f.count >= b.million*3/10 }); err != nil {
		return r, err
	}
	if r.slower, err = b.watchNow(p, f, j); err != nil {
		return r, err
	}
	if err := f.until(p, func() bool { return f.count >= b.million*9/10 }); err != nil {
		return r, err
	}
	for range b.repeat {
		p.kill()
		if p, err = b.apply(d, j); err != nil {
			return r, err
		}
		// The file is cut to what is certain, and written on.
		f := &follower{path: j.results}
		if err := f.look(); err != nil {
			return r, err
		}
		if err := f.until(p, func() bool { return f.last.After(p.began) }); err != nil {
			return r, err
		}
		r.first = append(r.first, f.last.Sub(p.began))
		b.say("  first new task %v after the start", f.last.Sub(p.began).Round(time.Millisecond))
	}
	for range b.repeat {
		s, err := b.start(nil, "status", j.id, "--dsn", j.dsn)
		if err != nil {
			return r, err
		}
		if err := s.wait(); err != nil {
			return r, err
		}
		r.status = append(r.status, time.Since(s.began))
	}
	if err := p.wait(); err != nil {
		return r, err
	}
	ends, _, err := endsOf(j.results)
	if err == nil && len(ends) != j.tasks {
		err = fmt.Errorf("%d results of %d tasks after %d kills", len(ends), j.tasks, b.repeat)
	}
	return r, err
}

// watchNow compares the speed of a run with and without somebody who watches it,
// in turns.
func (b *bench) watchNow(p *process, f *follower, j job) (slower []float64, err error) {
	pace := func() (float64, error) {
		began, count := time.Now(), f.count
		err := f.until(p, func() bool { return time.Since(began) >= b.window })
		return float64(f.count-count) / time.Since(began).Seconds(), err
	}
	for range 2 * b.repeat {
		without, err := pace()
		if err != nil {
			return nil, err
		}
		s, err := b.start(nil, "status", j.id, "--watch", "--dsn", j.dsn)
		if err != nil {
			return nil, err
		}
		with, err := pace()
		s.kill()
		if err != nil {
			return nil, err
		}
		slower = append(slower, 100*(1-with/without))
		b.say("  %s tasks/s, and %s with a reader", round(without), round(with))
		if f.count > b.million*8/10 {
			break
		}
	}
	return slower, nil
}

// byTasks are the points of the growth with finished tasks.
func byTasks(o outcome) []point {
	var points []point
	for n := 1000; n <= len(o.ends); n *= 10 {
		points = append(points, point{
			axis: "finished tasks", at: float64(n), rate: speedAround(o.ends, n-1), memory: o.memoryAround(n-1) / mib,
		})
	}
	return points
}

// worth tells whether there is a number at all.
func worth(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
