package match

import (
	"slices"

	"tasks/golem"
)

// A Side is what one party of a negotiation says: what it is, and what it wants
// of the other.
type Side struct {
	Properties  golem.Properties
	Constraints string
}

// Match reports whether the constraints of each side are True on the properties
// of the other. Constraints that do not parse match nothing.
func Match(demand, offer Side) bool {
	return demand.accepts(offer.Properties) && offer.accepts(demand.Properties)
}

func (s Side) accepts(p golem.Properties) bool {
	e, err := Parse(s.Constraints)
	return err == nil && e.Eval(p) == True
}

// Mismatches says what keeps two sides apart: the names of the offer's
// properties that do not meet the demand's constraints, and of the demand's that
// do not meet the offer's, each name once and in the order of the constraints.
// Both are empty exactly when the sides match. Constraints that do not parse
// are named by their whole text, and an expression that no property could
// satisfy by "(|)".
func Mismatches(demand, offer Side) (inOffer, inDemand []string) {
	return demand.rejects(offer.Properties), offer.rejects(demand.Properties)
}

func (s Side) rejects(p golem.Properties) []string {
	e, err := Parse(s.Constraints)
	if err != nil {
		return []string{s.Constraints}
	}
	if e.Eval(p) == True {
		return nil
	}
	if names := e.root.blame(p, True, nil); len(names) > 0 {
		return names
	}
	return []string{"(|)"}
}

// blame appends the properties for which n is not the wanted value.
func (n *node) blame(p golem.Properties, want Result, names []string) []string {
	if n.eval(p) == want {
		return names
	}
	switch n.op {
	case opNot:
		return n.kids[0].blame(p, not(want), names)
	case opAnd, opOr:
		for i := range n.kids {
			names = n.kids[i].blame(p, want, names)
		}
		return names
	case opAlways:
		return names
	}
	if slices.Contains(names, n.key.name) {
		return names
	}
	return append(names, n.key.name)
}
