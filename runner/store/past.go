package store

import (
	"slices"
	"time"

	"tasks/runner/state"
)

// pastRows is how many bills and minutes are read of a run at most: the last ones.
const pastRows = 100_000

// Bills returns the bills of a run in the order in which they came, the last
// 100,000 of them.
func (t *Tx) Bills(run state.RunID) ([]state.Bill, error) {
	all, err := list(t, scanBill, `SELECT * FROM (SELECT `+billColumns+billTables+`
		WHERE b.run = (SELECT key FROM runs WHERE id = ?) ORDER BY b.key DESC LIMIT ?)`, run, pastRows)
	slices.Reverse(all)
	return all, wrap(err, "read bills of run", run)
}

// A Minute is what an activity has done in one minute of its life.
type Minute struct {
	Activity              int64 // Activity.Key
	At                    time.Time
	Done, Failed, Results int
}

// Minutes returns what the activities of a run did, by the minute in which attempts
// ended, in the order of time; the last 100,000 of them.
func (t *Tx) Minutes(run state.RunID) ([]Minute, error) {
	scan := func(row scanner) (m Minute, err error) {
		var minute int64
		err = row.Scan(&m.Activity, &minute, &m.Done, &m.Failed, &m.Results)
		m.At = time.Unix(minute*60, 0).UTC()
		return m, err
	}
	all, err := list(t, scan, `SELECT a.activity, a.finished_at / 60000000 AS minute,
			sum(a.state = 'done'), sum(a.state <> 'done'), coalesce(sum(r.count), 0)
		FROM activities v JOIN attempts a ON a.activity = v.key AND a.finished_at IS NOT NULL
		LEFT JOIN results r ON r.run = v.run AND r.attempt = a.id
		WHERE v.run = (SELECT key FROM runs WHERE id = ?)
		GROUP BY a.activity, minute ORDER BY minute DESC, a.activity DESC LIMIT ?`, run, pastRows)
	slices.Reverse(all)
	return all, wrap(err, "read minutes of run", run)
}
