package runner

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner/reconcile"
	"tasks/runner/store"
)

const (
	// A demand is renewed before the daemon lets it expire after an hour
	// (protocol section 2.2).
	demandAge = 30 * time.Minute
	// Offers are gathered before the best are asked: for gatherTime after the
	// first, or until gatherCount came, or until none came for gatherQuiet.
	gatherTime  = 3 * time.Second
	gatherCount = 10
	gatherQuiet = 500 * time.Millisecond
	// answerTime is how long a good answer waits for a better one that may come.
	answerTime = 2 * time.Second
	// counterTime is how long a provider may take to answer a counter.
	counterTime = 30 * time.Second
	// spareOffers is how many more providers are asked than are missing, because
	// some refuse.
	spareOffers = 3
	// coolTime keeps a provider that refused or failed from being asked again at
	// once; it doubles with every time.
	coolTime = time.Minute
)

// A candidate is a provider's proposal with what the policies say of it.
type candidate struct {
	proposal golem.Proposal
	offer    policies.Offer
	pricing  golem.Pricing
	score    float64
	interval time.Duration
}

// A market finds providers: it keeps one demand open while workers are missing,
// judges the offers that match it, asks the best, and holds the answers until
// the loop hires from them.
type market struct {
	r *runner

	mu       sync.Mutex
	demand   golem.DemandID // "" while closed
	spec     golem.DemandSpec
	since    time.Time
	cancel   context.CancelFunc
	leaving  int // demands being withdrawn
	missing  int
	first    time.Time                      // when the first offer of this gathering came
	latest   time.Time                      // when the last one came
	fresh    []candidate                    // matches not asked yet, best first
	asked    map[golem.ProposalID]candidate // by our counter
	askedAt  map[golem.ProposalID]time.Time // by our counter; by the match while the counter is under way
	early    map[golem.ProposalID]func()    // answers to counters that have not returned yet
	drafts   []candidate                    // answers, best first
	coolings map[golem.NodeID]cooling       // providers not to be asked for now
}

// A cooling is how long a provider is left alone, and how often it was.
type cooling struct {
	until time.Time
	times int
}

func newMarket(r *runner) *market {
	return &market{r: r, coolings: map[golem.NodeID]cooling{}}
}

// open reports whether a demand is published.
func (m *market) open() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.demand != ""
}

// want says how many workers are missing, and lets the market ask for them.
func (m *market) want(missing int) {
	m.mu.Lock()
	m.missing = missing
	stale := m.demand != "" && time.Since(m.since) > demandAge
	m.mu.Unlock()
	if stale {
		m.withdraw()
	}
	m.negotiate()
}

// publish opens a demand and listens to it.
func (m *market) publish(ctx context.Context) error {
	spec, err := m.r.demandSpec(ctx)
	if err != nil {
		return err
	}
	id, err := m.r.client.PublishDemand(ctx, spec)
	if err != nil {
		return err
	}
	err = m.r.Store.Update(ctx, func(tx *store.Tx) error { return tx.AddDemand(m.r.newDemand(id)) })
	if err != nil {
		return err
	}
	listening, cancel := context.WithCancel(ctx)
	m.mu.Lock()
	m.demand, m.spec, m.since, m.cancel = id, spec, time.Now(), cancel
	m.first, m.latest, m.fresh, m.drafts = time.Time{}, time.Time{}, nil, nil
	m.asked, m.askedAt = map[golem.ProposalID]candidate{}, map[golem.ProposalID]time.Time{}
	m.early = map[golem.ProposalID]func(){}
	m.mu.Unlock()
	m.r.effects.start("listen/"+string(id), func(context.Context) error {
		m.listen(listening, id)
		return nil
	})
	m.r.effects.start("gather/"+string(id), func(context.Context) error {
		m.gather(listening)
		return nil
	})
	return nil
}

