package devnet

import (
	"bytes"
	"context"
	"sync"
	"time"

	"tasks/golem"
	"tasks/golem/devnet/process"
)

// spoil is an exe-unit as the provider has it run: slower than it says, or not
// true to what its commands write. An honest provider's is left as it is.
func (p *Provider) spoil(honest Runner, spawned time.Time) Runner {
	if p.Slower <= 1 && p.TruncatesOutput <= 0 && !p.CorruptsOutput {
		return honest
	}
	return &spoiled{Runner: honest, conduct: p, slowFrom: spawned.Add(p.SlowerAfter)}
}

type spoiled struct {
	Runner
	conduct  *Provider
	slowFrom time.Time

	mu   sync.Mutex
	more time.Duration // processor time that being slow has taken
}

// Run stretches the command's time and falsifies its outputs. What out was told
// while the command ran stays true.
func (r *spoiled) Run(ctx context.Context, run golem.Run, out process.Sink) process.Outcome {
	began := time.Now()
	done := r.Runner.Run(ctx, run, out)
	if slower := r.conduct.Slower; slower > 1 && !began.Before(r.slowFrom) {
		done = r.stretch(ctx, done, time.Since(began), slower)
	}
	done.Stdout, done.Stderr = r.conduct.falsify(done.Stdout), r.conduct.falsify(done.Stderr)
	return done
}

// stretch makes a command that took so long take factor times that.
func (r *spoiled) stretch(ctx context.Context, done process.Outcome, took time.Duration, factor float64) process.Outcome {
	began := time.Now()
	err := sleep(ctx, times(took, factor-1))
	r.mu.Lock()
	defer r.mu.Unlock()
	extra := times(done.CPU, factor-1)
	r.more += extra
	done.CPU, done.Wall = done.CPU+extra, done.Wall+time.Since(began)
	if err != nil && done.Err == nil {
		done.ExitCode, done.Err = -1, context.Cause(ctx)
	}
	return done
}

func (r *spoiled) CPU() time.Duration {
	used := r.Runner.CPU()
	r.mu.Lock()
	defer r.mu.Unlock()
	return used + r.more
}

func times(d time.Duration, factor float64) time.Duration {
	return time.Duration(float64(d) * factor)
}

// corruptEvery is the distance of the characters that are changed.
const corruptEvery = 16

// falsify is what the provider hands on of an output.
func (p *Provider) falsify(out golem.Output) golem.Output {
	if n := p.TruncatesOutput; n > 0 && len(out) > n {
		out = out[:n]
	}
	if !p.CorruptsOutput {
		return out
	}
	out = bytes.Clone(out)
	for i := 0; i < len(out); i += corruptEvery {
		if out[i] > ' ' && out[i] < '~' {
			out[i] ^= 1
		}
	}
	return out
}
