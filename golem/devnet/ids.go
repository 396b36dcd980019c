package devnet

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"

	"tasks/golem"
)

// Identifiers are random, never drawn from the seed: a requestor keeps them in
// its database beyond the life of the devnet, and a second devnet must not
// repeat them. The forms are those of protocol section 0.

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func newUUID() string {
	h := randomHex(16)
	return fmt.Sprintf("%s-%s-4%s-a%s-%s", h[:8], h[8:12], h[13:16], h[17:20], h[20:])
}

func newSubscription() string { return randomHex(16) + "-" + randomHex(32) }

func newProposalID() golem.ProposalID { return golem.ProposalID("R-" + randomHex(32)) }

func isHex(text string, digits int) bool {
	return len(text) == digits && strings.Trim(text, "0123456789abcdef") == ""
}

// checkSubscription refuses what cannot be the id of a demand.
func checkSubscription(id string) error {
	random, hash, found := strings.Cut(id, "-")
	if !found || !isHex(random, 32) || !isHex(hash, 64) {
		return refusePath(id, "has invalid format.")
	}
	return nil
}

// proposalForm says what is wrong with a proposal id, or "".
func proposalForm(id string) string {
	owner, hash, found := strings.Cut(id, "-")
	switch {
	case !found || !isHex(hash, 64):
		return "has invalid format."
	case owner != "R":
		return "has invalid owner type."
	}
	return ""
}

func checkProposal(id string) error {
	if why := proposalForm(id); why != "" {
		return refusePath(id, why)
	}
	return nil
}

func checkAgreement(id string) error {
	if !isHex(id, 64) {
		return refusePath(id, "has invalid format.")
	}
	return nil
}
