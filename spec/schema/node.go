package schema

import "maps"

// A Node is a part of a JSON Schema (draft-07), as encoding/json writes it. The
// keyword Takes is ours: words for a person, which go into the description.
type Node map[string]any

// Takes is a keyword that says what values a key takes, in words that fit after
// "takes".
const Takes = "takes"

// Scalar are the types that a decoder reads as text.
var Scalar = []string{"string", "number", "boolean"}

// With is a node with more keywords, which win.
func (n Node) With(more Node) Node {
	all := maps.Clone(n)
	maps.Copy(all, more)
	return all
}

// Text is a scalar that a decoder takes as text. Pattern is a regular expression
// that the text contains, or "".
func Text(takes, pattern string, examples ...any) Node {
	n := Node{"type": Scalar, Takes: takes, "errorMessage": "wants " + takes}
	if pattern != "" {
		n["pattern"], n["patternErrorMessage"] = pattern, "wants "+takes
	}
	if len(examples) > 0 {
		n["examples"] = examples
	}
	return n
}

// String is text that nobody could mean as a number.
func String(takes, pattern string, examples ...any) Node {
	return Text(takes, pattern, examples...).With(Node{"type": "string"})
}

// Whole is a whole number, which a decoder takes in quotes too.
func Whole(takes string, examples ...any) Node {
	return Text(takes, `^\s*[+-]?[0-9]+\s*$`, examples...).With(Node{"type": []string{"integer", "string"}})
}

// Enum is one of some words.
func Enum(words ...any) Node { return Node{"enum": words} }

// List is a list of at least one element.
func List(element Node) Node { return Node{"type": "array", "items": element, "minItems": 1} }

// AnyOf is what one of several nodes takes.
func AnyOf(nodes ...Node) Node { return Node{"anyOf": nodes} }

// One demands exactly one of some keys. It is said in a way by which editors point
// at the second of two, and not at the mapping.
func One(keys ...string) Node {
	var each []Node
	besides := Node{}
	for i, key := range keys {
		each = append(each, Node{"required": []string{key}})
		later := Node{}
		for _, other := range keys[i+1:] {
			later[other] = false
		}
		if len(later) > 0 {
			besides[key] = Node{"properties": later}
		}
	}
	return Node{"anyOf": each, "dependencies": besides}
}

// None refuses some keys.
func None(keys ...string) Node {
	var each []Node
	for _, key := range keys {
		each = append(each, Node{"required": []string{key}})
	}
	return Node{"not": Node{"anyOf": each}}
}
