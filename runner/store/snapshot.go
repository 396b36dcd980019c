package store

import (
	"cmp"
	"maps"
	"slices"

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
	// About as many as at the last look; growing copies them all again and again.
	n := len(t.s.kept.known) + 8
	s.Agreements, s.Activities = make([]state.Agreement, 0, n), make([]state.Activity, 0, n)
	if err := t.eachEngagement(key, s.add); err != nil {
		return s, wrap(err, "read agreements of run", run)
	}
	sortByKey(s.Activities)
	if s.Allocations, err = t.Allocations(run, true); err != nil {
		return s, err
	}
	if s.StageCounts, err = t.StageCounts(run); err != nil {
		return s, err
	}
	s.Counts, err = t.Counts(run)
	return s, err
}

func (s *Snapshot) add(e *Engagement) {
	s.Agreements, s.Activities = append(s.Agreements, e.Agreement), append(s.Activities, e.Activities...)
}

// eachEngagement calls fn with the engagements that concern a run, by key. Inside an
// update nothing is kept, because the update may be undone, nor where another process
// writes.
func (t *Tx) eachEngagement(run int64, fn func(*Engagement)) error {
	if !t.keeps() {
		all, err := t.engagements(run)
		for i := range all {
			fn(&all[i])
		}
		return err
	}
	k := &t.s.kept
	if err := k.look(t, run); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(k.known)) {
		fn(k.known[key])
	}
	return nil
}

func (t *Tx) keeps() bool { return t.s.write && !t.write }

// engagements reads those that concern a run, by key.
func (t *Tx) engagements(run int64) ([]Engagement, error) {
	keys, err := t.keys(concern+` ORDER BY 1`, run, stamp(t.now))
	if err != nil {
		return nil, err
	}
	all := make([]Engagement, len(keys))
	for i, key := range keys {
		if all[i].Agreement, err = t.Agreement(key); err != nil {
			return nil, err
		}
		if all[i].Activities, err = t.ActivitiesOf(key); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// keys reads a column of keys.
func (t *Tx) keys(query string, args ...any) ([]int64, error) {
	return list(t, func(row scanner) (key int64, err error) {
		err = row.Scan(&key)
		return key, err
	}, query, args...)
}

// Moved are the agreements of which something changed.
type Moved struct {
	All  bool          // these are all that there are
	Now  []*Engagement // in no order; they are shared, and not to be changed
	Gone []int64       // those that no decision can be about any more
}

// Moved returns what of the agreements that Snapshot gives changed, with their
// activities, since it was called last in this process; at first, and where that is
// not known, all of them. Whoever adds something up over them keeps the sum with it,
// and there can be one such caller in a process. It is called in a View.
func (t *Tx) Moved(run state.RunID) (m Moved, err error) {
	key, err := t.runKey(run)
	if err != nil {
		return m, err
	}
	if !t.keeps() {
		m.All = true
		err = t.eachEngagement(key, func(e *Engagement) { m.Now = append(m.Now, e) })
		return m, wrap(err, "read agreements of run", run)
	}
	k := &t.s.kept
	if err := k.look(t, key); err != nil {
		return m, wrap(err, "read agreements of run", run)
	}
	m.All, k.anew = k.anew, false
	for key := range k.moved {
		if e := k.known[key]; e != nil {
			m.Now = append(m.Now, e)
		} else {
			m.Gone = append(m.Gone, key)
		}
	}
	k.moved = map[int64]bool{}
	return m, nil
}

// Live returns the agreements and the activities of a run that are not over, by key.
// A process that writes asks for those of the run that it works on: they are kept, so
// that it costs little to ask again.
func (t *Tx) Live(run state.RunID) (agreements []state.Agreement, activities []state.Activity, err error) {
	if !t.keeps() {
		if agreements, err = t.Agreements(run, true); err == nil {
			activities, err = t.Activities(run, true)
		}
		return agreements, activities, err
	}
	key, err := t.runKey(run)
	if err != nil {
		return nil, nil, err
	}
	err = t.eachEngagement(key, func(e *Engagement) {
		if e.EndedAt.IsZero() {
			agreements = append(agreements, e.Agreement)
		}
		for _, act := range e.Activities {
			if act.EndedAt.IsZero() {
				activities = append(activities, act)
			}
		}
	})
	sortByKey(activities)
	return agreements, activities, wrap(err, "read what is live of run", run)
}

// sortByKey sorts activities that come by their agreements. Most are in order: a
// machine is seldom given a second one.
func sortByKey(all []state.Activity) {
	slices.SortFunc(all, func(x, y state.Activity) int { return cmp.Compare(x.Key, y.Key) })
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
