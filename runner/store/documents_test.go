package store_test

import (
	"fmt"
	"testing"

	"tasks/golem"
	"tasks/runner/store"
)

// BenchmarkSnapshot looks at a run with 1,000 workers, as the loop does at every
// turn.
func BenchmarkSnapshot(b *testing.B) {
	w := newWorld(b)
	for i := range 999 {
		name := fmt.Sprintf("golem-%d", i)
		key := w.hire(b, golem.AgreementID("a-"+name), golem.NodeID(fmt.Sprintf("0x%040d", i)), name)
		w.activate(b, key, golem.ActivityID("v-"+name))
		update(b, w.Store, func(tx *store.Tx) error {
			return tx.MoveAgreement(key, "approved", "ending", store.AgreementSet{Offer: largeOffer(i)})
		})
	}
	for b.Loop() {
		s := ask(b, w.Store, func(tx *store.Tx) (store.Snapshot, error) { return tx.Snapshot(w.run) })
		if len(s.Agreements) != 1000 || len(s.Activities) != 1000 {
			b.Fatalf("%d agreements, %d activities", len(s.Agreements), len(s.Activities))
		}
	}
}

// largeOffer is as large as those of the network.
func largeOffer(i int) golem.Properties {
	p := golem.Properties{"golem.node.id.name": fmt.Sprintf("golem-%d", i)}
	for k := range 30 {
		p[fmt.Sprintf("golem.inf.property.%d", k)] = fmt.Sprintf("value %d of it", k)
	}
	return p
}
