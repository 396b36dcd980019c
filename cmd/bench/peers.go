package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"
)

// against is the program and its peer on one devnet.
type against struct {
	own, peer float64 // tasks a second
}

func (a against) String() string {
	return fmt.Sprintf("%s tasks/s, the peer %s", round(a.own), round(a.peer))
}

// peers compares the program with @golem-sdk/task-executor: the same commands, as
// many workers, the same devnet.
func peers(b *bench) ([]row, error) {
	all, err := repeatedly(b, func(d *daemon) (a against, err error) {
		ends, err := b.peerOn(d)
		if err != nil {
			return a, err
		}
		o, err := b.carryOut(d, job{tasks: b.tasks, workers: b.workers})
		return against{own: o.rate(), peer: speed(ends)}, err
	})
	if err != nil {
		return nil, err
	}
	return []row{{
		measure: fmt.Sprintf("tasks a second, %d workers, against @golem-sdk/task-executor", b.workers),
		value:   median(each(all, func(a against) float64 { return a.own / a.peer })), unit: " times", bound: 10,
		more: fmt.Sprintf("%s against %s a second", round(median(each(all, func(a against) float64 { return a.own }))),
			round(median(each(all, func(a against) float64 { return a.peer })))),
	}}, nil
}

// peerOn lets the peer run its tasks, and returns when each ended.
func (b *bench) peerOn(d *daemon) ([]time.Time, error) {
	program, err := filepath.Abs(b.script)
	if err != nil {
		return nil, err
	}
	env := append(d.env(), "GOLEM_REGISTRY_URL="+d.url, "YAGNA_PAYMENT_NETWORK=hoodi", "YAGNA_SUBNET=public")
	p, err := b.command(env, "node", program, fmt.Sprint(b.peer), fmt.Sprint(b.workers))
	if err != nil {
		return nil, err
	}
	if err := p.wait(); err != nil {
		return nil, err
	}
	var ends []time.Time
	if err := json.Unmarshal(p.printed(), &ends); err != nil {
		return nil, fmt.Errorf("read what the peer printed: %w", err)
	}
	if len(ends) != b.peer {
		return nil, fmt.Errorf("the peer did %d of %d tasks", len(ends), b.peer)
	}
	return ends, nil
}
