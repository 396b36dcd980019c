package spec

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// csv reads a source of records: the name of a file, or a mapping that says more.
func (d *decoder) csv(v value, s *Source) {
	s.Kind, s.Delimiter = SourceCSV, ','
	file := d.fileSource(SourceCSV)
	if v.node.Kind != yaml.MappingNode {
		file(v, s)
		return
	}
	has := d.fields(v,
		// the file
		field{"file", func(v value) { file(v, s) }},
		// what is between two values
		field{"delimiter", func(v value) { d.delimiter(v, s) }},
		// the names of the columns of a file that does not have them
		field{"columns", func(v value) { d.columns(v, s) }},
	)
	if !has["file"] {
		d.missing(v, "there is no file", "add its name, such as file: items.csv")
	}
}

// delimiter reads the character between two values.
func (d *decoder) delimiter(v value, s *Source) {
	const wants, hint = "one character", `write ";", or tab`
	text := v.node.Value
	if v.node.Kind != yaml.ScalarNode || text == "" {
		d.wrong(v, wants, hint)
		return
	}
	if text == "tab" {
		text = "\t"
	}
	r, size := utf8.DecodeRuneInString(text)
	switch {
	case size != len(text):
		d.wrong(v, wants, hint)
	case strings.ContainsRune("\"\r\n\ufeff", r) || r == utf8.RuneError:
		d.report(v, "this character cannot stand between values", hint)
	default:
		s.Delimiter = r
	}
}

// columns reads the names of the columns of a file that does not have them.
func (d *decoder) columns(v value, s *Source) {
	d.list(v, "a list of names", "write [city, country], or leave it out where the first line has the names", func(v value) {
		name, ok := d.fixed(v, "the name of a column", "")
		if ok && slices.Contains(s.Columns, name) {
			d.report(v, fmt.Sprintf("there are two columns with the name %s", shown(name)), "give each its own name")
			return
		}
		if ok {
			s.Columns = append(s.Columns, name)
		}
	})
	if v.node.Kind == yaml.SequenceNode && len(v.node.Content) == 0 {
		d.report(v, "there are no columns", "leave out the key where the first line has their names")
	}
}
