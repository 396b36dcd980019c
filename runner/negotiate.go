package runner

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"tasks/golem"
	"tasks/runner/reconcile"
)

// refused notes a provider's no.
func (m *market) refused(ctx context.Context, counter golem.ProposalID, reason *golem.Reason) {
	m.mu.Lock()
	c, ok := m.asked[counter]
	if !ok {
		m.early[counter] = func() { m.refused(ctx, counter, reason) }
	}
	delete(m.askedAt, counter)
	m.mu.Unlock()
	if !ok {
		return
	}
	m.r.Log.Debug("offer refused by its provider", logProvider, c.offer.Provider.Name, logReason, reasonText(reason))
	m.cool(c.proposal.IssuerID)
	m.r.countRefusal(ctx, c)
	m.negotiate()
}

// gather waits until the first offers are together and starts the negotiation.
func (m *market) gather(ctx context.Context) {
	tick := time.NewTicker(leastQuiet / 2)
	defer tick.Stop()
	for !m.gathered(time.Now()) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
	m.negotiate()
}

// gathered reports whether enough offers came, or enough time passed.
func (m *market) gathered(now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.gatheredLocked(now)
}

func (m *market) gatheredLocked(now time.Time) bool {
	if m.first.IsZero() {
		return false
	}
	if len(m.hopes) > 0 {
		return now.Sub(m.first) >= hopeTime
	}
	return len(m.fresh) >= gatherCount+5*m.missing || now.Sub(m.first) >= gatherTime || now.Sub(m.latest) >= m.quietLocked()
}

// quietLocked is how long no offer comes before none is expected any more.
func (m *market) quietLocked() time.Duration {
	if len(m.fresh) < 2 {
		return gatherQuiet
	}
	return min(max(leastQuiet, 10*m.gap), gatherQuiet)
}

// negotiate asks as many of the best providers as are missing, and some more.
func (m *market) negotiate() {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if m.demand == "" || m.missing <= 0 || !m.gatheredLocked(now) {
		return
	}
	free := m.missing + spareOffers - len(m.drafts) - m.waitingLocked(now)
	for ; free > 0; free-- {
		c, ok := m.nextLocked(now)
		if !ok {
			return
		}
		demand, spec := m.demand, m.spec
		m.r.effects.start("counter/"+string(c.proposal.ProposalID), func(ctx context.Context) error {
			m.counter(ctx, demand, spec, c)
			return nil
		})
	}
}

// waitingLocked counts the providers that were asked and may still answer.
func (m *market) waitingLocked(now time.Time) int {
	n := 0
	for id, at := range m.askedAt {
		if now.Sub(at) < counterTime {
			n++
		} else {
			delete(m.askedAt, id)
		}
	}
	return n
}

// nextLocked takes the best match whose provider may be asked.
func (m *market) nextLocked(now time.Time) (candidate, bool) {
	for i, c := range m.fresh {
		if m.coolings[c.proposal.IssuerID].until.After(now) || m.r.hired(c.proposal.IssuerID) {
			continue
		}
		m.fresh = slices.Delete(m.fresh, i, i+1)
		// Counted as asked from here on, so that nobody asks one more meanwhile.
		m.asked[c.proposal.ProposalID], m.askedAt[c.proposal.ProposalID] = c, now
		return c, true
	}
	return candidate{}, false
}

// counter asks one provider. A failed counter is not repeated: its slot is used
// (protocol section 2.5).
func (m *market) counter(ctx context.Context, demand golem.DemandID, spec golem.DemandSpec, c candidate) {
	id, err := m.r.client.CounterProposal(ctx, demand, c.proposal.ProposalID, m.r.counterSpec(spec))
	if err != nil {
		m.r.Log.Debug("provider not reached", logProvider, c.offer.Provider.Name, logError, err)
	}
	m.mu.Lock()
	delete(m.asked, c.proposal.ProposalID)
	delete(m.askedAt, c.proposal.ProposalID)
	if err != nil || m.demand != demand {
		m.mu.Unlock()
		return
	}
	m.asked[id], m.askedAt[id] = c, time.Now()
	answered := m.early[id]
	delete(m.early, id)
	m.mu.Unlock()
	if answered != nil {
		answered()
	}
}

// offers returns the answers to hire from, best first, one a provider.
func (m *market) offers(now time.Time) []reconcile.Offer {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []reconcile.Offer
	seen := map[golem.NodeID]bool{}
	better := m.awaitedLocked(now)
	for _, c := range m.drafts {
		if c.score < better {
			break
		}
		provider := c.proposal.IssuerID
		if seen[provider] || m.coolings[provider].until.After(now) || m.r.hired(provider) {
			continue
		}
		seen[provider] = true
		out = append(out, reconcile.Offer{
			Proposal: c.proposal.ProposalID, Provider: provider, Pricing: c.pricing,
			Threads: threadsOf(c.proposal.Properties), Interval: c.interval,
		})
	}
	return out
}

// awaitedLocked is the best score among the answers that may come any moment.
func (m *market) awaitedLocked(now time.Time) float64 {
	best := math.Inf(-1)
	for id, at := range m.askedAt {
		if now.Sub(at) < answerTime {
			best = max(best, m.asked[id].score)
		}
	}
	return best
}

// take removes an answer that is being hired from.
func (m *market) take(id golem.ProposalID) (candidate, golem.DemandID, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, c := range m.drafts {
		if c.proposal.ProposalID == id {
			m.drafts = slices.Delete(m.drafts, i, i+1)
			return c, m.demand, true
		}
	}
	return candidate{}, "", false
}

// insertBest keeps a list sorted by score, highest first, one proposal once.
func insertBest(list []candidate, c candidate) []candidate {
	at, _ := slices.BinarySearchFunc(list, c, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.proposal.ProposalID, b.proposal.ProposalID))
	})
	return slices.Insert(list, at, c)
}