// withdraw closes the demand. Its drafts go with it: an agreement needs a live
// demand at the daemon.
func (m *market) withdraw() {
	m.mu.Lock()
	id, cancel := m.demand, m.cancel
	m.demand, m.cancel, m.fresh, m.drafts = "", nil, nil, nil
	if id != "" {
		m.leaving++
	}
	m.mu.Unlock()
	if id == "" {
		return
	}
	m.r.effects.start("withdraw/"+string(id), func(ctx context.Context) error {
		defer m.left()
		// Deleting it first ends the poll under way by itself (protocol section 2.2).
		err := m.r.client.DeleteDemand(ctx, id)
		cancel()
		if err != nil && !golem.IsNotFound(err) {
			m.r.Log.Debug("demand not withdrawn; it ends by itself within the hour", logError, err)
		}
		return m.r.Store.Update(ctx, func(tx *store.Tx) error { return tx.EndDemand(id) })
	})
}

func (m *market) left() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.leaving--
}

// busy reports whether a demand is being published or withdrawn.
func (m *market) busy() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.leaving > 0 || m.r.effects.busy(keyDemand)
}

// close stops listening; the demand itself is withdrawn by the loop or by the
// next start.
func (m *market) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cancel != nil {
		m.cancel()
	}
}

// listen takes in what the market and the providers say.
func (m *market) listen(ctx context.Context, id golem.DemandID) {
	for event, err := range m.r.client.OfferStream(ctx, id) {
		switch {
		case golem.IsNotFound(err):
			// Expired, or the daemon was restarted: subscribe anew.
			m.withdraw()
			return
		case err != nil:
			m.r.Log.Debug("no offers", logError, err)
		case event.EventType == golem.EventProposal && event.Proposal != nil:
			m.hear(ctx, *event.Proposal)
		case event.EventType == golem.EventProposalRejected:
			m.refused(ctx, event.ProposalID, event.Reason)
		}
	}
}

// hear takes in one proposal: a match of the market, or the answer to a counter.
func (m *market) hear(ctx context.Context, p golem.Proposal) {
	if p.State == golem.ProposalInitial {
		m.consider(ctx, p)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.asked[p.PrevProposalID]
	if !ok {
		// The answer overtook the return of our own call.
		m.early[p.PrevProposalID] = func() { m.hear(ctx, p) }
		return
	}
	delete(m.askedAt, p.PrevProposalID)
	c.proposal, c.interval = p, intervalOf(p.Properties)
	m.drafts = insertBest(m.drafts, c)
	m.r.nudge()
}

// consider judges a match by the policies.
func (m *market) consider(ctx context.Context, p golem.Proposal) {
	offer, pricing, err := policies.NewOffer(p)
	if err != nil {
		m.r.Log.Debug("offer cannot be read", logProvider, p.IssuerID, logError, err)
		return
	}
	c := candidate{proposal: p, offer: offer, pricing: pricing}
	score, ok := m.r.judgeOffer(ctx, c)
	if !ok {
		return
	}
	c.score = score
	m.mu.Lock()
	now := time.Now()
	if len(m.fresh) == 0 && m.first.IsZero() {
		m.first = now
	}
	m.latest = now
	m.fresh = insertBest(m.fresh, c)
	m.mu.Unlock()
}

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
	tick := time.NewTicker(gatherQuiet / 5)
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
	return len(m.fresh) >= gatherCount || now.Sub(m.first) >= gatherTime || now.Sub(m.latest) >= gatherQuiet
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

// cool leaves a provider alone for a while.
func (m *market) cool(id golem.NodeID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.coolings[id]
	c.until = time.Now().Add(coolTime << min(c.times, 6))
	c.times++
	m.coolings[id] = c
}

// ban leaves a provider alone for the rest of the process.
func (m *market) ban(id golem.NodeID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.coolings[id] = cooling{until: time.Now().AddDate(100, 0, 0)}
}

// insertBest keeps a list sorted by score, highest first, one proposal once.
func insertBest(list []candidate, c candidate) []candidate {
	at, _ := slices.BinarySearchFunc(list, c, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.proposal.ProposalID, b.proposal.ProposalID))
	})
	return slices.Insert(list, at, c)
}
