package runner

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

// How a Survey asked the market.
const (
	AskedScan   = "scan"   // a scan of the offers, which no provider hears of
	AskedDemand = "demand" // a demand that was withdrawn at once
)

const (
	// scanQuiet and demandQuiet end a survey: no offer came for so long. A scan
	// reads what the daemon has; a demand is matched as it goes.
	scanQuiet   = time.Second
	demandQuiet = 3 * time.Second
	// surveyTime and surveyOffers end it when offers keep coming.
	surveyTime   = 15 * time.Second
	surveyOffers = 10_000
	// surveyPage is how many offers it asks for at a time.
	surveyPage = 100
	// surveyGlance is how many offers a survey takes first that any good offer ends.
	surveyGlance = 20
	// surveyLeave is how long withdrawing what was asked may take.
	surveyLeave = 10 * time.Second
)

// A Survey is what the market had for a document at one moment.
type Survey struct {
	Asked  string     // AskedScan or AskedDemand
	Offers []Surveyed // those that could be hired, best first; then the rejected ones
}

// A Surveyed is an offer and what the run would make of it.
type Surveyed struct {
	Offer   policies.Offer
	Pricing golem.Pricing
	Score   float64 // of an offer that is not rejected
	Rule    string  // what rejects it: one of the rules, or the name of a policy; "" for nothing
	Why     string  // the expression and the values it saw, or ""
}

// SurveyOptions say what to look for. All fields are required but Store, Enough,
// Skip and Keep.
type SurveyOptions struct {
	Store    *store.Store // what is known of providers; nil for nothing
	Spec     *spec.Spec
	Policies *policies.Set // compiled from Spec
	Client   *golem.Client
	Run      policies.Run            // as the policies are to see it
	Enough   func(Surveyed) bool     // an offer that ends the survey; nil asks for all
	Quiet    bool                    // finds nothing where only a demand could ask
	Skip     func(golem.NodeID) bool // providers that are left out; nil for none
	Keep     int                     // of the offers that could be hired the best, and no others; 0 keeps all offers

	shown reconcile.Paces // of the providers
}

// TakeSurvey asks the market for the offers that a run of the document would
// meet, and judges them as it would. It negotiates with nobody, sets no money
// aside, and takes back what it asked before it returns, also when ctx ends. The
// error wraps ErrDaemon.
func TakeSurvey(ctx context.Context, o SurveyOptions) (Survey, error) {
	env := policies.OfferEnv{Run: o.Run}
	paces, err := o.paces(ctx)
	if err != nil {
		return Survey{}, err
	}
	o.shown = paces
	if price, ok, _ := o.Policies.MaxPrice(o.Run); ok {
		v := price.InexactFloat64()
		env.MaxPrice = &v
	}
	var s Survey
	var failed error
	s.Asked, err = o.ask(ctx, func(found []golem.Proposal) (enough bool) {
		enough, failed = o.add(ctx, &s, found, env)
		return enough || failed != nil
	})
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrDaemon, err)
	}
	if err = cmp.Or(failed, err); err != nil {
		return Survey{}, err
	}
	return s, nil
}

// add judges offers that were found, and reports whether one of them ends the
// survey.
func (o SurveyOptions) add(ctx context.Context, s *Survey, found []golem.Proposal, env policies.OfferEnv) (enough bool, err error) {
	for _, p := range found {
		if o.Skip != nil && o.Skip(p.IssuerID) {
			continue
		}
		judged, err := o.judge(ctx, p, env)
		if err != nil {
			return false, err
		}
		s.Offers = append(s.Offers, judged)
		enough = enough || o.Enough != nil && o.Enough(judged)
	}
	if s.sort(); o.Keep > 0 {
		s.keep(o.Keep)
	}
	return enough, nil
}

// keep lets go of all but the best n offers that could be hired.
func (s *Survey) keep(n int) {
	hirable := slices.IndexFunc(s.Offers, func(o Surveyed) bool { return o.Rule != "" })
	if hirable < 0 {
		hirable = len(s.Offers)
	}
	s.Offers = slices.Clone(s.Offers[:min(hirable, n)])
}

// A taker is given offers as they come, and says when it has enough.
type taker func(found []golem.Proposal) (enough bool)

// ask collects offers in the gentlest way that the daemon has.
func (o SurveyOptions) ask(ctx context.Context, take taker) (asked string, err error) {
	scan, err := o.Client.BeginScan(ctx, constraints(o.Spec))
	if status := golem.StatusOf(err); status == http.StatusNotFound || status == http.StatusMethodNotAllowed {
		if o.Quiet {
			return AskedScan, nil
		}
		return AskedDemand, o.demand(ctx, take)
	}
	if err != nil {
		return "", err
	}
	defer func() {
		if !o.Quiet || ctx.Err() == nil { // nobody waits for it, and the daemon forgets it
			afterwards(ctx, func(ctx context.Context) error { return o.Client.EndScan(ctx, scan) })
		}
	}()
	atOnce := surveyPage
	if o.Enough != nil {
		atOnce = surveyGlance
	}
	return AskedScan, collect(func() ([]golem.Proposal, error) {
		found, err := o.Client.CollectScan(ctx, scan, scanQuiet, atOnce)
		atOnce = surveyPage
		return scanned(found), err
	}, take)
}

