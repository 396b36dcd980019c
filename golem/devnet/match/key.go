package match

import "strings"

// A conversion is what the suffix of a key asks for.
type conversion byte

const (
	asIs       conversion = 0
	asDecimal  conversion = 'd'
	asVersion  conversion = 'v'
	asDateTime conversion = 't'
)

// A key refers to a property, or to an aspect of it.
type key struct {
	name      string
	hasAspect bool
	as        conversion
}

const keyDelimiters = "[]$"

// key reads name[aspect]$d; the aspect and the suffix may be left out.
func (p *parser) key(offset int, text string) (key, error) {
	n := strings.IndexAny(text, keyDelimiters)
	if n < 0 {
		n = len(text)
	}
	k, rest := key{name: text[:n]}, text[n:]
	if k.name == "" {
		return key{}, p.errorf(offset, "no property before the operator")
	}
	if strings.HasPrefix(rest, "[") {
		end := strings.IndexAny(rest[1:], keyDelimiters)
		if end < 0 || rest[1+end] != ']' {
			return key{}, p.errorf(offset, "aspect of property %q is not closed", k.name)
		}
		k.hasAspect, rest = true, rest[end+2:]
	}
	switch rest {
	case "":
	case "$d", "$v", "$t":
		k.as = conversion(rest[1])
	default:
		return key{}, p.errorf(offset, "property %q is followed by %q, want $d, $v or $t", k.name, rest)
	}
	return k, nil
}
