package main

import (
	"tasks/golem"
	"tasks/runner/ledger"
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

// glmOr is an amount that may not be known.
func glmOr(a *golem.Amount, otherwise string) string {
	if a == nil {
		return otherwise
	}
	return ledger.Show(*a)
}
