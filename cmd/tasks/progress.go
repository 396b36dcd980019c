package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"tasks/runner"
	"tasks/runner/ledger"
	"tasks/runner/report"
	"tasks/runner/state"
	"tasks/runner/store"
)

// How often progress is read: a terminal shows it at once, a pipe gets a line
// at a time.
const (
	progressEvery     = 250 * time.Millisecond
	progressLineEvery = time.Second
)

// A progress shows how a run of this process gets on, on standard error: a
// block that is drawn again on a terminal, lines at changes elsewhere.
type progress struct {
	log *slog.Logger // its lines do not disturb the block

	screen *screen
	reader *statusReader
	run    runChoice

	mu      sync.Mutex // guards the fields below and the screen
	samples []report.Sample
	block   block
	line    string        // the line shown last
	last    report.Status // zero before the first, and after the end
	asked   time.Time     // when the run was asked to end; zero before

	copies *runner.Copies // what the runner copies
	told   time.Time      // when a pipe was told of copies last

	cancel context.CancelFunc
	ended  chan struct{}
}

func (a *app) startProgress(st *store.Store, run state.RunID, verbose bool) *progress {
	ctx, cancel := context.WithCancel(context.Background())
	p := &progress{
		screen: a.err, run: runChoice{flag: string(run)}, block: block{screen: a.err},
		reader: &statusReader{store: st, live: func(state.RunID) bool { return true }},
		copies: &runner.Copies{}, cancel: cancel, ended: make(chan struct{}),
	}
	level := slog.Level(runner.LevelNotice)
	if verbose {
		level = slog.LevelInfo
	}
	p.log = slog.New(&logLines{out: p, level: level})
	go p.follow(ctx)
	return p
}

// close takes the block away; nothing is shown after it.
func (p *progress) close() {
	p.cancel()
	<-p.ended
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.block.clear()
	p.last = report.Status{}
}

// Write shows lines of the log above the block.
func (p *progress) Write(lines []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.block.clear()
	n, err := p.screen.Write(lines)
	p.redrawLocked()
	return n, err
}

// say tells the person at the terminal something that is not progress.
func (p *progress) say(text string) { fmt.Fprintf(p, "tasks: %s\n", text) }

// ending shows from now on how long the end may take.
func (p *progress) ending() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = time.Now()
	p.redrawLocked()
}

// endingText is where the end of a run stands that was asked for so long ago.
func endingText(since time.Duration) string {
	drain := runner.DefaultDrainTimeout - since
	if drain > 0 {
		return "running tasks have " + elapsed(drain) + " left"
	}
	if wait := drain + runner.DefaultInvoiceWait; wait > 0 {
		return "agreements end; their invoices have " + elapsed(wait) + " left to come"
	}
	return "what is set aside is given back"
}

func (p *progress) follow(ctx context.Context) {
	defer close(p.ended)
	every := progressLineEvery
	if p.screen.terminal {
		every = progressEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		// Before the runner has made the run there is nothing to show, and an
		// error that matters is one that the runner meets too.
		if s, err := p.reader.read(ctx, p.run, true); err == nil {
			p.show(s)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (p *progress) show(s report.Status) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.samples = report.Trim(append(p.samples, report.Sample{At: time.Now(), Tasks: s.Tasks}))
	p.last = s
	if p.screen.terminal {
		p.redrawLocked()
		return
	}
	if line := progressLine(s); line != p.line {
		p.line = line
		fmt.Fprintln(p.screen, line)
	}
	p.tellCopiesLocked(time.Now())
}

func (p *progress) redrawLocked() {
	if !p.screen.terminal || p.last.RunID == "" {
		return
	}
	now, width := time.Now(), p.screen.width()
	lines := progressBlock(p.screen, p.last, report.ProgressOf(p.samples), width, now)
	lines = append(lines, copiesBlock(p.copies.Now(), width, now)...)
	if !p.asked.IsZero() {
		lines = append(lines, cut("  ending   "+endingText(now.Sub(p.asked)), width)+"\n"...)
	}
	_ = p.block.redraw(lines)
}

// progressLine is the run on one line, without what changes by itself.
func progressLine(s report.Status) string {
	return fmt.Sprintf("%s: %s; %s; %s GLM", s.RunID, tasksLine(s.Tasks), workersLine(s), ledger.Show(s.Spent))
}

// progressBlock is the run in a few lines that fit the screen.
func progressBlock(out *screen, s report.Status, p report.Progress, width int, now time.Time) []byte {
	var b bytes.Buffer
	line := func(text string) { fmt.Fprintln(&b, cut(text, width)) }
	line(runLine(out, s, now))
	line("  tasks    " + tasksLine(s.Tasks) + rateText(p))
	line("  workers  " + workersLine(s))
	line(fmt.Sprintf("  money    %s GLM spent, %s reserved%s; budget %s",
		ledger.Show(s.Spent), ledger.Show(s.Reserved), perResultText(s), budgetLine(s.Budget)))
	return b.Bytes()
}

// rateText is how fast tasks end and when the last will, where that is known.
func rateText(p report.Progress) string {
	var parts []string
	switch {
	case p.Rate >= 1:
		parts = append(parts, fmt.Sprintf("%.1f/s", p.Rate))
	case p.Rate*60 >= 1:
		parts = append(parts, fmt.Sprintf("%.1f/min", p.Rate*60))
	case p.Rate > 0:
		parts = append(parts, fmt.Sprintf("%.1f/h", p.Rate*3600))
	}
	if p.Known {
		parts = append(parts, elapsed(p.Left)+" left")
	}
	if len(parts) == 0 {
		return ""
	}
	return "; " + strings.Join(parts, ", ")
}
