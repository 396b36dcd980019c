package devnet

import (
	"cmp"
	"fmt"
	"maps"
	"time"

	"tasks/golem"
)

// A verdict is what a provider thinks of a demand: an adjusted offer, a
// rejection, or neither, which is silence.
type verdict struct {
	offer  golem.Properties
	reject *golem.Reason
}

// A negotiation is the provider's view of one exchange. Its components run in
// turn, each adjusting the offer; the first that rejects or fails ends it
// (protocol section 3.5).
type negotiation struct {
	at      time.Time
	limits  Timings
	demand  golem.Properties
	offer   golem.Properties
	verdict verdict
	silent  bool
}

// negotiate judges a demand against the offer that it answers.
func negotiate(at time.Time, limits Timings, demand, offer golem.Properties) verdict {
	n := &negotiation{at: at, limits: limits, demand: demand, offer: maps.Clone(offer)}
	for _, component := range []func(){
		n.platform, n.expiration, n.acceptTimeout, n.interval, n.paymentTimeout, n.price,
	} {
		component()
		if n.silent || n.verdict.reject != nil {
			return n.verdict
		}
	}
	return verdict{offer: n.offer}
}

func (n *negotiation) reject(final bool, format string, args ...any) {
	n.verdict.reject = rejection(final, format, args...)
}

func rejection(final bool, format string, args ...any) *golem.Reason {
	return &golem.Reason{
		Message: fmt.Sprintf(format, args...),
		Extra:   map[string]any{golem.ReasonIsFinal: final},
	}
}

// number reads a number of the demand; a value of another type silences the
// provider, as any error of a component does.
func (n *negotiation) number(key string) (float64, bool) {
	value, given := n.demand[key]
	if !given {
		return 0, false
	}
	f, isNumber := value.(float64)
	if !isNumber {
		n.silent = true
	}
	return f, isNumber
}

func (n *negotiation) platform() {
	if chosen, _ := n.demand[golem.PropChosenPlatform].(string); chosen == "" {
		n.reject(false, "Missing fields: /golem/com/payment/chosen-platform")
	}
}

const century = 100 * 365 * 24 * time.Hour

func (n *negotiation) expires() (time.Time, bool) {
	ms, given := n.number(golem.PropExpiration)
	return time.UnixMilli(int64(ms)), given
}

func (n *negotiation) expiration() {
	expires, given := n.expires()
	if !given {
		n.silent = true
		return
	}
	longest := n.limits.MaxWork
	if _, deadline := n.number(golem.PropAcceptTimeout); deadline {
		longest = century
	}
	left := expires.Sub(n.at)
	if left < n.limits.MinWork || left > longest {
		n.reject(left < n.limits.MinWork, "Proposal expires at: %s which is less than %s or more than %s from now",
			expires.UTC().Format(time.RFC3339), n.limits.MinWork, longest)
	}
}

func (n *negotiation) acceptTimeout() {
	wanted, given := n.number(golem.PropAcceptTimeout)
	if !given {
		delete(n.offer, golem.PropAcceptTimeout)
		return
	}
	offered, _ := n.offer[golem.PropAcceptTimeout].(float64)
	switch {
	case wanted > offered:
		n.reject(true, "DebitNote acceptance deadline should be less than %vs (requested %vs)", offered, wanted)
	case wanted < 5:
		n.reject(true, "To low DebitNotes timeout: %vs", wanted)
	default:
		n.offer[golem.PropAcceptTimeout] = wanted
	}
}

// negotiable adopts a demand's number of seconds from 1 s to 24 h, or removes
// the key from the offer when the demand has none.
func (n *negotiation) negotiable(key, what string) (given bool) {
	wanted, given := n.number(key)
	switch {
	case !given:
		delete(n.offer, key)
	case wanted < 1 || wanted > (24*time.Hour).Seconds():
		n.reject(true, "Demand %s %vs not in acceptable range of [1s; 24h]", what, wanted)
	default:
		n.offer[key] = wanted
	}
	return given
}

func (n *negotiation) interval() { n.negotiable(golem.PropDebitNoteInterval, "DebitNote interval") }

// midPayments is how far an expiration may lie without payments on the way.
const midPayments = 10 * time.Hour

func (n *negotiation) paymentTimeout() {
	given := n.negotiable(golem.PropPaymentTimeout, "payment timeout")
	if expires, _ := n.expires(); !given && expires.Sub(n.at) >= midPayments {
		n.reject(true, "Expiration time %s exceeds the %s threshold of enforcing mid-agreement payments but no payment timeout was given",
			expires.UTC().Format(time.RFC3339), midPayments)
	}
}

// price adopts a demand that pays at least as much in every part.
func (n *negotiation) price() {
	value, given := n.demand[golem.PropPricingCoeffs]
	if !given {
		return
	}
	wanted, isList := numbers(value)
	offered, _ := numbers(n.offer[golem.PropPricingCoeffs])
	if !isList {
		n.silent = true
		return
	}
	if len(wanted) != len(offered) {
		n.reject(false, "invalid price vector")
		return
	}
	for i := range wanted {
		if cmp.Less(wanted[i], offered[i]) {
			n.reject(true, "%v < %v", wanted, offered)
			return
		}
	}
	n.offer[golem.PropPricingCoeffs] = value
}

func numbers(value any) ([]float64, bool) {
	list, isList := value.([]any)
	if !isList {
		return nil, false
	}
	floats := make([]float64, len(list))
	for i, each := range list {
		f, isNumber := each.(float64)
		if !isNumber {
			return nil, false
		}
		floats[i] = f
	}
	return floats, true
}
