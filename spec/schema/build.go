package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Form makes the schema of a key's value. Mapping is the one of a mapping of the
// keys below it, or nil where there are none.
type Form func(mapping Node) Node

// Is is the form of a value without keys of its own.
func Is(n Node) Form { return func(Node) Node { return n } }

// Or is the form of a value that has keys below it, or is short for that.
func Or(short ...Node) Form {
	return func(mapping Node) Node { return AnyOf(append(short, mapping)...) }
}

// A Grammar is all that is known of a kind of document. Keys has the comments of
// every key by its path, Forms what they take, and Defaults, as text, what holds
// where they are left out. The form of "" is that of the whole document.
type Grammar struct {
	Title    string
	Keys     map[string]Comment
	Forms    map[string]Form
	Defaults map[string]string
}

// Build is the schema of the documents, as indented JSON. The error names every
// key that lacks a comment or a form, and every form without a key.
func (g Grammar) Build() ([]byte, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	root := g.mapping("")
	if form := g.Forms[""]; form != nil {
		root = form(root)
	}
	root = tidy(root).(Node).With(Node{"$schema": "http://json-schema.org/draft-07/schema#", "title": g.Title})
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(root); err != nil {
		return nil, fmt.Errorf("write schema: %w", err)
	}
	return b.Bytes(), nil
}

func (g Grammar) check() error {
	var all []error
	for _, key := range slices.Sorted(maps.Keys(g.Keys)) {
		if g.Keys[key].Text == "" {
			all = append(all, fmt.Errorf("%s: the key %s has no comment above it, saying what it is", g.Keys[key].Place, key))
		}
		if g.Forms[key] == nil && len(g.below(key)) == 0 {
			all = append(all, fmt.Errorf("%s: the key %s has no form, saying what it takes", g.Keys[key].Place, key))
		}
	}
	for key := range g.Forms {
		if _, ok := g.Keys[key]; !ok && key != "" {
			all = append(all, fmt.Errorf("there is a form for %s, which is no key", key))
		}
	}
	return errors.Join(all...)
}

// below are the last parts of the keys right below a path.
func (g Grammar) below(path string) []string {
	var keys []string
	for key := range g.Keys {
		rest, ok := strings.CutPrefix(key, path+".")
		if path == "" {
			rest, ok = key, true
		}
		if ok && !strings.Contains(rest, ".") {
			keys = append(keys, rest)
		}
	}
	return slices.Sorted(slices.Values(keys))
}

// mapping is the schema of a mapping with the keys below a path, or nil.
func (g Grammar) mapping(path string) Node {
	properties := Node{}
	for _, name := range g.below(path) {
		key := name
		if path != "" {
			key = path + "." + name
		}
		properties[name] = g.key(key)
	}
	if len(properties) == 0 {
		return nil
	}
	return Node{"type": "object", "properties": properties, "additionalProperties": false}
}

// key is the schema of a key's value, with what a person wants to know of it.
func (g Grammar) key(path string) Node {
	n := g.mapping(path)
	if form := g.Forms[path]; form != nil {
		n = form(n)
	}
	text := sentence(g.Keys[path].Text)
	if takes, ok := n[Takes].(string); ok {
		text += "\n\nTakes " + takes + "."
	}
	if is, ok := g.Defaults[path]; ok {
		text += "\n\nDefault: `" + is + "`"
		n = n.With(Node{"default": value(is)})
	}
	return n.With(Node{"title": path, "description": text})
}

// sentence is text with a capital letter and a full stop.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:] + "."
}

// value is a default as JSON has it: a number or a bool where the text is one.
func value(s string) any {
	var v any
	if json.Unmarshal([]byte(s), &v) == nil {
		switch v.(type) {
		case float64, bool:
			return v
		}
	}
	return s
}

// tidy is a schema without keywords of our own.
func tidy(v any) any {
	switch v := v.(type) {
	case Node:
		clean := Node{}
		for k, e := range v {
			if said, ok := e.(string); !ok || k != Takes || said == "" {
				clean[k] = tidy(e)
			}
		}
		return clean
	case []Node:
		clean := make([]any, len(v))
		for i, e := range v {
			clean[i] = tidy(e)
		}
		return clean
	}
	return v
}
