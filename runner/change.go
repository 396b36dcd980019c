package runner

import (
	"context"
	"fmt"
	"math"
	"time"

	"tasks/golem"
	"tasks/policies"
	"tasks/runner/ledger"
	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

const (
	// surveyEvery is how often a run looks whether the market has something better
	// than its workers.
	surveyEvery = 10 * time.Minute
	// surveyKeep is how many of the best offers it remembers.
	surveyKeep = 100
	// hireTime is about how long it takes from a worker let go to an agreement
	// asked for.
	hireTime = 10 * time.Second
	// guessedStartUp is what it takes until a machine works, while nobody knows.
	guessedStartUp = time.Minute
)

// paces are what is known of providers, as of the last minute.
func (r *runner) paces() reconcile.Paces {
	if p := r.shown.Load(); p != nil {
		return *p
	}
	return reconcile.Paces{}
}

// pacesOf reads what providers did in runs of the same name with the same payload.
func pacesOf(ctx context.Context, db *store.Store, s *spec.Spec) (reconcile.Paces, error) {
	var shown []state.History
	err := db.View(ctx, func(tx *store.Tx) (err error) {
		shown, err = tx.Histories(state.Work{Name: s.Name, Payload: s.Payload.String()})
		return err
	})
	return reconcile.NewPaces(shown), err
}

// measure reads how fast providers are by now.
func (r *runner) measure(ctx context.Context) {
	paces, err := pacesOf(ctx, r.Store, r.inForce().spec)
	if err != nil {
		r.Log.Debug("paces not read", logError, err)
		return
	}
	r.shown.Store(&paces)
}

// changes are the workers in whose place the market has something that much
// better. It looks at the market itself, as an effect, when that is long ago.
func (r *runner) changes(ctx context.Context, v reconcile.View) map[int64]reconcile.Change {
	r.measure(ctx)
	rev := r.inForce()
	if !rev.policies.WeighsSaving() || v.Ending.Active() || v.Pause != nil {
		return nil
	}
	crew := r.crew(ctx, rev, v)
	if !crew.Settled() {
		return nil
	}
	r.survey(rev)
	crew.Offers = r.prospects(ctx, rev)
	out := map[int64]reconcile.Change{}
	for _, c := range reconcile.Changes(crew) {
		out[c.Activity] = c
	}
	return out
}

// crew is the workers, and how long there is work for them.
func (r *runner) crew(ctx context.Context, rev *revision, v reconcile.View) reconcile.Crew {
	c := reconcile.Crew{Missing: reconcile.Missing(v), StartUp: startUp(v.Agreements)}
	paces := r.paces()
	for i := range v.Agreements {
		a := &v.Agreements[i]
		if !reconcile.Serves(a) {
			continue
		}
		m := reconcile.Member{Pace: paces.Of(a.Provider)}
		if act := a.Current(); act != nil && act.State == state.ActivityReady {
			m.Activity = act.Key
		}
		p := golem.Proposal{ProposalID: a.Proposal, IssuerID: a.Provider, Properties: a.Offer}
		offer, pricing, err := policies.NewOffer(p)
		if err != nil {
			continue
		}
		judged := r.judgeAgain(ctx, rev, candidate{proposal: p, offer: offer, pricing: pricing})
		m.Score, m.Hour = judged.Score, judged.Offer.Price.Busy-judged.Offer.Price.Start
		c.Members = append(c.Members, m)
	}
	c.Left = paces.Left(r.tasksLeft(ctx, rev, v.Tasks), c.Members)
	r.bookMu.Lock()
	defer r.bookMu.Unlock()
	c.Room = r.book.Room(v.Now, v.Windows, reconcile.Reserved(v.Now, v.Agreements))
	return c
}

// startUp is how long it takes to have another worker, by those that there are.
func startUp(agreements []reconcile.Agreement) time.Duration {
	var sum time.Duration
	n := 0
	for i := range agreements {
		a := &agreements[i]
		if act := a.Current(); act != nil && !act.ReadyAt.IsZero() {
			sum += act.ReadyAt.Sub(a.CreatedAt)
			n++
		}
	}
	if n == 0 {
		return guessedStartUp
	}
	return hireTime + max(0, sum/time.Duration(n))
}

// tasksLeft is how many tasks there are still to do. Where nobody can know, it is
// taken to be halfway: what has lasted long goes on for long.
func (r *runner) tasksLeft(ctx context.Context, rev *revision, t reconcile.Tasks) int64 {
	var cursors map[string]state.Cursor
	err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
		cursors, err = tx.Cursors(r.Run)
		return err
	})
	if err != nil {
		r.Log.Debug("cursors not read", logError, err)
	}
	left := t.Outstanding()
	for _, stage := range rev.spec.Stages {
		cursor := cursors[stage.Name]
		if stage.From == nil || cursor.Ended {
			continue
		}
		size, finite := stage.From.Size()
		if !finite {
			return max(left, t.Done)
		}
		left += max(0, size-cursor.Next)
	}
	return left
}

