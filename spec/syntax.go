package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"tasks/spec/diag"
)

// syntax parses the one document of a text. What it cannot read at all it
// reports, and gives false.
func (d *decoder) syntax(in *text, content []byte) (*yaml.Node, bool) {
	if len(content) > maxSize {
		d.add(diag.Diagnostic{
			Place: in.span(1, 1, 1),
			Fact:  fmt.Sprintf("the file is larger than %d MiB", maxSize>>20),
			Hint:  d.forSpec("keep the items in a file of their own: from: {lines: items.txt} or {jsonl: items.jsonl}"),
		})
		return nil, false
	}
	if f, ok := unreadable(in, content); ok {
		d.add(f)
		return nil, false
	}
	in.lines = diag.Lines(content)
	docs, err := documents(content)
	if err != nil {
		d.add(explain(in, content, err))
		return nil, false
	}
	if len(docs) == 0 {
		d.add(diag.Diagnostic{
			Place: in.span(1, 1, 1),
			Fact:  "there is nothing in the file",
			Hint:  d.forSpec("a spec has at least name, payload and tasks"),
		})
		return nil, false
	}
	if len(docs) > 1 && (docs[1].Kind != yaml.ScalarNode || docs[1].Value != "") {
		d.report(d.value(in, docs[1], nil, ""), "a second document starts here", "keep one document to a file, and leave out the --- between them")
	}
	return docs[0], true
}

// forSpec is a hint that only a Spec gets.
func (d *decoder) forSpec(hint string) string {
	if d.foreign {
		return ""
	}
	return hint
}

// unreadable finds bytes that no YAML document has.
func unreadable(in *text, content []byte) (diag.Diagnostic, bool) {
	at, fact := 0, ""
	for i := 0; i < len(content) && fact == ""; {
		r, n := utf8.DecodeRune(content[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fact = "this is not UTF-8 text"
		case !printable(r):
			fact = fmt.Sprintf("the character %U cannot be in a YAML file", r)
		}
		at, i = i, i+n
	}
	if fact == "" {
		return diag.Diagnostic{}, false
	}
	// What is before the bad byte is good, and enough to point at it.
	in.lines = diag.Lines(append(bytes.Clone(content[:at]), '?'))
	last := len(in.lines)
	p := in.span(last, utf8.RuneCountInString(in.lines[last-1]), 1)
	return diag.Diagnostic{Place: p, Fact: fact, Hint: "save the file as UTF-8 text, and write other characters as escapes in double quotes"}, true
}

// printable reports whether YAML allows the character (YAML 1.1, section 5.1).
func printable(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r', r == 0x85:
		return true
	case r < ' ', r >= 0x7f && r < 0xa0, r >= 0xd800 && r < 0xe000, r == 0xfffe, r == 0xffff:
		return false
	}
	return true
}

// documents parses a text; of the documents after the first it gives only one.
func documents(content []byte) (docs []*yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: %v", r)
		}
	}()
	return decodeAll(bytes.NewReader(content))
}

func decodeAll(r io.Reader) ([]*yaml.Node, error) {
	dec := yaml.NewDecoder(r)
	var docs []*yaml.Node
	for len(docs) < 2 {
		var n yaml.Node
		if err := dec.Decode(&n); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		docs = append(docs, n.Content[0])
	}
	return docs, nil
}
