package policies

import (
	"errors"
	"fmt"
)

// Policies that reject an offer.
const (
	PolicyAccept = "offer.accept"
	PolicyScore  = "offer.score"
)

// A Ruling is what offer.accept and offer.score say of an offer.
type Ruling struct {
	Score float64
	// By is the policy that rejects the offer, "" when none does.
	By string
	// Failure is why the policy that rejects it gave no answer; nil when its
	// answer was no.
	Failure *Failure
}

// Rule asks offer.accept, and offer.score about what that takes.
func (s *Set) Rule(e OfferEnv) Ruling {
	if accept, f := s.AcceptOffer(e); !accept {
		return Ruling{By: PolicyAccept, Failure: f}
	}
	score, ok, f := s.ScoreOffer(e)
	if !ok {
		return Ruling{By: PolicyScore, Failure: f}
	}
	return Ruling{Score: score}
}

// Why says, for a person, why a policy rejects an offer: the expression, what it
// gave and the values of the names in it. It is "" for an offer that is taken.
func (s *Set) Why(r Ruling, e OfferEnv) string {
	e.Provider.settle()
	switch {
	case r.Failure != nil:
		return r.Failure.Error()
	case r.By == PolicyAccept:
		return s.accept.fail(&e, errors.New("gives false")).Error()
	case r.By == PolicyScore:
		return s.score.fail(&e, errors.New("gives nil")).Error()
	}
	return ""
}

// Scored says, for a person, how an offer came by its score: the expression and
// the values of the names in it.
func (s *Set) Scored(score float64, e OfferEnv) string {
	e.Provider.settle()
	return s.score.fail(&e, fmt.Errorf("gives %.6g", score+0)).Error() // +0 makes 0 of -0
}

// WhyNotKept says, for a person, why a worker is not kept: the expression and the
// values of the names in it.
func (s *Set) WhyNotKept(e ActivityEnv) string {
	e.Provider.settle()
	return s.keep.fail(&e, errors.New("gives false")).Error()
}

// WhyWorkers says, for a person, why so many workers are wanted; "" where it sees
// no names.
func (s *Set) WhyWorkers(run Run) string {
	n, f := s.Workers(run)
	return why(s.workers, &runEnv{run}, n, f)
}

// WhyLimits says, for a person, why each limit of the budget is what it is, in the
// order of the document; "" for one that sees no names.
func (s *Set) WhyLimits(run Run) []string {
	out := make([]string, len(s.limits))
	for i, l := range s.limits {
		a, f := l.amount(&runEnv{run})
		out[i] = why(l.program, &runEnv{run}, a, f)
	}
	return out
}

func why(p *program, env, gives any, f *Failure) string {
	switch {
	case f != nil:
		return f.Error()
	case p == nil || len(p.names) == 0:
		return ""
	}
	return p.fail(env, fmt.Errorf("gives %v", gives)).Error()
}

// WhyRetried says, for a person, why a task is tried again or given up.
func (s *Set) WhyRetried(again bool, e AttemptEnv) string {
	e.Provider.settle()
	return s.retry.fail(&e, fmt.Errorf("gives %t", again)).Error()
}

// WhyRefused says, for a person, why a policy refuses a bill, "debit_note" or
// "invoice"; it is "" for one that is accepted.
func (s *Set) WhyRefused(kind string, e DebitNoteEnv, accept bool, f *Failure) string {
	e.Provider.settle()
	no := errors.New("gives false")
	switch {
	case f != nil:
		return f.Error()
	case accept:
		return ""
	case kind == "invoice":
		return s.invoice.fail(&e.InvoiceEnv, no).Error()
	}
	return s.note.fail(&e, no).Error()
}
