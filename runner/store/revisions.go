package store

import (
	"fmt"

	"tasks/runner/state"
)

const revisionColumns = `number, file, dir, text, workers, max_price, budget, applied_at, adopted_at, refused`

func revisionFields(r *state.Revision) []any {
	return []any{&r.Number, &r.File, &r.Dir, &r.Text, &r.Workers, &r.MaxPrice, &r.Budget,
		timeTo{&r.AppliedAt}, timeTo{&r.AdoptedAt}, &r.Refused}
}

// AddRevision records the document of a run as it is applied now and makes it
// the run's revision. Number and times of r are ignored; the number is returned.
func (t *Tx) AddRevision(r state.Revision) (number int, err error) {
	if number, err = t.Propose(r); err != nil {
		return 0, err
	}
	return number, t.Adopt(r.Run, number, "")
}

// Propose records a document for a run that another process may be at work on:
// it waits until that process takes it over with Adopt or says no with Refuse. An
// older one that waits is forgotten. Number and times of r are ignored; the
// number is returned.
func (t *Tx) Propose(r state.Revision) (number int, err error) {
	key, err := t.runKey(r.Run)
	if err != nil {
		return 0, err
	}
	err = t.change(`INSERT INTO revisions (run, number, file, dir, text, workers, max_price, budget, applied_at)
		VALUES (?1, 1 + coalesce((SELECT max(number) FROM revisions WHERE run = ?1), 0), ?2, ?3, ?4, ?5, ?6, ?7, ?8)
		RETURNING number`,
		[]any{key, r.File, r.Dir, verbatim(append([]byte{}, r.Text...)), r.Workers, r.MaxPrice, r.Budget, stamp(t.now)}, &number)
	if err != nil {
		return 0, wrap(err, "add revision of run", r.Run)
	}
	return number, t.setRun(`proposed = ?2`, r.Run, number)
}

// Adopt makes the revision that waits the one in force; note goes into the event.
// The error wraps ErrStale if another one, or none, waits.
func (t *Tx) Adopt(run state.RunID, number int, note string) error {
	err := t.update(`UPDATE runs SET revision = proposed, proposed = 0 WHERE id = ? AND proposed = ?`, run, number)
	if err == nil {
		err = t.update(`UPDATE revisions SET adopted_at = ?3
			WHERE run = (SELECT key FROM runs WHERE id = ?1) AND number = ?2`, run, number, stamp(t.now))
	}
	if err != nil {
		return stale(err, fmt.Sprintf("adopt revision %d of run", number), run)
	}
	if number == 1 {
		return nil // the beginning of the run says it all
	}
	return t.AddEvent(run, "revision.adopted", fmt.Sprint(number), note)
}

// Refuse records why the revision that waits is not taken over. The error wraps
// ErrStale if another one, or none, waits.
func (t *Tx) Refuse(run state.RunID, number int, why string) error {
	err := t.update(`UPDATE runs SET proposed = 0 WHERE id = ? AND proposed = ?`, run, number)
	if err == nil {
		err = t.update(`UPDATE revisions SET refused = ?3
			WHERE run = (SELECT key FROM runs WHERE id = ?1) AND number = ?2`, run, number, why)
	}
	if err != nil {
		return stale(err, fmt.Sprintf("refuse revision %d of run", number), run)
	}
	return t.AddEvent(run, "revision.refused", fmt.Sprint(number), why)
}

// Revision returns a revision of a run; the error wraps ErrNotFound.
func (t *Tx) Revision(run state.RunID, number int) (state.Revision, error) {
	r := state.Revision{Run: run}
	err := t.get(`SELECT `+revisionColumns+` FROM revisions
		WHERE run = (SELECT key FROM runs WHERE id = ?) AND number = ?`, []any{run, number}, revisionFields(&r)...)
	return r, notFound(err, fmt.Sprintf("revision %d of run", number), run)
}

// Revisions returns all revisions of a run, the first one first.
func (t *Tx) Revisions(run state.RunID) ([]state.Revision, error) {
	scan := func(row scanner) (state.Revision, error) {
		r := state.Revision{Run: run}
		err := row.Scan(revisionFields(&r)...)
		return r, err
	}
	all, err := list(t, scan, `SELECT `+revisionColumns+` FROM revisions
		WHERE run = (SELECT key FROM runs WHERE id = ?) ORDER BY number`, run)
	return all, wrap(err, "read revisions of run", run)
}
