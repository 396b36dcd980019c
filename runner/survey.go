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

// SurveyOptions say what to look for. All fields are required but Store
// and Enough.
type SurveyOptions struct {
	Store    *store.Store // what is known of providers; nil for nothing
	Spec     *spec.Spec
	Policies *policies.Set // compiled from Spec
	Client   *golem.Client
	Run      policies.Run        // as the policies are to see it
	Enough   func(Surveyed) bool // an offer that ends the survey; nil asks for all
	Quiet    bool                // finds nothing where only a demand could ask

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
	offers, asked, err := o.ask(ctx, func(found []golem.Proposal) bool { return o.enough(ctx, found, env) })
	if err != nil {
		return Survey{}, fmt.Errorf("%w: %w", ErrDaemon, err)
	}
	s := Survey{Asked: asked}
	for _, p := range offers {
		judged, err := o.judge(ctx, p, env)
		if err != nil {
			return Survey{}, err
		}
		s.Offers = append(s.Offers, judged)
	}
	s.sort()
	return s, nil
}

// enough reports whether one of the offers ends the survey.
func (o SurveyOptions) enough(ctx context.Context, found []golem.Proposal, env policies.OfferEnv) bool {
	return o.Enough != nil && slices.ContainsFunc(found, func(p golem.Proposal) bool {
		judged, err := o.judge(ctx, p, env)
		return err == nil && o.Enough(judged)
	})
}

// ask collects offers in the gentlest way that the daemon has.
func (o SurveyOptions) ask(ctx context.Context, enough func([]golem.Proposal) bool) (offers []golem.Proposal, asked string, err error) {
	scan, err := o.Client.BeginScan(ctx, constraints(o.Spec))
	if status := golem.StatusOf(err); status == http.StatusNotFound || status == http.StatusMethodNotAllowed {
		if o.Quiet {
			return nil, AskedScan, nil
		}
		offers, err = o.demand(ctx, enough)
		return offers, AskedDemand, err
	}
	if err != nil {
		return nil, "", err
	}
	defer func() {
		if !o.Quiet || ctx.Err() == nil { // nobody waits for it, and the daemon forgets it
			afterwards(ctx, func(ctx context.Context) error { return o.Client.EndScan(ctx, scan) })
		}
	}()
	atOnce := 0
	if o.Enough != nil {
		atOnce = surveyGlance
	}
	offers, err = collect(func() ([]golem.Proposal, error) {
		found, err := o.Client.CollectScan(ctx, scan, scanQuiet, atOnce)
		atOnce = 0
		return scanned(found), err
	}, enough)
	return offers, AskedScan, err
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
func (o SurveyOptions) demand(ctx context.Context, enough func([]golem.Proposal) bool) ([]golem.Proposal, error) {
	me, err := o.Client.Me(ctx)
	if err != nil {
		return nil, err
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
		return nil, err
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
	}, enough)
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
func collect(poll func() ([]golem.Proposal, error), enough func([]golem.Proposal) bool) (all []golem.Proposal, err error) {
	for began := time.Now(); time.Since(began) < surveyTime && len(all) < surveyOffers; {
		found, err := poll()
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			break
		}
		all = append(all, found...)
		if enough(found) {
			break
		}
	}
	return all, nil
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
