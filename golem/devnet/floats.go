package devnet

import (
	"bytes"
	"regexp"
)

// floats are the keys whose values a daemon keeps as floating-point numbers, and
// writes with a point even when they are whole. yapapi refuses a price of 0 that
// is not 0.0.
var (
	floatKeys = regexp.MustCompile(`"(?:golem\.com\.pricing\.model\.linear\.coeffs|golem\.inf\.(?:mem|storage)\.gib|currentUsage|usageCounterVector)":` +
		`(?:\[[^\]"]*\]|-?[0-9][0-9.eE+-]*)`)
	jsonNumber = regexp.MustCompile(`-?[0-9][0-9.eE+-]*`)
)

// wholeFloats gives whole numbers the point that encoding/json leaves out. Quotes
// inside of strings are escaped, so it finds nothing in output.
func wholeFloats(body []byte) []byte {
	return floatKeys.ReplaceAllFunc(body, func(found []byte) []byte {
		key, value, _ := bytes.Cut(found, []byte(`":`))
		value = jsonNumber.ReplaceAllFunc(value, func(number []byte) []byte {
			if bytes.ContainsAny(number, ".eE") {
				return number
			}
			return append(bytes.Clone(number), ".0"...)
		})
		return bytes.Join([][]byte{key, value}, []byte(`":`))
	})
}
