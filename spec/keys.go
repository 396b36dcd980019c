package spec

import (
	"maps"
	"slices"
	"strings"
)

// Keys lists every key that a document may have, sorted, by its path: "name",
// "payload.min.cores", "tasks.steps.run". A list adds nothing to a path, and the
// keys of a stage stand as in a document with a single one. The decoder itself
// says them, so that documentation can be held to the code.
func Keys() []string {
	known, lists := map[string]bool{}, map[string]bool{}
	for ask := []string{"", "tasks.run"}; len(ask) > 0; ask = ask[1:] {
		for _, leaf := range []string{"{}", "[{}]"} {
			for _, key := range keysBelow(nested(ask[0], leaf, lists)) {
				if !known[key] {
					known[key] = true
					ask = append(ask, key)
					lists[ask[0]] = leaf == "[{}]"
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(known))
}

// nested is a document with one path in it. Below a path that is among lists
// stands a list.
func nested(path, leaf string, lists map[string]bool) string {
	if path == "" {
		return leaf
	}
	doc := leaf
	for parent := path; parent != ""; {
		i := strings.LastIndexByte(parent, '.')
		key := parent[i+1:]
		parent = parent[:max(i, 0)]
		doc = "{" + key + ": " + doc + "}"
		if lists[parent] {
			doc = "[" + doc + "]"
		}
	}
	return doc
}

// keysBelow is every key that the decoder would have taken anywhere in a document.
func keysBelow(doc string) []string {
	var keys []string
	d := &decoder{spec: &Spec{}, offered: func(path string, offered []string) {
		for _, key := range offered {
			keys = append(keys, strings.ReplaceAll(join(path, key), "[0]", ""))
		}
	}}
	d.read(&text{lines: []string{""}}, []byte(doc))
	return keys
}
