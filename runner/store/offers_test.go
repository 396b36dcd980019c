package store_test

import (
	"fmt"
	"testing"

	"tasks/golem"
	"tasks/runner/state"
	"tasks/runner/store"
)

// An offer is recorded once, as it was judged last, and the oldest are forgotten.
func TestOffers(t *testing.T) {
	w := newWorld(t)
	offer := func(n int, rule string) state.SeenOffer {
		return state.SeenOffer{
			Provider: golem.NodeID(fmt.Sprintf("0x%d", n)), ProviderName: "p", Properties: golem.Properties{"n": n},
			Env: []byte(`{"run":{}}`), Rule: rule, Revision: 1,
		}
	}
	add := func(list ...state.SeenOffer) {
		update(t, w.Store, func(tx *store.Tx) error { return tx.AddOffers(w.run, list) })
	}
	read := func() []state.SeenOffer {
		return ask(t, w.Store, func(tx *store.Tx) ([]state.SeenOffer, error) { return tx.Offers(w.run) })
	}
	add(offer(1, "offer.accept"), offer(2, ""))
	scored := offer(1, "")
	score := 0.5
	scored.Score = &score
	add(scored)
	got := read()
	if len(got) != 2 || got[0].Times != 2 || got[0].Rule != "" || got[0].Score == nil || *got[0].Score != 0.5 || got[1].Times != 1 {
		t.Errorf("offers %+v", got)
	}
	if n, _ := got[0].Properties.Number("n"); n != 1 || string(got[0].Env) != `{"run":{}}` || got[0].LastAt.Before(got[0].FirstAt) {
		t.Errorf("offer %+v", got[0])
	}
	var many []state.SeenOffer
	for n := range 600 {
		many = append(many, offer(n+10, ""))
	}
	add(many...)
	if got := read(); len(got) != 500 || got[499].Provider != "0x609" {
		t.Errorf("%d offers, the last of %s", len(got), got[len(got)-1].Provider)
	}
}