// survey looks at the market when that is long ago.
func (r *runner) survey(rev *revision) {
	now := time.Now()
	if now.Sub(r.lookedAt) < surveyEvery {
		return
	}
	r.lookedAt = now
	r.effects.start("survey", func(ctx context.Context) error {
		found, err := TakeSurvey(ctx, SurveyOptions{
			Store: r.Store, Spec: rev.spec, Policies: rev.policies, Client: r.client, Run: r.lastEnv(), Quiet: true,
			Skip: r.hired, Keep: surveyKeep,
		})
		if err != nil {
			r.Log.Debug("market not surveyed", logError, err)
			return nil // there is another one soon
		}
		r.surveyed.Store(&found.Offers)
		return nil
	})
}

// prospects are the offers that could be hired, as they are judged now.
func (r *runner) prospects(ctx context.Context, rev *revision) []reconcile.Prospect {
	found := r.surveyed.Load()
	if found == nil {
		return nil
	}
	var s Survey
	for _, o := range *found {
		if id := golem.NodeID(o.Offer.Provider.ID); r.hired(id) || r.market.avoids(id) {
			continue
		}
		p := golem.Proposal{ProposalID: golem.ProposalID(o.Offer.ID), IssuerID: golem.NodeID(o.Offer.Provider.ID), Properties: o.Offer.Properties}
		s.Offers = append(s.Offers, r.judgeAgain(ctx, rev, candidate{proposal: p, offer: o.Offer, pricing: o.Pricing}))
	}
	s.sort()
	var out []reconcile.Prospect
	for _, o := range s.Offers {
		if o.Rule == "" {
			out = append(out, r.prospect(rev, o))
		}
	}
	return out
}

// judgeAgain is an offer as it is judged by what is known now. What cannot be
// judged is worth least.
func (r *runner) judgeAgain(ctx context.Context, rev *revision, c candidate) Surveyed {
	env, err := r.offerEnv(ctx, rev, c)
	ruling := policies.Ruling{By: policies.PolicyScore}
	if err == nil {
		ruling = rule(rev.policies, c, r.platform, env)
	}
	if ruling.By != "" {
		ruling.Score = math.Inf(-1)
	}
	return Surveyed{Offer: env.Offer, Pricing: c.pricing, Score: ruling.Score, Rule: ruling.By}
}

func (r *runner) prospect(rev *revision, o Surveyed) reconcile.Prospect {
	id := golem.NodeID(o.Offer.Provider.ID)
	period := reconcile.FirstPeriod(rev.spec.Golem.DebitNoteInterval)
	return reconcile.Prospect{
		Provider: id, Score: o.Score, Hour: o.Offer.Price.Busy - o.Offer.Price.Start, Start: o.Offer.Price.Start,
		Pace: r.paces().Of(id), Need: ledger.MaxCost(o.Pricing, threadsOf(o.Offer.Properties), period),
	}
}

// change lets a worker go for a better offer. Its provider is as welcome as before.
func (r *runner) change(by *revision, a state.Agreement, act state.Activity, c reconcile.Change) {
	reason := fmt.Sprintf("%s: saves about %s GLM", reconcile.ReasonBetter, show(c.Saving))
	r.Log.Info("activity changed for a better offer", logProvider, a.ProviderName, logActivity, act.ID, logReason, reason)
	r.market.hope(c.For)
	r.drain(by, act.Key, reason)
}
