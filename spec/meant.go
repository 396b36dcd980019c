package spec

import (
	"fmt"
	"regexp"
	"strings"

	"tasks/spec/diag"
)

// didYouMean is a hint that asks for what was meant, or "" for "".
func didYouMean(meant string) string {
	if meant == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", meant)
}

// nearestOf is the word of some that was meant, or "".
func nearestOf(word string, words ...string) string {
	near, _ := diag.Nearest(word, words)
	return near
}

// wordMeant is a text with dashes for its blanks, where that has the form wanted,
// or "".
func wordMeant(s string, form *regexp.Regexp) string {
	if dashed := strings.Join(strings.Fields(s), "-"); len(s) <= 40 && form.MatchString(dashed) {
		return dashed
	}
	return ""
}

var (
	timeLike  = regexp.MustCompile(`^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*$`)
	timeWords = map[string]string{
		"sec": "s", "secs": "s", "second": "s", "seconds": "s", "s": "s",
		"min": "m", "mins": "m", "minute": "m", "minutes": "m", "m": "m",
		"hr": "h", "hrs": "h", "hour": "h", "hours": "h", "h": "h",
		"day": "d", "days": "d", "d": "d",
	}
)

// timeMeant is the time that a text like "5 min" means, or "".
func timeMeant(s string) string {
	m := timeLike.FindStringSubmatch(s)
	if m == nil {
		return ""
	}
	unit, ok := timeWords[strings.ToLower(m[2])]
	switch {
	case ok:
		return m[1] + unit
	case strings.EqualFold(m[2], "week"), strings.EqualFold(m[2], "weeks"), strings.EqualFold(m[2], "w"):
		var n float64
		if _, err := fmt.Sscanf(m[1], "%g", &n); err == nil && n < 1000 {
			return fmt.Sprintf("%gd", 7*n)
		}
	}
	return ""
}

// sizeMeant is the size that a number with an unknown unit means, or "".
func sizeMeant(number, unit string) string {
	short := map[string]string{"k": "KiB", "m": "MiB", "g": "GiB", "t": "TiB", "ko": "KB", "mo": "MB", "go": "GB", "to": "TB"}
	if meant, ok := short[strings.ToLower(unit)]; ok {
		return number + meant
	}
	if near := nearestOf(unit, "GiB", "MiB", "KiB", "TiB", "GB", "MB", "KB", "TB"); near != "" {
		return number + near
	}
	return ""
}

var dashedRange = regexp.MustCompile(`^\s*(-?\d+)\s*(?:-|\.\.|:|to)\s*(-?\d+)\s*$`)

// rangeMeant is the range that a text like "1-10" means, or "".
func rangeMeant(s string) string {
	m := dashedRange.FindStringSubmatch(s)
	if m == nil {
		return ""
	}
	return fmt.Sprintf("[%s, %s]", m[1], m[2])
}

var commaForm = regexp.MustCompile(`^\d+,\d+$`)

// oddAmount says what is wrong with a text that is an amount in other places of
// the world than this one, and what to write; the fact is "" for any other text.
func oddAmount(s string) (fact, hint string) {
	switch {
	case glmForm.MatchString(s):
		return "amounts are in GLM, and have no unit of money", "leave out the GLM"
	case commaForm.MatchString(s):
		return "a decimal number has a point, and this has a comma", "write " + strings.Replace(s, ",", ".", 1)
	}
	return "", ""
}
