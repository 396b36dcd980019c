package policies_test

import (
	"strings"
	"testing"

	"tasks/policies"
)

// A score of zero is the negative of a price of zero, and nobody writes -0.
func TestScoreOfZero(t *testing.T) {
	set := compile(t, with(t, "-offer.price.hour", "-offer.price.start"))
	env := policies.OfferEnv{}
	score, _, f := set.ScoreOffer(env)
	if f != nil {
		t.Fatal(f)
	}
	if got := set.Scored(score, env); strings.Contains(got, "-0") {
		t.Errorf("told as %q", got)
	}
}