// scanned are offers as a demand would have brought them.
func scanned(offers []golem.Offer) []golem.Proposal {
	out := make([]golem.Proposal, len(offers))
	for i, o := range offers {
		out[i] = golem.Proposal{
			ProposalID: golem.ProposalID(o.OfferID), IssuerID: o.ProviderID, State: golem.ProposalInitial,
			Timestamp: o.Timestamp, Properties: o.Properties, Constraints: o.Constraints,
		}
	}
	return out
}

// demand publishes a demand for as long as offers come.
func (o SurveyOptions) demand(ctx context.Context, take taker) error {
	me, err := o.Client.Me(ctx)
	if err != nil {
		return err
	}
	id, err := o.Client.PublishDemand(ctx, golem.DemandSpec{
		Properties: golem.Properties{
			golem.PropNodeName:   "tasks-plan",
			golem.PropExpiration: time.Now().Add(spec.DefaultDeadline).UnixMilli(),
			golem.PropSubnet:     o.Spec.Golem.Subnet,
			// As an allocation would have it, and without one.
			golem.PropProtocolVersion:               "3",
			golem.PropPlatformAddress(o.platform()): string(me.Identity),
		},
		Constraints: constraints(o.Spec),
	})
	if err != nil {
		return err
	}
	defer afterwards(ctx, func(ctx context.Context) error { return o.Client.DeleteDemand(ctx, id) })
	return collect(func() (found []golem.Proposal, err error) {
		events, err := o.Client.CollectOffers(ctx, id, demandQuiet, golem.MaxMarketEvents)
		for _, e := range events {
			if e.Proposal != nil && e.Proposal.State == golem.ProposalInitial {
				found = append(found, *e.Proposal)
			}
		}
		return found, err
	}, take)
}

func (o SurveyOptions) platform() string { return golem.PlatformOf(o.Spec.Golem.Network) }

// afterwards takes back what was asked, whatever became of ctx. The daemon
// forgets it by itself if that fails.
func afterwards(ctx context.Context, undo func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), surveyLeave)
	defer cancel()
	_ = undo(ctx)
}

// collect polls until nothing comes, or enough has.
func collect(poll func() ([]golem.Proposal, error), take taker) error {
	n := 0
	for began := time.Now(); time.Since(began) < surveyTime && n < surveyOffers; {
		found, err := poll()
		if err != nil || len(found) == 0 {
			return err
		}
		if take(found) {
			return nil
		}
		n += len(found)
	}
	return nil
}

// judge is what the run would make of an offer.
func (o SurveyOptions) judge(ctx context.Context, p golem.Proposal, env policies.OfferEnv) (Surveyed, error) {
	offer, pricing, err := policies.NewOffer(p)
	if err != nil {
		ref := policies.ProviderRef{ID: string(p.IssuerID), Name: p.Properties.Text(golem.PropNodeName)}
		return Surveyed{Offer: policies.Offer{ID: string(p.ProposalID), Provider: ref}, Rule: RulePrice, Why: err.Error()}, nil
	}
	known, err := o.known(ctx, p.IssuerID)
	if err != nil {
		return Surveyed{}, err
	}
	pace := o.shown.Of(p.IssuerID)
	offer.SetBusy(pace.Threads)
	env.Offer, env.Provider = offer, providerEnv(known, o.shown.Known(p.IssuerID), offer.Provider, pace)
	c := candidate{proposal: p, offer: offer, pricing: pricing}
	r := rule(o.Policies, c, o.platform(), env)
	return Surveyed{Offer: offer, Pricing: pricing, Score: r.Score, Rule: r.By, Why: o.Policies.Why(r, env)}, nil
}

func (o SurveyOptions) known(ctx context.Context, id golem.NodeID) (p state.Provider, err error) {
	if o.Store == nil {
		return state.Provider{ID: id}, nil
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		p, err = tx.Provider(id)
		return err
	})
	return p, err
}

// paces are what the providers did in runs like this one.
func (o SurveyOptions) paces(ctx context.Context) (reconcile.Paces, error) {
	if o.Store == nil {
		return reconcile.Paces{}, nil
	}
	return pacesOf(ctx, o.Store, o.Spec)
}

// sort puts what could be hired first, best first, and rejects all but the best
// offer of a provider, because one agreement is made with each.
func (s *Survey) sort() {
	slices.SortStableFunc(s.Offers, func(a, b Surveyed) int {
		switch {
		case a.Rule == "" && b.Rule == "":
			return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Offer.ID, b.Offer.ID))
		case a.Rule == "":
			return -1
		case b.Rule == "":
			return 1
		}
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Offer.Price.Hour, b.Offer.Price.Hour), cmp.Compare(a.Offer.ID, b.Offer.ID))
	})
	seen := map[string]bool{}
	for i := range s.Offers {
		o := &s.Offers[i]
		if o.Rule == "" && seen[o.Offer.Provider.ID] {
			o.Rule = RuleTwice
		}
		seen[o.Offer.Provider.ID] = seen[o.Offer.Provider.ID] || o.Rule == ""
	}
	slices.SortStableFunc(s.Offers, func(a, b Surveyed) int {
		return cmp.Compare(min(len(a.Rule), 1), min(len(b.Rule), 1))
	})
}
