package spec

import (
	"fmt"
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
	unsure := false
	has := d.fields(v, d.topFields(&unsure)...)
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
	d.checkTargets()
}

// topFields are the keys of a document. What tasks leave unsure goes to unsure.
func (d *decoder) topFields(unsure *bool) []field {
	s := d.spec
	return []field{
		// the name of the spec
		{"name", func(v value) { s.Name = d.word(v, "a name of letters, digits, dots, dashes and underscores", nameForm) }},
		// what runs on the provider
		{"payload", d.payload},
		// which part of the network to use, and how often to be billed
		{"golem", d.golem},
		// how many machines work at once; never more than there are tasks
		{"workers", d.workers},
		// how much may be spent
		{"budget", d.budget},
		// GLM for one result above which a worker is let go
		{"max_price", d.maxPrice},
		// values that expressions and templates know as `params.name`
		{"params", d.params},
		// variables of this computer's environment that commands know as `env.name`
		{"env", d.env},
		// what to do; a name has letters, digits, `-`, `_` and is none of the keys below
		{"tasks", func(v value) { d.unsure = false; d.tasks(v); *unsure = d.unsure }},
		// the expressions that decide
		{"policies", d.policies},
		// what becomes of results
		{"results", d.results},
		// what policies have to give for some values
		{"tests", d.tests},
	}
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
	if v.node.Kind == yaml.ScalarNode && !v.isNull() {
		d.wrong(v, "a mapping", fmt.Sprintf("write {file: %s} for the file that results are written to", v.node.Value))
		return
	}
	d.fields(v,
		// a file that results are written to, one JSON object a line
		field{"file", func(v value) {
			if t, ok := d.template(v, "a file name"); ok {
				r.File = &t
			}
		}},
		// how many results a value counts for
		field{"count", func(v value) { r.Count = d.expr(v, "a number or an expression") }},
		// what the database keeps of what has ended
		field{"keep", d.keep},
	)
}
