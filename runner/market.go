package runner

import (
	"context"
	"maps"
	"sync"
	"time"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner/store"
)

const (
	// A demand is renewed before the daemon lets it expire after an hour
	// (protocol section 2.2).
	demandAge = 30 * time.Minute
	// Offers are gathered before the best are asked: for gatherTime after the
	// first, or until so many came that there is a choice, or until none came for
	// gatherQuiet. Where they came close together, less of that is enough: ten times
	// their largest distance, leastQuiet at least. An offer that is hoped for is worth
	// hopeTime.
	gatherTime  = 3 * time.Second
	gatherCount = 10 // and 5 for each worker that is missing
	hopeTime    = 25 * time.Second
	gatherQuiet = 500 * time.Millisecond
	leastQuiet  = 20 * time.Millisecond
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
	leaving  int  // demands being withdrawn
	unsure   bool // the daemon may hold a demand of ours that we take to be gone, or never made
	missing  int
	first    time.Time                      // when the first offer of this gathering came
	latest   time.Time                      // when the last one came
	gap      time.Duration                  // the largest between offers of this gathering
	fresh    []candidate                    // matches not asked yet, best first
	asked    map[golem.ProposalID]candidate // by our counter
	askedAt  map[golem.ProposalID]time.Time // by our counter; by the match while the counter is under way
	early    map[golem.ProposalID]func()    // answers to counters that have not returned yet
	drafts   []candidate                    // answers, best first
	coolings map[golem.NodeID]cooling       // providers not to be asked for now
	hopes    map[golem.NodeID]bool          // for whose offers workers were let go
}

// A cooling is how long a provider is left alone, and how often it was.
type cooling struct {
	until   time.Time
	times   int
	notKept bool // a worker of it was not worth its price, by the policies of the time
}

func newMarket(r *runner) *market {
	return &market{r: r, coolings: map[golem.NodeID]cooling{}, hopes: map[golem.NodeID]bool{}}
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
	if err := m.clear(ctx); err != nil {
		return err
	}
	id, err := m.r.client.PublishDemand(ctx, spec)
	if err != nil {
		m.doubt()
		return err
	}
	err = m.r.Store.Update(ctx, func(tx *store.Tx) error { return tx.AddDemand(m.r.newDemand(id)) })
	if err != nil {
		m.doubt() // nobody knows of it, and it is published again
		return err
	}
	listening, cancel := context.WithCancel(ctx)
	m.mu.Lock()
	m.demand, m.spec, m.since, m.cancel = id, spec, time.Now(), cancel
	m.first, m.latest, m.gap, m.fresh, m.drafts = time.Time{}, time.Time{}, 0, nil, nil
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
	clear(m.hopes)
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
			m.r.Log.Debug("demand not withdrawn", logError, err)
			m.doubt()
		}
		return m.r.Store.Update(ctx, func(tx *store.Tx) error { return tx.EndDemand(id) })
	})
}

// doubt notes that a call about a demand had no answer.
func (m *market) doubt() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unsure = true
}

// clear withdraws what the daemon still holds of demands in doubt, while none is
// open. The doubt stays: a call that was given up may reach the daemon later.
func (m *market) clear(ctx context.Context) error {
	m.mu.Lock()
	unsure := m.unsure
	m.mu.Unlock()
	if !unsure {
		return nil
	}
	return m.r.recoverDemands(ctx)
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
		unread := candidate{proposal: p}
		unread.offer.Provider.Name = p.Properties.Text(golem.PropNodeName)
		m.r.rejected.add(RulePrice, unread, err.Error)
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
	if !m.latest.IsZero() {
		m.gap = max(m.gap, now.Sub(m.latest))
	}
	m.latest = now
	delete(m.hopes, p.IssuerID)
	m.fresh = insertBest(m.fresh, c)
	enough := len(m.fresh) == gatherCount
	m.mu.Unlock()
	if enough {
		m.negotiate()
	}
}

// hope waits for the offer of a provider, for a while, when the next is hired.
func (m *market) hope(id golem.NodeID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hopes[id] = true
}

// avoids reports whether a provider is left alone for now.
func (m *market) avoids(id golem.NodeID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.coolings[id].until.After(time.Now())
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

// banDear does the same to one whose worker was not kept, unless it is banned for
// worse, until forgive.
func (m *market) banDear(id golem.NodeID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if years := time.Now().AddDate(50, 0, 0); m.coolings[id].until.Before(years) {
		m.coolings[id] = cooling{until: time.Now().AddDate(100, 0, 0), notKept: true}
	}
}

// forgive lets providers be asked again whose workers were not kept.
func (m *market) forgive() {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.coolings, func(_ golem.NodeID, c cooling) bool { return c.notKept })
}
