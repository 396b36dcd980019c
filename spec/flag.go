package spec

import (
	"strings"

	"gopkg.in/yaml.v3"

	"tasks/spec/diag"
)

// flag reads the value of a flag with what reads the document's value of the
// same name. One that starts with a brace is YAML; any other is taken as it is.
func (d *decoder) flag(name, path, content string, read func(value)) {
	if content == "" {
		return
	}
	in := &text{name: name, flag: true, lines: diag.Lines([]byte(content))}
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: content}
	if strings.HasPrefix(strings.TrimSpace(content), "{") {
		var ok bool
		if n, ok = d.syntax(in, []byte(content)); !ok {
			return
		}
	}
	d.left = 2*count(n) + 100_000
	read(d.value(in, n, nil, path))
}
