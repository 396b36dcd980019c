package spec

import (
	"regexp"

	"gopkg.in/yaml.v3"
)

// nameForm is the form of names that end up in file names and demands.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// document reads the top of the document.
func (d *decoder) document(v value) {
	if v.node.Kind != yaml.MappingNode {
		d.wrong(v, "a mapping with name, payload and tasks", "start with a line such as name: hello")
		return
	}
	s, unsure := d.spec, false
	has := d.fields(v,
		field{"name", func(v value) { s.Name = d.word(v, "a name of letters, digits, dots, dashes and underscores", nameForm) }},
		field{"payload", d.payload},
		field{"golem", d.golem},
		field{"workers", d.workers},
		field{"budget", d.budget},
		field{"max_price", d.maxPrice},
		field{"tasks", func(v value) { d.unsure = false; d.tasks(v); unsure = d.unsure }},
		field{"policies", d.policies},
		field{"results", d.results},
	)
	if !has["name"] {
		d.missing(v, "there is no name", "add a line such as name: hello")
	}
	if !has["payload"] {
		d.missing(v, "there is no payload", "add what to run on the provider, such as payload: {image: golem/alpine:latest}")
	}
	if !has["tasks"] {
		d.missing(v, "there are no tasks", `add them, such as tasks: {from: {range: [1, 10]}, run: "echo ${{ task.item }}"}`)
	}
	d.unsure = unsure
	d.checkStages()
}

// overrides puts the values of flags in the place of the document's.
func (d *decoder) overrides(o Overrides) {
	d.flag("--workers", "workers", o.Workers, d.workers)
	d.flag("--max-price", "max_price", o.MaxPrice, d.maxPrice)
	d.flag("--budget", "budget", o.Budget, d.budget)
	fillKeep(d.spec)
}

// results reads where results go.
func (d *decoder) results(v value) {
	r := &d.spec.Results
	d.fields(v,
		field{"file", func(v value) {
			if t, ok := d.template(v, "a file name"); ok {
				r.File = &t
			}
		}},
		field{"count", func(v value) { r.Count = d.expr(v, "a number or an expression") }},
	)
}
