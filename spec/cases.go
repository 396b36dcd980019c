package spec

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"

	"tasks/spec/diag"
)

// A Case is what one policy has to give for some values: a test of it. Package
// policies tries it.
type Case struct {
	Policy string // as the document names it, such as "offer.accept" or "tasks.run"
	Name   string // for people, or ""
	Given  Data   // a mapping of names to values; zero for none
	Want   Data   // what it has to give; zero where Fails is set
	Fails  string // what the message of its failure has to contain, or ""
	Place  diag.Place
	Path   string // such as "tests.offer.accept[0]"
}

// CasesFile is the file beside a document that may hold more of its cases: run.yaml
// has run.test.yaml.
func CasesFile(file string) string {
	ext := filepath.Ext(file)
	return strings.TrimSuffix(file, ext) + ".test" + ext
}

// LoadCases reads a file that has nothing but cases, as the key tests of a document
// has them. It gives every mistake in it, in file order, and its text. The error is
// that of reading the file, wrapped.
func LoadCases(file string) (cases []Case, content []byte, list diag.List, err error) {
	content, err = readFile(file)
	if err != nil {
		return nil, nil, nil, err
	}
	d := &decoder{spec: &Spec{File: file}, foreign: true}
	in := &text{name: file, lines: []string{""}}
	if root, ok := d.syntax(in, content); ok {
		d.left = 2*count(root) + 100_000
		d.tests(d.value(in, root, nil, ""))
	}
	return d.spec.Tests, content, d.mistakes(), nil
}

// tests reads the cases of a document.
func (d *decoder) tests(v value) {
	if v.node.Kind != yaml.MappingNode {
		d.wrong(v, "a mapping of policies to cases", "write such as {offer.accept: [{given: {offer: {price: {start: 1}}}, want: false}]}")
		return
	}
	d.entries(v, func(policy string, e value) {
		d.list(e, "a list of cases", "write such as [{given: {offer: {price: {start: 1}}}, want: false}]", func(v value) {
			d.spec.Tests = append(d.spec.Tests, d.testCase(v, policy))
		})
	})
}

// testCase reads one case.
func (d *decoder) testCase(v value, policy string) Case {
	c := Case{Policy: policy, Place: v.place(), Path: v.path}
	has := d.fields(v,
		// what the case is about, for people
		field{"name", func(v value) { c.Name, _ = d.fixed(v, "text", "") }},
		// values of the names that the policy sees, as a tree; what is not given is empty
		field{"given", func(v value) { c.Given = d.names(v) }},
		// what the policy has to give
		field{"want", func(v value) { c.Want = d.data(v) }},
		// instead of want: text that is in the message with which the policy fails
		field{"fails", func(v value) { c.Fails, _ = d.fixed(v, "text of a message", "") }},
	)
	switch {
	case has["want"] && has["fails"]:
		d.report(v, "want and fails cannot both be", "leave one of them out")
	case v.node.Kind == yaml.MappingNode && !has["want"] && !has["fails"]:
		d.missing(v, "this case wants nothing", "add want: with what the policy has to give, or null")
	}
	return c
}

// names reads the values of names.
func (d *decoder) names(v value) Data {
	if v.node.Kind != yaml.MappingNode {
		d.wrong(v, "a mapping of names to values", "write such as {offer: {price: {start: 0.1}}, provider: {failures: 2}}")
		return Data{}
	}
	return d.data(v)
}

// casesSettings are the cases as Changes tells of them, by their policies.
func casesSettings(cases []Case) []setting {
	var list []setting
	for _, c := range cases {
		given, _ := json.Marshal(c.Given.Value)
		want, _ := json.Marshal(c.Want.Value)
		text := fmt.Sprintf("%s gives %s", given, want)
		if c.Fails != "" {
			text = fmt.Sprintf("%s fails: %s", given, c.Fails)
		}
		list = append(list, setting{c.Path, text})
	}
	return list
}
