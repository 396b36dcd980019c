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

// historyHalfLife is after how long what is known of a provider counts for half:
// machines get other owners, other neighbours and other programs.
const historyHalfLife = 3 * 24 * time.Hour

// Histories returns what providers did with work of a kind, one a provider that did
// any, in no order: ended activities as far as they have not faded, and live ones.
// Runs whose payload was not recorded are among them whatever their payload.
func (t *Tx) Histories(w state.Work) ([]state.History, error) {
	sum := map[golem.NodeID]state.History{}
	for _, read := range []func(state.Work) ([]state.History, error){t.endedHistories, t.liveHistories} {
		some, err := read(w)
		if err != nil {
			return nil, wrap(err, "read histories in runs named", w.Name)
		}
		for _, h := range some {
			sum[h.Provider] = sum[h.Provider].Add(h)
		}
	}
	all := make([]state.History, 0, len(sum))
	for _, h := range sum {
		all = append(all, h)
	}
	return all, nil
}

const historyColumns = `p.id, c.tasks, c.faults, c.own, c.timeouts, c.results, c.cost, c.busy, c.cpu, c.lived, c.seen_at, c.updated_at
	FROM histories c JOIN providers p ON p.key = c.provider`

// scanHistory reads a history as faded as it is now.
func (t *Tx) scanHistory(row scanner) (h state.History, err error) {
	var at time.Time
	err = row.Scan(&h.Provider, &h.Tasks, &h.Faults, &h.Own, &h.Timeouts, &h.Results, &h.Cost, &h.Busy, &h.CPU, &h.Lived,
		timeTo{&h.Seen}, timeTo{&at})
	age := max(0, t.now.Sub(at))
	return h.Times(math.Exp2(-age.Hours() / historyHalfLife.Hours())), err
}

// endedHistories are those of activities that are over.
func (t *Tx) endedHistories(w state.Work) ([]state.History, error) {
	return list(t, t.scanHistory, `SELECT `+historyColumns+` WHERE c.name = ?1 AND c.payload IN ('', ?2)`, w.Name, w.Payload)
}

// liveHistories are those of activities that go on.
func (t *Tx) liveHistories(w state.Work) ([]state.History, error) {
	return list(t, scanShown, `SELECT `+shownColumns+` WHERE v.ended_at IS NULL AND v.batches > 0
		AND v.run IN (SELECT key FROM runs WHERE name = ?1 AND payload IN ('', ?2))`, w.Name, w.Payload)
}

const shownColumns = `p.id, v.batches - v.failures, v.faults, v.own, v.timeouts, v.results, v.busy_us, v.usage, a.pricing,
	v.ready_at - v.created_at, v.last_task
	FROM activities v JOIN agreements a ON a.key = v.agreement JOIN providers p ON p.key = a.provider`

// scanShown reads what one activity has shown of its provider. Its time counts if
// it has done anything in it. Its cost is counted when a bill is accepted.
func scanShown(row scanner) (h state.History, err error) {
	var busy, preparing int64
	var usage []float64
	var pricing golem.Pricing
	err = row.Scan(&h.Provider, &h.Tasks, &h.Faults, &h.Own, &h.Timeouts, &h.Results, &busy, documentTo{&usage}, documentTo{&pricing},
		intTo[int64]{&preparing}, timeTo{&h.Seen})
	if h.Tasks == 0 {
		return h, err
	}
	h.Busy = float64(busy) / 1e6
	h.CPU = counter(pricing, usage, golem.UsageCPU)
	h.Lived = counter(pricing, usage, golem.UsageDuration) - float64(preparing)/1e6
	if h.Lived <= 0 {
		h.CPU, h.Lived = 0, 0 // its report is from before it worked
	}
	return h, err
}

// counter is what a usage report says of one counter, 0 where it is not in it.
func counter(p golem.Pricing, usage []float64, name string) float64 {
	at := slices.Index(p.Vector, name)
	if at < 0 || at >= len(usage) {
		return 0
	}
	return usage[at]
}

// keepHistory keeps what an activity that has just ended has shown, so that it
// does not go with its row.
func (t *Tx) keepHistory(activity int64) error {
	shown, err := one(t, scanShown, `SELECT `+shownColumns+` WHERE v.key = ? AND v.batches > 0`, activity)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // it has done nothing
	}
	if err != nil {
		return err
	}
	return t.addHistory(activity, shown)
}

// addHistory adds to the history of an activity's provider with work of its kind.
func (t *Tx) addHistory(activity int64, more state.History) error {
	var provider, run int64
	err := t.get(`SELECT a.provider, v.run FROM activities v JOIN agreements a ON a.key = v.agreement WHERE v.key = ?`,
		[]any{activity}, &provider, &run)
	if err != nil {
		return err
	}
	return t.addHistoryOf(provider, run, more)
}

func (t *Tx) addHistoryOf(provider, run int64, more state.History) error {
	var w state.Work
	if err := t.get(`SELECT name, payload FROM runs WHERE key = ?`, []any{run}, &w.Name, &w.Payload); err != nil {
		return err
	}
	h, err := one(t, t.scanHistory, `SELECT `+historyColumns+` WHERE c.name = ? AND c.payload = ? AND c.provider = ?`,
		w.Name, w.Payload, provider)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	h = h.Add(more)
	// What is taken back has faded since.
	h.Faults = max(0, h.Faults)
	_, _, err = t.exec(`INSERT INTO histories
			(name, payload, provider, tasks, faults, own, timeouts, results, cost, busy, cpu, lived, seen_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET tasks = excluded.tasks, faults = excluded.faults, own = excluded.own,
			timeouts = excluded.timeouts, results = excluded.results, cost = excluded.cost, busy = excluded.busy,
			cpu = excluded.cpu, lived = excluded.lived, seen_at = excluded.seen_at, updated_at = excluded.updated_at`,
		w.Name, w.Payload, provider, h.Tasks, h.Faults, h.Own, h.Timeouts, h.Results, h.Cost, h.Busy, h.CPU, h.Lived,
		stamp(h.Seen), stamp(t.now))
	return err
}

// acquit takes the blame from providers for a task that is given up: where it broke
// several of them and none could do it, the task is what they have in common. So
// one bad task does not count against everybody.
func (t *Tx) acquit(task int64) error {
	type fault struct{ provider, activity, count int64 }
	scan := func(row scanner) (f fault, err error) {
		err = row.Scan(&f.provider, &f.activity, &f.count)
		return f, err
	}
	all, err := list(t, scan, `SELECT g.provider, v.key, sum(coalesce(a.fault = 'provider', 0) + coalesce(a.blames, 0))
		FROM attempts a JOIN activities v ON v.key = a.activity JOIN agreements g ON g.key = v.agreement
		WHERE a.task = ?1 AND (a.fault = 'provider' OR a.blames > 0) AND a.number > (SELECT forgiven FROM tasks WHERE id = ?1)
		GROUP BY v.key ORDER BY v.key`, task)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(f fault) bool { return f.provider != all[0].provider }) {
		return nil
	}
	for _, f := range all {
		t.sums.part.do(f.activity, doings{blamed: -f.count, own: f.count})
	}
	return nil
}
