package store

import (
	"fmt"

	"tasks/golem"
	"tasks/runner/state"
)

const runColumns = `id, name, payload, session, state, note, revision, proposed, daemon, identity, stop_asked, retry_asked,
	created_at, started_at, finished_at, results_path, results_offset, results_exported,
	file_task, file_seq, agreement_cursor, debit_note_cursor, invoice_cursor`

func scanRun(row scanner) (r state.Run, err error) {
	err = row.Scan(&r.ID, &r.Name, &r.Payload, &r.Session, &r.State, &r.Note, &r.Revision, &r.Proposed, &r.Daemon, &r.Identity, &r.StopAsked, &r.RetryAsked,
		timeTo{&r.CreatedAt}, timeTo{&r.StartedAt}, timeTo{&r.FinishedAt},
		&r.ResultsPath, &r.ResultsOffset, &r.ResultsExported,
		intTo[int64]{&r.ResultsHead}, &r.ResultsFirst,
		&r.AgreementCursor, &r.DebitNoteCursor, &r.InvoiceCursor)
	return r, err
}

// CreateRun records a new run in the state running, with its first revision. A
// zero CreatedAt is now. The error wraps ErrExists if the id or the session is
// taken.
func (t *Tx) CreateRun(r state.Run, first state.Revision) error {
	var taken bool
	err := t.get(`SELECT EXISTS (SELECT 1 FROM runs WHERE id = ?1 OR session = ?2 AND session <> '')`,
		[]any{r.ID, r.Session}, &taken)
	if err == nil && taken {
		err = ErrExists
	}
	if err == nil {
		_, _, err = t.exec(`INSERT INTO runs (id, name, payload, session, state, note, revision, daemon, identity, created_at,
				results_path, agreement_cursor, debit_note_cursor, invoice_cursor)
			VALUES (?, ?, ?, ?, 'running', ?, 0, ?, ?, ?, ?, ?, ?, ?)`,
			r.ID, r.Name, r.Payload, r.Session, r.Note, r.Daemon, r.Identity, stamp(t.or(r.CreatedAt)),
			r.ResultsPath, r.AgreementCursor, r.DebitNoteCursor, r.InvoiceCursor)
	}
	if err != nil {
		return fmt.Errorf("create run %s: %w", r.ID, err)
	}
	first.Run = r.ID
	if _, err := t.AddRevision(first); err != nil {
		return err
	}
	return t.AddEvent(r.ID, "run.created", string(r.ID), r.Note)
}

// Run returns a run; the error wraps ErrNotFound.
func (t *Tx) Run(id state.RunID) (state.Run, error) {
	r, err := one(t, scanRun, `SELECT `+runColumns+` FROM runs WHERE id = ?`, id)
	return r, notFound(err, "run", id)
}

// LatestRun returns the run that was created last; the error wraps ErrNotFound
// if there is none.
func (t *Tx) LatestRun() (state.RunID, error) {
	var id state.RunID
	err := t.get(`SELECT id FROM runs ORDER BY created_at DESC, key DESC LIMIT 1`, nil, &id)
	return id, notFound(err, "latest", "run")
}

// Runs returns all runs, the newest first.
func (t *Tx) Runs() ([]state.Run, error) {
	runs, err := list(t, scanRun, `SELECT `+runColumns+` FROM runs ORDER BY created_at DESC, key DESC`)
	return runs, wrap(err, "read all", "runs")
}

// runKey returns the key of a run inside the database.
func (t *Tx) runKey(id state.RunID) (int64, error) {
	var key int64
	err := t.get(`SELECT key FROM runs WHERE id = ?`, []any{id}, &key)
	return key, notFound(err, "run", id)
}

// MoveRun moves a run from whatever state it is in. A state that is an end sets
// FinishedAt; running and paused clear it. A final state is not left: the error
// wraps ErrStale. A run that is in that state already only gets the note.
func (t *Tx) MoveRun(id state.RunID, to state.RunState, note string) error {
	r, err := t.Run(id)
	if err != nil {
		return err
	}
	if r.State != to && r.State.Final() {
		return fmt.Errorf("move run %s from %s to %s: %w", id, r.State, to, ErrStale)
	}
	if r.State != to && !r.State.CanMove(to) {
		return fmt.Errorf("move run %s from %s to %s: %w", id, r.State, to, ErrForbidden)
	}
	if r.State == to && r.Note == note {
		return nil
	}
	at := t.now
	if r.State == to {
		at = r.FinishedAt
	}
	err = t.update(`UPDATE runs SET state = ?2, note = ?3,
			finished_at = CASE WHEN ?2 IN ('running', 'paused') THEN NULL ELSE ?4 END
		WHERE id = ?1 AND state = ?5`, id, to, note, stamp(at), r.State)
	if err != nil {
		return stale(err, "move run", id)
	}
	return t.AddEvent(id, "run."+string(to), string(id), note)
}

// StartRun records that a process begins to work on a run at a daemon, under an
// identity: the run is running, and an old request to stop is void. The error
// wraps ErrStale if the run's state is final.
func (t *Tx) StartRun(id state.RunID, daemon string, identity golem.NodeID) error {
	if err := t.MoveRun(id, state.RunRunning, ""); err != nil {
		return err
	}
	err := t.update(`UPDATE runs SET daemon = ?2, identity = ?3, started_at = ?4, stop_asked = 0 WHERE id = ?1`,
		id, daemon, identity, stamp(t.now))
	if err != nil {
		return notFound(err, "run", id)
	}
	return t.AddEvent(id, "run.started", string(id), "on daemon "+daemon)
}

// AskStop records that somebody wants the run to end.
func (t *Tx) AskStop(id state.RunID) error {
	if err := t.setRun(`stop_asked = 1`, id); err != nil {
		return err
	}
	return t.AddEvent(id, "run.stop_asked", string(id), "")
}

// StopAsked reports whether somebody wants the run to end.
func (t *Tx) StopAsked(id state.RunID) (bool, error) {
	r, err := t.Run(id)
	return r.StopAsked, err
}

// SetEventCursors records how far the daemon's event streams were read; nil
// leaves a cursor alone.
func (t *Tx) SetEventCursors(id state.RunID, agreement, debitNote, invoice *golem.Timestamp) error {
	return t.setRun(`agreement_cursor = coalesce(?2, agreement_cursor),
		debit_note_cursor = coalesce(?3, debit_note_cursor),
		invoice_cursor = coalesce(?4, invoice_cursor)`, id, agreement, debitNote, invoice)
}

// SetExported records how much of the results file is written and on disk.
func (t *Tx) SetExported(id state.RunID, seq, offset int64) error {
	return t.setRun(`results_exported = ?2, results_offset = ?3`, id, seq, offset)
}

// SetResultsHead records which result the first line of the results file is of.
func (t *Tx) SetResultsHead(id state.RunID, task, seq int64) error {
	return t.setRun(`file_task = ?2, file_seq = ?3`, id, nonzero(task), seq)
}

// SetResultsPath records where the results go; "" is nowhere.
func (t *Tx) SetResultsPath(id state.RunID, path string) error {
	return t.setRun(`results_path = ?2`, id, path)
}

// setRun changes columns of a run that no state guards; the id is ?1.
func (t *Tx) setRun(columns string, id state.RunID, args ...any) error {
	err := t.update(`UPDATE runs SET `+columns+` WHERE id = ?1`, append([]any{id}, args...)...)
	return notFound(err, "run", id)
}
