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
	known := map[string]bool{}
	for ask := []string{"", "tasks.run"}; len(ask) > 0; ask = ask[1:] {
		for _, leaf := range []string{"{}", "[{}]"} {
			for _, key := range keysBelow(nested(ask[0], leaf)) {
				if !known[key] {
					known[key] = true
					ask = append(ask, key)
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(known))
}

// nested is a document with one path in it.
func nested(path, leaf string) string {
	if path == "" {
		return leaf
	}
	keys := strings.Split(path, ".")
	return "{" + strings.Join(keys, ": {") + ": " + leaf + strings.Repeat("}", len(keys))
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
