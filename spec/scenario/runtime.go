package scenario

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"tasks/golem/devnet"
	"tasks/spec"
)

// runtime reads what commands do on machines without processes.
func (d *decoder) runtime(v spec.Value) {
	has := d.Fields(v, spec.Field{Key: "instant", Read: func(v spec.Value) {
		d.scenario.Table = devnet.Table{}
		d.List(v, "a list of what commands answer", "begin each with a dash, such as - {command: '^echo (.*)', stdout: $1}", d.row)
		if v.IsList() && len(d.scenario.Table) == 0 {
			d.Report(v, "there is nothing that a command could answer", "the entry {} makes every command succeed")
		}
	}})
	if v.IsMapping() && len(has) == 0 {
		d.Missing(v, "there is no instant", "leave out runtime to run real processes")
	}
}

// A text is a part of a row in which $1 stands for a group of its command.
type text struct {
	at   spec.Value
	said string
}

// row reads one entry of the table.
func (d *decoder) row(v spec.Value) {
	var row devnet.Row
	var texts []text
	fill := func(into *string) func(spec.Value) {
		return func(v spec.Value) {
			*into, _ = d.Text(v, "a text", "leave out the key for none")
			texts = append(texts, text{v, *into})
		}
	}
	bad := false
	d.Fields(v,
		spec.Field{Key: "command", Read: func(v spec.Value) { row.Command, bad = d.pattern(v) }},
		spec.Field{Key: "stdout", Read: fill(&row.Stdout)},
		spec.Field{Key: "stderr", Read: fill(&row.Stderr)},
		spec.Field{Key: "exit", Read: func(v spec.Value) {
			n, _ := d.wholes(0, 255)(v)
			row.ExitCode = int(n)
		}},
		spec.Field{Key: "takes", Read: func(v spec.Value) { row.Takes = d.span(v) }},
		spec.Field{Key: "cpu", Read: func(v spec.Value) { row.CPU = d.span(v) }},
		spec.Field{Key: "files", Read: func(v spec.Value) {
			row.Files = map[string]string{}
			d.List(v, "a list of files that the command writes", "such as - {path: /golem/output/out, text: $1}", func(v spec.Value) {
				d.file(v, row.Files, fill)
			})
		}},
	)
	for _, t := range texts {
		if !bad {
			d.checkGroups(t, row.Command)
		}
	}
	d.scenario.Table = append(d.scenario.Table, row)
}

// pattern reads what a command is known by, and says whether it is broken.
func (d *decoder) pattern(v spec.Value) (form *regexp.Regexp, bad bool) {
	s, ok := d.Text(v, "a regular expression", "leave out the key to match every command")
	if !ok {
		return nil, true
	}
	form, err := regexp.Compile(s)
	if err != nil {
		reason := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		d.Report(v, "this is no regular expression: "+reason, `put a \ before a character such as ( or * to find itself`)
	}
	return form, err != nil
}

// file reads a file that a command writes.
func (d *decoder) file(v spec.Value, into map[string]string, fill func(*string) func(spec.Value)) {
	var name, content string
	has := d.Fields(v,
		spec.Field{Key: "path", Read: func(v spec.Value) {
			s, ok := d.Text(v, "a path of the machine, such as /golem/output/out", "")
			if ok && (!path.IsAbs(s) || path.Clean(s) != s) {
				d.Wrong(v, "a path of the machine, such as /golem/output/out", "")
			}
			name = s
		}},
		spec.Field{Key: "text", Read: fill(&content)},
	)
	if v.IsMapping() && !has["path"] {
		d.Missing(v, "this file has no path", "add one in a volume, such as path: /golem/output/out")
	}
	into[name] = content
}

// groupForm is how a text names a group, and how it writes a dollar.
var groupForm = regexp.MustCompile(`\$(\$|\w+|\{\w+\})`)

// checkGroups reports groups that the command does not have.
func (d *decoder) checkGroups(t text, command *regexp.Regexp) {
	known := []string{"0"}
	if command != nil {
		known = groupsOf(command)
	}
	for _, m := range groupForm.FindAllStringSubmatch(t.said, -1) {
		name := strings.Trim(m[1], "{}")
		if name == "$" || slices.Contains(known, name) {
			continue
		}
		hint := "write $$ for a dollar"
		if digit := name[:1]; slices.Contains(known, digit) {
			hint = "write ${" + digit + "}" + name[1:] + ", or $$ for a dollar"
		}
		d.Report(t.at, m[0]+" is no group of the command", hint)
	}
}

func groupsOf(command *regexp.Regexp) []string {
	var known []string
	for i, name := range command.SubexpNames() {
		known = append(known, plain(float64(i)))
		if name != "" {
			known = append(known, name)
		}
	}
	return known
}

// span reads a time, or from and to of one that is drawn.
func (d *decoder) span(v spec.Value) devnet.Span {
	if !v.IsMapping() {
		t, _ := d.Time(v, 0, aDay)
		return devnet.Span{Min: t, Max: t}
	}
	var s devnet.Span
	fine := true
	take := func(into *time.Duration) func(spec.Value) {
		return func(v spec.Value) {
			t, ok := d.Time(v, 0, aDay)
			*into, fine = t, fine && ok
		}
	}
	has := d.Fields(v, spec.Field{Key: "from", Read: take(&s.Min)}, spec.Field{Key: "to", Read: take(&s.Max)})
	switch {
	case fine && !(has["from"] && has["to"]):
		d.Report(v, "a time that is drawn wants from and to", "such as {from: 5ms, to: 20ms}")
	case fine && s.Max < s.Min:
		d.Report(v, "from is above to", "swap the two")
	}
	return s
}
