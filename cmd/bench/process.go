package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// sampleEvery is how often the size of a process is looked at.
const sampleEvery = 50 * time.Millisecond

// A process is a program at work. What it prints is kept in files.
type process struct {
	cmd      *exec.Cmd
	began    time.Time
	out, err string // files
	ended    chan struct{}

	mu    sync.Mutex
	sizes []sample // so far
}

// start begins a command of tasks. It is killed when the measuring is given up.
func (b *bench) start(env []string, args ...string) (*process, error) {
	return b.command(env, b.program, args...)
}

func (b *bench) command(env []string, program string, args ...string) (*process, error) {
	b.jobs++
	p := &process{ended: make(chan struct{})}
	p.out = filepath.Join(b.work, fmt.Sprintf("%03d.out", b.jobs))
	p.err = filepath.Join(b.work, fmt.Sprintf("%03d.err", b.jobs))
	out, err := os.Create(p.out)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	complaints, err := os.Create(p.err)
	if err != nil {
		return nil, err
	}
	defer complaints.Close()
	p.cmd = exec.CommandContext(b.ctx, program, args...)
	p.cmd.Env = append(os.Environ(), append([]string{"TASKS_DSN=" + filepath.Join(b.work, "unnamed.db")}, env...)...)
	p.cmd.Stdout, p.cmd.Stderr = out, complaints
	p.began = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go p.watch()
	return p, nil
}

// watch samples the size of the process until it ends.
func (p *process) watch() {
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.look()
			case <-stop:
				return
			}
		}
	})
	_ = p.cmd.Wait() // its state says the same
	close(stop)
	wg.Wait()
	close(p.ended)
}

func (p *process) look() {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 2 {
		return
	}
	pages, err := strconv.ParseFloat(fields[1], 64)
	if err != nil || pages == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sizes = append(p.sizes, sample{time.Now(), pages * float64(os.Getpagesize()), p.used()})
}

func (p *process) samples() []sample {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sizes
}

// cpu is the processor time of the process so far, to a hundredth of a second
// while it runs.
func (p *process) cpu() time.Duration {
	if p.over() {
		return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
	}
	return p.used()
}

// used is what the system tells of a process that runs; 0 of one that does not.
func (p *process) used() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

func (p *process) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// wait wants the process to end well.
func (p *process) wait() error {
	<-p.ended
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("%s ended with %d: %s", strings.Join(p.cmd.Args[1:], " "), code, p.tail())
	}
	return nil
}

// kill ends the process at once.
func (p *process) kill() {
	if err := p.cmd.Process.Signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return
	}
	<-p.ended
}

// printed is what the process wrote to standard output.
func (p *process) printed() []byte {
	text, _ := os.ReadFile(p.out) // nothing yet
	return text
}

// tail is the end of what the process complained of.
func (p *process) tail() string {
	text, _ := os.ReadFile(p.err) // nothing is no complaint
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-5):], []byte("\n")))
}
