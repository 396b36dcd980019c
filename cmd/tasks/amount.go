package main

import (
	"github.com/shopspring/decimal"

	"tasks/golem"
)

// short cuts an identifier to what a table has room for.
func short[T ~string](id T) string {
	const length = 8
	if len(id) <= length {
		return string(id)
	}
	return string(id[:length])
}

// shortProvider cuts a node id, whose first two characters say nothing.
func shortProvider(id golem.NodeID) string {
	if len(id) > 2 && id[:2] == "0x" {
		return short(id[2:])
	}
	return short(id)
}

// glm is an amount with the digits that matter: four places from a tenth of a
// GLM on, and three digits below. What is not nothing is never shown as 0.
func glm(a golem.Amount) string {
	if a.Abs().GreaterThanOrEqual(decimal.New(1, -1)) {
		return a.Round(4).String()
	}
	// The exponent of the first digit, from 0 for 0.1.
	zeros := -a.Exponent() - int32(a.NumDigits())
	return a.Round(zeros + 3).String()
}

// glmOr is an amount that may not be known.
func glmOr(a *golem.Amount, otherwise string) string {
	if a == nil {
		return otherwise
	}
	return glm(*a)
}
