package store

import (
	"database/sql"
	"errors"

	"tasks/golem"
	"tasks/runner/state"
)

const providerColumns = `p.id, p.name, p.successes, p.failures, p.refusals, p.results, p.cost, p.last_failure`

func scanProvider(row scanner) (p state.Provider, err error) {
	err = row.Scan(&p.ID, &p.Name, &p.Successes, &p.Failures, &p.Refusals, &p.Results, &p.Cost, timeTo{&p.LastFailure})
	return p, err
}

// Provider returns what is remembered of a provider over all runs; of one that
// was never met, only the ID.
func (t *Tx) Provider(id golem.NodeID) (state.Provider, error) {
	p, err := one(t, scanProvider, `SELECT `+providerColumns+` FROM providers p WHERE p.id = ?`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return state.Provider{ID: id}, nil
	}
	return p, wrap(err, "read provider", id)
}

// Providers returns the providers that a run had agreements with, or all that
// were ever met for "", in the order in which they were met.
func (t *Tx) Providers(run state.RunID) ([]state.Provider, error) {
	where, args := ``, []any{}
	if run != "" {
		where = ` WHERE p.key IN (SELECT provider FROM agreements WHERE run = (SELECT key FROM runs WHERE id = ?1)
			UNION SELECT provider FROM rolled_ends WHERE run = (SELECT key FROM runs WHERE id = ?1))`
		args = append(args, run)
	}
	all, err := list(t, scanProvider, `SELECT `+providerColumns+` FROM providers p`+where+` ORDER BY p.key`, args...)
	return all, wrap(err, "read providers of run", run)
}

// CountRefusal counts a proposal or an agreement that a provider refused.
func (t *Tx) CountRefusal(id golem.NodeID, name string) error {
	key, err := t.providerKey(id, name)
	if err != nil {
		return err
	}
	err = t.update(`UPDATE providers SET refusals = refusals + 1 WHERE key = ?`, key)
	return wrap(err, "count refusal of provider", id)
}

// providerKey returns the key of a provider, and makes the provider and its
// present name known.
func (t *Tx) providerKey(id golem.NodeID, name string) (key int64, err error) {
	var known string
	err = t.get(`SELECT key, name FROM providers WHERE id = ?`, []any{id}, &key, &known)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		_, key, err = t.exec(`INSERT INTO providers (id, name) VALUES (?, ?)`, id, name)
	case err == nil && name != "" && name != known:
		err = t.update(`UPDATE providers SET name = ?2 WHERE key = ?1`, key, name)
	}
	return key, wrap(err, "add provider", id)
}
