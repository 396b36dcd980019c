package match

import (
	"cmp"
	"math"
	"strconv"
	"time"

	"github.com/shopspring/decimal"
)

// compareAsIs compares a property by its own type. A literal that is not of that
// type, and an operator that the type does not have, give false.
func compareAsIs(op operator, v any, l *literal) bool {
	switch v := v.(type) {
	case string:
		if op == opEqual {
			return l.equalString(v)
		}
		return holds(op, cmp.Compare(v, l.text))
	case float64:
		return l.isNum && !math.IsNaN(l.number) && holds(op, cmp.Compare(v, l.number))
	case bool:
		return op == opEqual && l.text == strconv.FormatBool(v)
	case []any:
		return op == opEqual && equalList(v, l)
	}
	return false
}

// equalList asks for the same set if the literal is a list, and for membership
// otherwise. The daemon compares sets by length and by every item of the literal
// being there, so that [a,a] equals a and b.
func equalList(list []any, l *literal) bool {
	if !l.isList {
		return contains(list, l)
	}
	if len(l.items) != len(list) {
		return false
	}
	for i := range l.items {
		if !contains(list, &l.items[i]) {
			return false
		}
	}
	return true
}

func contains(list []any, l *literal) bool {
	for _, item := range list {
		if compareAsIs(opEqual, item, l) {
			return true
		}
	}
	return false
}

// holds reports whether a three-way comparison satisfies the operator.
func holds(op operator, c int) bool {
	switch op {
	case opEqual:
		return c == 0
	case opLess:
		return c < 0
	case opLessEqual:
		return c <= 0
	case opGreater:
		return c > 0
	case opGreaterEqual:
		return c >= 0
	}
	return false
}

// compareAs compares a string property by the type that the key's suffix names:
// Undefined if the property does not convert, False if the literal does not.
func compareAs(as conversion, op operator, property, literal string) Result {
	switch as {
	case asDecimal:
		return compareParsed(op, property, literal, parseDecimal, decimal.Decimal.Cmp)
	case asVersion:
		return compareParsed(op, property, literal, parseVersion, version.compare)
	default:
		return compareParsed(op, property, literal, parseDateTime, time.Time.Compare)
	}
}

func compareParsed[T any](op operator, property, literal string, parse func(string) (T, bool), compare func(a, b T) int) Result {
	p, ok := parse(property)
	if !ok {
		return Undefined
	}
	l, ok := parse(literal)
	return truth(ok && holds(op, compare(p, l)))
}

func parseDecimal(s string) (decimal.Decimal, bool) {
	d, err := decimal.NewFromString(s)
	return d, err == nil
}

func parseDateTime(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil
}
