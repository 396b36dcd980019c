package spec

import (
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// IsAddress reports whether a place of an upload or a download is an address in
// the web and not a path of this computer.
func IsAddress(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// steps reads a list of steps.
func (d *decoder) steps(v value) []Step {
	var steps []Step
	const hint = "write a list such as - run: echo hello"
	d.list(v, "a list of steps", hint, func(v value) {
		if v.node.Kind == yaml.ScalarNode {
			d.wrong(v, "a mapping", "write - run: "+v.node.Value)
			return
		}
		var did string
		once := func(name string, read func(value)) field {
			return field{name, func(v value) {
				if did != "" {
					d.report(v, "there is already "+did+", and a step does one thing", "make two steps of it")
					return
				}
				did = name
				read(v)
			}}
		}
		has := d.fields(v,
			// a command
			once("run", func(v value) { steps = d.step(v, steps) }),
			// a file to copy to the machine
			once("upload", func(v value) { steps = append(steps, d.upload(v)) }),
			// a file to copy from the machine
			once("download", func(v value) { steps = append(steps, d.download(v)) }),
		)
		if len(has) == 0 && v.node.Kind == yaml.MappingNode {
			d.missing(v, "there is nothing to do in this step", "give it run, upload or download")
		}
	})
	if v.node.Kind == yaml.SequenceNode && len(v.node.Content) == 0 {
		d.report(v, "there are no steps", hint)
	}
	return steps
}

// upload reads a step that copies into the machine.
func (d *decoder) upload(v value) Step {
	u := &Upload{}
	var from, data, to value
	has := d.fields(v,
		// the file
		field{"from", func(v value) { from = v; u.From = d.optional(v, "a path of this computer, or an address") }},
		// the content of the file
		field{"data", func(v value) { data = v; u.Data = d.content(v) }},
		// where it goes on the machine
		field{"to", func(v value) { to = v; u.To = d.inVolume(v) }},
	)
	if v.node.Kind != yaml.MappingNode {
		return Step{Upload: u, Place: v.place()}
	}
	switch {
	case from.node != nil && data.node != nil:
		d.report(data, "there is a from beside this data", "keep one of the two: a file, or its content")
	case !has["from"] && !has["data"]:
		d.missing(v, "there is nothing to upload", "add from: with a file of this computer or an address, or data: with the content itself")
	case u.From != nil && !u.From.computed() && !IsAddress(u.From.Text):
		d.localSource(from, u.From.Text, u.Many())
	case u.Many() && (data.node != nil || u.From != nil && IsAddress(u.From.Text)):
		d.report(to, "the name of the file is missing", "only files of this computer keep their names in a folder that ends with /")
	}
	if !has["to"] {
		d.missing(v, "there is no place to upload it to", "add a path in a volume, such as to: /golem/input/data")
	}
	return Step{Upload: u, Place: v.place()}
}

// localSource checks a file that the document names, or the pattern of several.
func (d *decoder) localSource(v value, name string, many bool) {
	abs := name
	if !filepath.IsAbs(abs) {
		abs = filepath.Join(d.spec.Dir, name)
	}
	if !many {
		d.files = append(d.files, fileRef{value: v, name: name, abs: abs})
		return
	}
	if _, err := filepath.Match(name, ""); err != nil {
		d.report(v, "the pattern of file names is broken", "* stands for any characters, ? for one, [a-z] for one of several")
	}
}

// download reads a step that copies out of the machine.
func (d *decoder) download(v value) Step {
	l := &Download{}
	has := d.fields(v,
		// the file on the machine
		field{"from", func(v value) {
			if l.From = d.inVolume(v); strings.HasSuffix(l.From.Text, "/") {
				d.report(v, "the name of the file is missing", "a download copies one file; pack several with tar")
			}
		}},
		// where it goes on this computer
		field{"to", func(v value) {
			t, _ := d.template(v, "a path of this computer, or an address")
			if l.To = t; strings.HasSuffix(t.Text, "/") && !IsAddress(t.Text) {
				d.report(v, "the name of the file is missing", "add one, such as "+t.Text+"${{ task.id }}")
			}
		}},
	)
	if v.node.Kind == yaml.MappingNode && !has["from"] {
		d.missing(v, "there is no from", "say which file of the machine, such as from: /golem/output/result")
	}
	if v.node.Kind == yaml.MappingNode && !has["to"] {
		d.missing(v, "there is no to", "say where it goes on this computer, such as to: results/${{ task.id }}")
	}
	return Step{Download: l, Place: v.place()}
}

func (d *decoder) optional(v value, wants string) *Template {
	t, ok := d.template(v, wants)
	if !ok {
		return nil
	}
	return &t
}

// content reads what a file is to have in it, which may be nothing.
func (d *decoder) content(v value) *Template {
	t, ok := d.argument(v)
	if !ok {
		return nil
	}
	return &t
}

// computed reports whether there is an expression in the template.
func (t Template) computed() bool {
	for _, p := range t.Parts {
		if !p.Expr.IsZero() {
			return true
		}
	}
	return false
}
