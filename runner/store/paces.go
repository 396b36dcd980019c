package store

import (
	"database/sql"
	"errors"
	"math"
	"slices"
	"time"

	"tasks/golem"
	"tasks/runner/state"
)

// paceHalfLife is after how long what an activity has shown of its provider counts
// for half: machines get other owners, other neighbours and other programs.
const paceHalfLife = 3 * 24 * time.Hour

// Paces returns how fast providers did tasks of the runs of a name, one a provider
// that did any, in no order: ended activities as far as they have not faded, and
// live ones.
func (t *Tx) Paces(name string) ([]state.Pace, error) {
	sum := map[golem.NodeID]state.Pace{}
	for _, read := range []func(string) ([]state.Pace, error){t.endedPaces, t.livePaces} {
		some, err := read(name)
		if err != nil {
			return nil, wrap(err, "read paces in runs named", name)
		}
		for _, p := range some {
			sum[p.Provider] = sum[p.Provider].Add(p)
		}
	}
	all := make([]state.Pace, 0, len(sum))
	for _, p := range sum {
		all = append(all, p)
	}
	return all, nil
}

// endedPaces are those of activities that are over, as faded as they are now.
func (t *Tx) endedPaces(name string) ([]state.Pace, error) {
	scan := func(row scanner) (p state.Pace, err error) {
		var at time.Time
		err = row.Scan(&p.Provider, &p.Tasks, &p.Busy, &p.CPU, &p.Lived, timeTo{&at})
		return t.faded(p, at), err
	}
	return list(t, scan, `SELECT p.id, c.tasks, c.busy, c.cpu, c.lived, c.updated_at
		FROM paces c JOIN providers p ON p.key = c.provider WHERE c.name = ?`, name)
}

// livePaces are those of activities that go on.
func (t *Tx) livePaces(name string) ([]state.Pace, error) {
	return list(t, scanPace, `SELECT `+paceColumns+` WHERE v.ended_at IS NULL AND v.batches > v.failures
		AND v.run IN (SELECT key FROM runs WHERE name = ?)`, name)
}

const paceColumns = `p.id, v.batches - v.failures, v.busy_us, v.usage, a.pricing,
	v.ready_at - v.created_at
	FROM activities v JOIN agreements a ON a.key = v.agreement JOIN providers p ON p.key = a.provider`

// scanPace reads the pace of one activity.
func scanPace(row scanner) (p state.Pace, err error) {
	var busy, preparing int64
	var usage []float64
	var pricing golem.Pricing
	err = row.Scan(&p.Provider, &p.Tasks, &busy, documentTo{&usage}, documentTo{&pricing}, intTo[int64]{&preparing})
	p.Busy = float64(busy) / 1e6
	p.CPU = counter(pricing, usage, golem.UsageCPU)
	p.Lived = counter(pricing, usage, golem.UsageDuration) - float64(preparing)/1e6
	if p.Lived <= 0 {
		p.CPU, p.Lived = 0, 0 // its report is from before it worked
	}
	return p, err
}

// counter is what a usage report says of one counter, 0 where it is not in it.
func counter(p golem.Pricing, usage []float64, name string) float64 {
	at := slices.Index(p.Vector, name)
	if at < 0 || at >= len(usage) {
		return 0
	}
	return usage[at]
}

// addPace keeps what an activity that has just ended has shown, so that it does
// not go with its row.
func (t *Tx) addPace(activity int64) error {
	now, err := one(t, scanPace, `SELECT `+paceColumns+` WHERE v.key = ? AND v.batches > v.failures`, activity)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // it has done nothing
	}
	if err != nil {
		return err
	}
	var key int64
	var name string
	err = t.get(`SELECT a.provider, r.name FROM activities v JOIN agreements a ON a.key = v.agreement JOIN runs r ON r.key = v.run
		WHERE v.key = ?`, []any{activity}, &key, &name)
	if err != nil {
		return err
	}
	before, err := t.paceOf(key, name)
	if err != nil {
		return err
	}
	sum := before.Add(now)
	return t.update(`INSERT INTO paces (provider, name, tasks, busy, cpu, lived, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET tasks = excluded.tasks, busy = excluded.busy, cpu = excluded.cpu,
			lived = excluded.lived, updated_at = excluded.updated_at`,
		key, name, sum.Tasks, sum.Busy, sum.CPU, sum.Lived, stamp(t.now))
}

// paceOf is what is kept of a provider, as faded as it is now; zero for nothing.
func (t *Tx) paceOf(provider int64, name string) (p state.Pace, err error) {
	var at time.Time
	err = t.get(`SELECT tasks, busy, cpu, lived, updated_at FROM paces WHERE name = ? AND provider = ?`,
		[]any{name, provider}, &p.Tasks, &p.Busy, &p.CPU, &p.Lived, timeTo{&at})
	if errors.Is(err, sql.ErrNoRows) {
		return state.Pace{}, nil
	}
	return t.faded(p, at), err
}

// faded is a pace of that time as it counts now.
func (t *Tx) faded(p state.Pace, at time.Time) state.Pace {
	age := max(0, t.now.Sub(at))
	return p.Times(math.Exp2(-age.Hours() / paceHalfLife.Hours()))
}
