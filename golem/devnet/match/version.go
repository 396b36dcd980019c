package match

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// A version is a semantic version: three numbers, and pre-release identifiers
// that come before the release. Build metadata is read and has no order.
type version struct {
	numbers [3]uint64
	pre     []string
}

func parseVersion(s string) (version, bool) {
	s, build, hasBuild := strings.Cut(s, "+")
	if hasBuild && !identifiers(build) {
		return version{}, false
	}
	core, pre, hasPre := strings.Cut(s, "-")
	if hasPre && !identifiers(pre) {
		return version{}, false
	}
	var v version
	if hasPre {
		v.pre = strings.Split(pre, ".")
	}
	parts := strings.Split(core, ".")
	if len(parts) != len(v.numbers) {
		return version{}, false
	}
	for i, part := range parts {
		n, ok := versionNumber(part)
		if !ok {
			return version{}, false
		}
		v.numbers[i] = n
	}
	return v, true
}

func versionNumber(s string) (uint64, bool) {
	if s == "" || s[0] < '0' || s[0] > '9' || (len(s) > 1 && s[0] == '0') {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return n, err == nil
}

// identifiers reports whether s is a dotted list of names of letters, digits and
// hyphens.
func identifiers(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || strings.ContainsFunc(part, func(r rune) bool {
			return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
		}) {
			return false
		}
	}
	return true
}

func (v version) compare(w version) int {
	if c := slices.Compare(v.numbers[:], w.numbers[:]); c != 0 {
		return c
	}
	switch {
	case len(v.pre) == 0 || len(w.pre) == 0:
		return cmp.Compare(len(w.pre), len(v.pre)) // a release comes after its pre-releases
	default:
		return slices.CompareFunc(v.pre, w.pre, compareIdentifiers)
	}
}

// compareIdentifiers orders numbers by value, before names, which go by bytes.
func compareIdentifiers(a, b string) int {
	m, aNum := versionNumber(a)
	n, bNum := versionNumber(b)
	switch {
	case aNum && bNum:
		return cmp.Compare(m, n)
	case aNum:
		return -1
	case bNum:
		return 1
	}
	return cmp.Compare(a, b)
}
