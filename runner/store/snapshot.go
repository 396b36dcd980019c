package store

import (
	"tasks/golem"
	"tasks/runner/state"
)

// A Snapshot is what a decision about a run needs, at one moment.
type Snapshot struct {
	Run         state.Run
	Agreements  []state.Agreement  // by key: those not over, those whose invoice is waited for or being accepted, those with a live activity
	Activities  []state.Activity   // by key: all of those agreements, ended ones too
	Allocations []state.Allocation // by key: those not over
	Counts      state.Counts
	StageCounts map[string]state.Counts
}

// concern selects the keys of the agreements that a decision can be about.
// However long a run lasts, they are few.
const concern = `
	SELECT key FROM agreements WHERE run = ?1 AND ended_at IS NULL
	UNION SELECT key FROM agreements WHERE run = ?1 AND state = 'ended' AND invoice_state IS NULL AND wait_until > ?2
	UNION SELECT key FROM agreements INDEXED BY agreements_unsettled WHERE run = ?1 AND state = 'ended'
		AND coalesce(invoice_state, '') NOT IN ('accepted', 'settled') AND invoice_state = 'accepting'
	UNION SELECT agreement FROM activities WHERE run = ?1 AND ended_at IS NULL`

// Snapshot returns the present state of a run; the error wraps ErrNotFound.
func (t *Tx) Snapshot(run state.RunID) (s Snapshot, err error) {
	key, err := t.runKey(run)
	if err != nil {
		return s, err
	}
	if s.Run, err = t.Run(run); err != nil {
		return s, err
	}
	if s.Agreements, err = t.concerned(key); err != nil {
		return s, wrap(err, "read agreements of run", run)
	}
	if s.Activities, err = t.concernedActivities(key); err != nil {
		return s, wrap(err, "read activities of run", run)
	}
	if s.Allocations, err = t.Allocations(run, true); err != nil {
		return s, err
	}
	if s.StageCounts, err = t.StageCounts(run); err != nil {
		return s, err
	}
	s.Counts, err = t.Counts(run)
	return s, err
}

func (t *Tx) concerned(run int64) ([]state.Agreement, error) {
	keys, err := t.keys(concern+` ORDER BY 1`, run, stamp(t.now))
	if err != nil {
		return nil, err
	}
	return t.s.kept.agreements.these(t, keys, t.Agreement)
}

func (t *Tx) concernedActivities(run int64) ([]state.Activity, error) {
	keys, err := t.keys(`SELECT key FROM activities WHERE agreement IN (`+concern+`) ORDER BY key`, run, stamp(t.now))
	if err != nil {
		return nil, err
	}
	return t.s.kept.activities.these(t, keys, t.Activity)
}

// An ActivityRow is an activity with whose it is.
type ActivityRow struct {
	state.Activity
	AgreementID  golem.AgreementID
	Provider     golem.NodeID
	ProviderName string
}

// ActivityRows returns all activities of a run in the order of their creation.
func (t *Tx) ActivityRows(run state.RunID) ([]ActivityRow, error) {
	scan := func(row scanner) (a ActivityRow, err error) {
		fields := append(activityFields(&a.Activity), textTo[golem.AgreementID]{&a.AgreementID}, &a.Provider, &a.ProviderName)
		err = row.Scan(fields...)
		return a, err
	}
	all, err := list(t, scan, `SELECT `+activityColumns+`, g.id, p.id, g.provider_name`+activityTables+`
		JOIN agreements g ON g.key = v.agreement JOIN providers p ON p.key = g.provider
		WHERE v.run = (SELECT key FROM runs WHERE id = ?) ORDER BY v.key`, run)
	return all, wrap(err, "read activities of run", run)
}
