package runner

import (
	"tasks/golem"
	"tasks/policies"
	"tasks/runner/ledger"
)

// Rules that reject an offer whatever the document says. The others are the
// names of policies.
const (
	RulePrice    = "price"    // it cannot be read, so nothing can be decided or paid
	RuleCounters = "counters" // it bills by counters that cannot be bounded
	RulePlatform = "platform" // it is not paid on the platform of the run's network
	RuleTwice    = "twice"    // its provider has a better offer
)

// fitting names the rule by which an offer cannot be hired on any policy, "" for
// none.
func fitting(pricing golem.Pricing, offered golem.Properties, platform string) string {
	switch {
	case !(ledger.Meter{Pricing: pricing}).Bounded():
		return RuleCounters
	case offered.Text(golem.PropPlatformAddress(platform)) == "":
		return RulePlatform
	}
	return ""
}

// rule is fitting and then the policies.
func rule(set *policies.Set, c candidate, platform string, env policies.OfferEnv) policies.Ruling {
	if by := fitting(c.pricing, c.proposal.Properties, platform); by != "" {
		return policies.Ruling{By: by}
	}
	return set.Rule(env)
}
