package ledger

import (
	"github.com/shopspring/decimal"

	"tasks/golem"
)

// Show returns an amount for a person, with the digits that matter: four places
// from a tenth of a GLM on, and three digits below. What is not nothing is never
// shown as 0.
func Show(a golem.Amount) string {
	if a.Abs().GreaterThanOrEqual(decimal.New(1, -1)) {
		return a.Round(4).String()
	}
	// The exponent of the first digit, from 0 for 0.1.
	zeros := -a.Exponent() - int32(a.NumDigits())
	return a.Round(zeros + 3).String()
}
