package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A job is one run of the program.
type job struct {
	tasks, workers int
	command        string // what each task runs; "" is an echo of its item
	dsn, results   string // set by begin
	id             string // likewise
	spec           string // likewise
}

const document = `name: bench
payload: golem/alpine:latest
workers: %d
budget: {total: 900}
tasks:
  from: {range: [1, %d]}
  run: %s
  timeout: 2h
results: {file: %q}
`

// begin writes the spec of a new run.
func (b *bench) begin(j job) (job, error) {
	b.jobs++
	j.id = fmt.Sprintf("run-%d", b.jobs)
	j.dsn = filepath.Join(b.work, j.id+".db")
	j.results = filepath.Join(b.work, j.id+".jsonl")
	j.spec = filepath.Join(b.work, j.id+".yaml")
	if j.command == "" {
		j.command = "echo ${{ task.item }}"
	}
	return j, os.WriteFile(j.spec, fmt.Appendf(nil, document, j.workers, j.tasks, j.command, j.results), 0o600)
}

// apply starts a process that works on the run.
func (b *bench) apply(d *daemon, j job) (*process, error) {
	env := d.env()
	if b.profile != "" {
		env = append(env, "TASKS_CPU_PROFILE="+b.profile)
	}
	return b.start(env, "apply", j.spec, "--run-id", j.id, "--dsn", j.dsn)
}

// An outcome is how a job went.
type outcome struct {
	ends    []time.Time // of the tasks, in order
	met     []time.Time // of the first task that each worker did, in order
	cpu     time.Duration
	samples []sample
	stored  float64 // bytes of the database a task
}

func (o outcome) rate() float64 { return speed(o.ends) }

// rateOf is the speed while so many workers were there: from when the last of them
// had done its first task. It is NaN if they never were.
func (o outcome) rateOf(workers int) float64 {
	if len(o.met) < workers {
		return math.NaN()
	}
	first, _ := slices.BinarySearchFunc(o.ends, o.met[workers-1], time.Time.Compare)
	return speedOf(o.ends, max(first, len(o.ends)/10), len(o.ends)-1-len(o.ends)/10)
}

// microseconds is the processor time a task, the first and the last tenth of them
// left out, in which workers come and go.
func (o outcome) microseconds() float64 {
	n := len(o.ends)
	first, last := n/10, n-1-n/10
	spent := used(o.samples, o.ends[last]) - used(o.samples, o.ends[first])
	return float64(spent) / float64(time.Microsecond) / float64(last-first)
}

// wholeMicroseconds is the same with all that is not tasks in it.
func (o outcome) wholeMicroseconds() float64 {
	return float64(o.cpu) / float64(time.Microsecond) / float64(len(o.ends))
}

// String is what is told of one repetition.
func (o outcome) String() string {
	return fmt.Sprintf("%s tasks/s, %s µs a task (%s with its start and end), %s MB", round(o.rate()), round(o.microseconds()), round(o.wholeMicroseconds()), round(peak(o.samples)/mib))
}

// carryOut runs a job to its end.
func (b *bench) carryOut(d *daemon, j job) (o outcome, err error) {
	if j, err = b.begin(j); err != nil {
		return o, err
	}
	defer b.forget(j)
	p, err := b.apply(d, j)
	if err != nil {
		return o, err
	}
	if err := p.wait(); err != nil {
		return o, err
	}
	return b.outcome(j, p)
}

// outcome reads what a process that has ended leaves.
func (b *bench) outcome(j job, p *process) (o outcome, err error) {
	o = outcome{cpu: p.cpu(), samples: p.samples()}
	if o.ends, o.met, err = endsOf(j.results); err != nil {
		return o, err
	}
	if len(o.ends) != j.tasks {
		return o, fmt.Errorf("%d results of %d tasks", len(o.ends), j.tasks)
	}
	info, err := os.Stat(j.dsn)
	if err != nil {
		return o, err
	}
	o.stored = float64(info.Size()) / float64(j.tasks)
	return o, nil
}

// forget makes room.
func (b *bench) forget(j job) {
	for _, path := range []string{j.dsn, j.dsn + "-wal", j.dsn + "-shm", j.results, j.spec} {
		os.Remove(path)
	}
}

// endsOf reads when the tasks of a results file ended, in order, and when each
// worker ended its first. A task that is there twice is an error.
func endsOf(path string) (ends, met []time.Time, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	seen, first := map[int64]bool{}, map[string]time.Time{}
	for line := range bytes.Lines(text) {
		r, err := resultOf(line)
		if err != nil {
			return nil, nil, err
		}
		if seen[r.Task] {
			return nil, nil, fmt.Errorf("task %d has two results", r.Task)
		}
		seen[r.Task] = true
		ends = append(ends, r.FinishedAt)
		if at, ok := first[r.Activity]; !ok || r.FinishedAt.Before(at) {
			first[r.Activity] = r.FinishedAt
		}
	}
	slices.SortFunc(ends, time.Time.Compare)
	return ends, slices.SortedFunc(maps.Values(first), time.Time.Compare), nil
}

// A result is what is of interest in a line of a results file.
type result struct {
	Task       int64     `json:"task"`
	Activity   string    `json:"activity"`
	FinishedAt time.Time `json:"finished_at"`
}

func resultOf(line []byte) (r result, err error) {
	if err := json.Unmarshal(line, &r); err != nil {
		return r, fmt.Errorf("read result %q: %w", line, err)
	}
	return r, nil
}

// A follower reads a results file as it grows.
type follower struct {
	path   string
	offset int64
	count  int       // whole lines so far
	last   time.Time // the end of the task of the last of them
}

// look reads what has come.
func (f *follower) look() error {
	file, err := os.Open(f.path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.Seek(f.offset, io.SeekStart); err != nil {
		return err
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	text = text[:bytes.LastIndexByte(text, '\n')+1]
	if len(text) == 0 {
		return nil
	}
	f.offset += int64(len(text))
	f.count += bytes.Count(text, []byte("\n"))
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	last, err := resultOf(lines[len(lines)-1])
	f.last = last.FinishedAt
	return err
}

// until looks again and again until what is waited for is so, while p works.
func (f *follower) until(p *process, so func() bool) error {
	for !so() {
		if p.over() {
			return fmt.Errorf("the run ended after %d results: %s", f.count, p.tail())
		}
		time.Sleep(2 * time.Millisecond)
		if err := f.look(); err != nil {
			return err
		}
	}
	return nil
}
