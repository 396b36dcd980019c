package spec

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// scalar is the text of a value that is neither a list nor a mapping nor
// missing; it reports any other. wants says what it should be, in words that
// fit after "wants".
func (d *decoder) scalar(v value, wants, hint string) (string, bool) {
	switch {
	case v.node.Kind != yaml.ScalarNode:
		d.wrong(v, wants, hint)
	case v.foreignTag():
		said := strings.TrimSpace(v.node.Tag + " " + v.node.Value)
		d.report(v, fmt.Sprintf("YAML takes %s for a tag, not for a value", shown(v.node.Tag)), fmt.Sprintf("quote it: '%s'", said))
	case v.isNull() || strings.TrimSpace(v.node.Value) == "":
		d.report(v, "has no value, and wants "+wants, cmp.Or(hint, "give it one, or leave out the key"))
	default:
		return v.node.Value, true
	}
	return "", false
}

// fixed is a scalar in which nothing is filled in.
func (d *decoder) fixed(v value, wants, hint string) (string, bool) {
	s, ok := d.scalar(v, wants, hint)
	if ok && strings.Contains(s, "${{") {
		d.report(v, "nothing is filled in here, and this has ${{ in it", "only commands and results.file are templates")
		return "", false
	}
	return s, ok
}

// word is a scalar that has the form of a pattern.
func (d *decoder) word(v value, wants string, form *regexp.Regexp) string {
	s, ok := d.scalar(v, wants, "")
	if ok && !form.MatchString(s) {
		d.wrong(v, wants, didYouMean(wordMeant(s, form)))
		return ""
	}
	return s
}

// integer is a whole number of at least low; of a bad one it gives low.
func (d *decoder) integer(v value, wants string, low int64) int64 {
	s, ok := d.scalar(v, wants, "")
	if !ok {
		return low
	}
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil || n < low {
		d.wrong(v, wants, "")
		return low
	}
	return n
}

// duration is a time between two bounds, both included; of a bad one it gives 0.
func (d *decoder) duration(v value, low, high time.Duration) time.Duration {
	t, _ := d.time(v, low, high)
	return t
}

// time is duration for those to whom 0 is a good time too.
func (d *decoder) time(v value, low, high time.Duration) (time.Duration, bool) {
	const wants, hint = "a time", `write it with units, such as 90s, 2m, 1h30m or 2d`
	s, ok := d.scalar(v, wants, hint)
	if !ok {
		return 0, false
	}
	t, err := parseDuration(s)
	if err != nil {
		if _, number := strconv.ParseFloat(s, 64); number == nil {
			d.report(v, v.kind()+" has no unit of time", fmt.Sprintf("write %ss for seconds or %sm for minutes", s, s))
			return 0, false
		}
		d.wrong(v, wants, cmp.Or(didYouMean(timeMeant(s)), hint))
		return 0, false
	}
	if t < low || t > high {
		d.report(v, fmt.Sprintf("wants a time from %s to %s, and this is %s", showDuration(low), showDuration(high), s), "")
		return 0, false
	}
	return t, true
}

var daysForm = regexp.MustCompile(`^(\d+(?:\.\d+)?)d(.*)$`)

const maxDays = 100_000

// parseDuration is a Go duration that may begin with days of 24 hours: "2d",
// "1d12h".
func parseDuration(s string) (time.Duration, error) {
	m := daysForm.FindStringSubmatch(s)
	if m == nil {
		return time.ParseDuration(s)
	}
	days, err := time.ParseDuration(m[1] + "h")
	if err != nil || days > maxDays*time.Hour {
		return math.MaxInt64, nil // too long for anything, and not worth an error of its own
	}
	var rest time.Duration
	if m[2] != "" {
		if rest, err = time.ParseDuration(m[2]); err != nil || rest < 0 {
			return 0, fmt.Errorf("read duration %q: bad part after the days", s)
		}
	}
	return 24*days + rest, nil
}

// showDuration is a duration as a document writes it: 2m, not 2m0s.
func showDuration(t time.Duration) string {
	if t > 0 && t%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", t/(24*time.Hour))
	}
	s := t.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

var sizeForm = regexp.MustCompile(`^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$`)

// sizeUnits are the bytes in a unit, by its name in lower case.
var sizeUnits = map[string]float64{
	"b":  1,
	"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
}

// size is an amount of memory or disk in GiB; of a bad one it gives 0.
func (d *decoder) size(v value) float64 {
	const wants, hint = "a size", "write it with a unit, such as 512MiB, 2GiB or 1.5 GB"
	s, ok := d.scalar(v, wants, hint)
	if !ok {
		return 0
	}
	m := sizeForm.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		d.wrong(v, wants, hint)
		return 0
	}
	unit, known := sizeUnits[strings.ToLower(m[2])]
	n, err := strconv.ParseFloat(m[1], 64)
	switch {
	case m[2] == "":
		d.report(v, v.kind()+" has no unit", fmt.Sprintf("write %sGiB or %sMiB", m[1], m[1]))
	case !known:
		const hint = "the units are B, KB, MB, GB, TB and KiB, MiB, GiB, TiB"
		d.report(v, "unknown unit "+shown(m[2]), strings.TrimSpace(didYouMean(sizeMeant(m[1], m[2]))+" "+hint))
	case err != nil || n == 0:
		d.report(v, "wants a size above 0, and this is "+shown(s), "leave out the key to ask for nothing")
	default:
		return n * unit / (1 << 30)
	}
	return 0
}

// expr is an expression; wants is what else may stand in its place, or "".
func (d *decoder) expr(v value, wants string) Expr {
	wants = cmp.Or(wants, "an expression")
	hint := ""
	if v.node.Kind != yaml.ScalarNode && v.node.Style&yaml.FlowStyle != 0 {
		hint = "quote an expression that starts with a bracket"
	}
	s, ok := d.scalar(v, wants, hint)
	if !ok || !d.isExpression(v, s) {
		return Expr{}
	}
	return exprAt(s, v.at())
}

// exprAt is an expression without the blanks around it.
func exprAt(s string, at place) Expr {
	said := strings.TrimLeft(s, " \t\r\n")
	lead := utf8.RuneCountInString(s[:len(s)-len(said)])
	return Expr{Text: strings.TrimRight(said, " \t\r\n"), at: at.moved(lead)}
}

// isExpression reports what cannot be meant as an expression.
func (d *decoder) isExpression(v value, s string) bool {
	switch {
	case strings.Contains(s, "${{"):
		d.report(v, "this is an expression, and ${{ }} is for text around one", "leave out the ${{ and }}")
		return false
	case v.node.Style == 0 && v.node.LineComment != "" && open(s):
		d.report(v, "the expression ends at the #, which starts a comment in YAML", "quote all of it, or put it in a block after |")
		return false
	}
	return true
}

// open reports whether a bracket of an expression is still open at its end.
func open(s string) bool {
	depth := 0
	for i := 0; i < len(s); {
		switch s[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		}
		i = skipString(s, i)
	}
	return depth > 0
}

// skipString is the offset behind the character at i of an expression, or behind
// the string literal that starts there.
func skipString(s string, i int) int {
	quote := s[i]
	if quote != '\'' && quote != '"' && quote != '`' {
		return i + 1
	}
	for i++; i < len(s) && s[i] != quote; i++ {
		if s[i] == '\\' && quote != '`' {
			i++
		}
	}
	return min(i+1, len(s))
}
