package runner

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner/state"
)

// maxSeen is how many offers wait to be recorded at most: the records keep few
// more.
const maxSeen = 500

// A seenList is the offers that were judged and wait to be recorded, the last of
// each proposal. It is safe for use by several goroutines.
type seenList struct {
	mu     sync.Mutex
	offers map[golem.ProposalID]state.SeenOffer
}

func (l *seenList) add(id golem.ProposalID, o state.SeenOffer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.offers == nil {
		l.offers = map[golem.ProposalID]state.SeenOffer{}
	}
	if len(l.offers) < maxSeen {
		l.offers[id] = o
	}
}

// take empties the list.
func (l *seenList) take() []state.SeenOffer {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []state.SeenOffer
	for _, id := range slices.Sorted(maps.Keys(l.offers)) {
		out = append(out, l.offers[id])
	}
	l.offers = nil
	return out
}

// seenOffer is an offer with what was made of it, for the records.
func seenOffer(c candidate, env policies.OfferEnv, ruling policies.Ruling, revision int) (golem.ProposalID, state.SeenOffer) {
	saw := policies.Values(env)
	delete(saw, "offer") // the properties say it
	text, err := json.Marshal(saw)
	if err != nil {
		text = []byte("{}") // texts and numbers always can be written
	}
	o := state.SeenOffer{
		Provider: c.proposal.IssuerID, ProviderName: c.offer.Provider.Name, Properties: c.proposal.Properties,
		Env: text, Rule: ruling.By, Revision: revision,
	}
	if ruling.By == "" {
		o.Score = &ruling.Score
	}
	return c.proposal.ProposalID, o
}
