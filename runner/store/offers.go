package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"tasks/runner/state"
)

// How many offers are kept: the ones that came last.
const (
	offersOfRun = 500
	offersOfAll = 5000
)

// AddOffers records offers that were judged, under the revision of each. An offer
// that a provider made before only counts again. Times and First of the list are
// ignored; the oldest offers are forgotten where there are too many.
func (t *Tx) AddOffers(run state.RunID, list []state.SeenOffer) error {
	key, err := t.runKey(run)
	if err != nil {
		return err
	}
	for _, o := range list {
		if err := t.addOffer(key, o); err != nil {
			return wrap(err, fmt.Sprintf("record offer of provider %s in run", o.Provider), run)
		}
	}
	if len(list) == 0 {
		return nil
	}
	_, _, err = t.exec(`DELETE FROM offers WHERE key IN (
		SELECT key FROM offers WHERE run = ? ORDER BY last_at DESC, key DESC LIMIT -1 OFFSET ?)`, key, offersOfRun)
	if err == nil {
		_, _, err = t.exec(`DELETE FROM offers WHERE key IN (
			SELECT key FROM offers ORDER BY last_at DESC, key DESC LIMIT -1 OFFSET ?)`, offersOfAll)
	}
	return wrap(err, "forget offers of run", run)
}

func (t *Tx) addOffer(run int64, o state.SeenOffer) error {
	properties, err := json.Marshal(o.Properties)
	if err != nil {
		return fmt.Errorf("encode properties: %w", err)
	}
	sum := sha256.Sum256(properties)
	var score any
	if o.Score != nil {
		score = *o.Score
	}
	_, _, err = t.exec(`INSERT INTO offers (run, provider, digest, provider_name, properties, env, rule, score, revision, times, first_at, last_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, ?10, ?10)
		ON CONFLICT (run, provider, digest) DO UPDATE SET
			env = excluded.env, rule = excluded.rule, score = excluded.score, revision = excluded.revision,
			times = times + 1, last_at = excluded.last_at`,
		run, o.Provider, hex.EncodeToString(sum[:8]), o.ProviderName, string(properties), string(o.Env), o.Rule, score, o.Revision, stamp(t.now))
	return err
}

// Offers returns the offers that a run has judged and that are still recorded, in
// the order in which they came first.
func (t *Tx) Offers(run state.RunID) ([]state.SeenOffer, error) {
	scan := func(row scanner) (o state.SeenOffer, err error) {
		var properties, env string
		err = row.Scan(&o.Provider, &o.ProviderName, &properties, &env, &o.Rule, &o.Score, &o.Revision, &o.Times,
			timeTo{&o.FirstAt}, timeTo{&o.LastAt})
		if err == nil {
			err = json.Unmarshal([]byte(properties), &o.Properties)
		}
		o.Env = json.RawMessage(env)
		return o, err
	}
	all, err := list(t, scan, `SELECT provider, provider_name, properties, env, rule, score, revision, times, first_at, last_at
		FROM offers WHERE run = (SELECT key FROM runs WHERE id = ?) ORDER BY key`, run)
	return all, wrap(err, "read offers of run", run)
}
