package match

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// A literal is the text that a property is compared with, and what it means for
// properties of each type, worked out once.
type literal struct {
	text    string
	wild    bool           // text holds a "*"
	pattern *regexp.Regexp // of a wild literal; nil when it does not compile
	number  float64
	isNum   bool
	isList  bool // text is "[a,b]"
	items   []literal
}

func newLiteral(op operator, text string) literal {
	l := literal{text: text}
	l.number, l.isNum = parseNumber(text)
	if op != opEqual {
		return l
	}
	if l.wild = strings.Contains(text, "*"); l.wild {
		// Other metacharacters keep their power, as in the daemon.
		l.pattern, _ = regexp.Compile("^" + strings.ReplaceAll(text, "*", ".*") + "$")
	}
	l.items, l.isList = listItems(text)
	return l
}

// listItems reads "[a, b]". Items are trimmed and cannot hold brackets or commas.
func listItems(text string) ([]literal, bool) {
	inner, ok := strings.CutPrefix(text, "[")
	if !ok {
		return nil, false
	}
	inner, ok = strings.CutSuffix(inner, "]")
	if !ok || strings.ContainsAny(inner, "[]") {
		return nil, false
	}
	if inner == "" {
		return nil, true
	}
	var items []literal
	for item := range strings.SplitSeq(inner, ",") {
		items = append(items, newLiteral(opEqual, strings.Trim(item, " \t\r\n")))
	}
	return items, true
}

// parseNumber reads what the daemon reads as a float64: decimal notation, and
// neither hexadecimal nor underscores. Out of range is an infinity.
func parseNumber(text string) (float64, bool) {
	if strings.ContainsAny(text, "xX_") {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil || errors.Is(err, strconv.ErrRange)
}

// equalString compares with a string property, in which "*" means nothing.
func (l *literal) equalString(s string) bool {
	if l.wild {
		return l.pattern != nil && l.pattern.MatchString(s)
	}
	return l.text == s
}
