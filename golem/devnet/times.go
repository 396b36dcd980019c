package devnet

import "regexp"

// shortFraction finds a time of the API whose fraction of a second has a number
// of digits that no daemon writes. Quotes inside of strings are escaped, so it
// finds nothing in properties or output.
var shortFraction = regexp.MustCompile(
	`"(?:timestamp|eventDate|validTo|approvedDate|timeout|createdTs|updatedTs|paymentDueDate|nextProcess)"` +
		`:"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.(?:\d|\d\d|\d{4}|\d{5}|\d{7}|\d{8})Z"`)

// wholeFractions fills the times of an answer up to 3, 6 or 9 digits (protocol
// section 0), because encoding/json leaves out zeros.
func wholeFractions(body []byte) []byte {
	return shortFraction.ReplaceAllFunc(body, func(found []byte) []byte {
		filled := append([]byte{}, found[:len(found)-len(`Z"`)]...)
		digits := 0
		for filled[len(filled)-1-digits] != '.' {
			digits++
		}
		for ; digits%3 != 0; digits++ {
			filled = append(filled, '0')
		}
		return append(filled, `Z"`...)
	})
}
