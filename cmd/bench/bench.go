package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	_ "embed"

	"tasks/golem"
)

// market is a thousand machines on which nothing takes time, unless the command
// says so.
//
//go:embed market.yaml
var market []byte

// A bench is a place where the program is measured.
type bench struct {
	options
	ctx     context.Context
	program string  // the binary
	work    string  // directory, removed in the end
	market  string  // scenario file
	jobs    int     // given so far
	growth  []point // for the picture
	notes   []string
	say     func(format string, args ...any)
}

func open(ctx context.Context, o options) (*bench, error) {
	work, err := os.MkdirTemp(o.dir, "tasks-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{options: o, ctx: ctx, work: work, market: filepath.Join(work, "market.yaml"), say: tell}
	if err := os.WriteFile(b.market, market, 0o600); err != nil {
		return nil, errors.Join(err, b.close())
	}
	if b.program, err = b.build(); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// tell says to a person how far the measuring is.
func tell(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format(time.TimeOnly)+" "+format+"\n", args...)
}

// build makes the binary, unless there is one.
func (b *bench) build() (string, error) {
	if b.binary != "" {
		return filepath.Abs(b.binary)
	}
	program := filepath.Join(b.work, "tasks")
	cmd := exec.CommandContext(b.ctx, "go", "build", "-o", program, "tasks/cmd/tasks")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build tasks: %w\n%s", err, text)
	}
	return program, nil
}

func (b *bench) close() error { return os.RemoveAll(b.work) }

// A daemon is a devnet in a process of its own.
type daemon struct {
	*process
	url, key string
}

var exported = regexp.MustCompile(`(?m)^export (\w+)=(.*)\n`)

// devnet starts one and waits until it serves.
func (b *bench) devnet(more ...string) (*daemon, error) {
	p, err := b.start(nil, append([]string{"devnet", "--listen", "127.0.0.1:0", "--scenario", b.market}, more...)...)
	if err != nil {
		return nil, err
	}
	d := &daemon{process: p}
	for limit := time.Now().Add(30 * time.Second); d.key == ""; {
		if time.Now().After(limit) || p.over() {
			return nil, fmt.Errorf("devnet does not serve: %s", p.tail())
		}
		time.Sleep(5 * time.Millisecond)
		for _, m := range exported.FindAllSubmatch(p.printed(), -1) {
			switch string(m[1]) {
			case "YAGNA_API_URL":
				d.url = string(m[2])
			case "YAGNA_APPKEY":
				d.key = string(bytes.Trim(m[2], "'"))
			}
		}
	}
	return d, nil
}

func (d *daemon) client() *golem.Client { return &golem.Client{BaseURL: d.url, AppKey: d.key} }

func (d *daemon) env() []string { return []string{"YAGNA_API_URL=" + d.url, "YAGNA_APPKEY=" + d.key} }

// onDevnet measures something on a fresh devnet, with more arguments for it.
func onDevnet[T any](b *bench, measure func(*daemon) (T, error), more ...string) (out T, err error) {
	d, err := b.devnet(more...)
	if err != nil {
		return out, err
	}
	defer d.kill()
	return measure(d)
}

// repeatedly measures something on a fresh devnet each time.
func repeatedly[T any](b *bench, measure func(*daemon) (T, error), more ...string) ([]T, error) {
	var all []T
	for i := range b.repeat {
		one, err := onDevnet(b, measure, more...)
		if err != nil {
			return all, err
		}
		all = append(all, one)
		b.say("  %d of %d: %v", i+1, b.repeat, one)
	}
	return all, nil
}
