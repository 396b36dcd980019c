package spec_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"tasks/spec"
	"tasks/spec/schema"
)

// TestSchema holds schema.json to the code: to the comments above the keys and to
// the forms of this test. With -update it writes the file.
func TestSchema(t *testing.T) {
	keys, err := schema.ReadComments(".", "document", "field")
	if err != nil {
		t.Fatal(err)
	}
	g := schema.Grammar{Title: "a spec of tasks", Keys: keys, Forms: maps.Clone(specForms), Defaults: schemaDefaults(t, keys)}
	maps.Copy(g.Forms, taskForms)
	got, err := g.Build()
	if err != nil {
		t.Fatalf("%v\nforms are in forms_test.go and forms_tasks_test.go", err)
	}
	for _, key := range spec.Keys() {
		if _, ok := keys[key]; !ok {
			t.Errorf("the key %s is not found in the code: write it as field{%q, …} where it is read", key, key[strings.LastIndexByte(key, '.')+1:])
		}
	}
	if *update {
		if err := os.WriteFile("schema.json", got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(spec.Schema()), string(got)); diff != "" {
		t.Errorf("schema.json is out of date; go test ./spec -run TestSchema -update writes it (-file +code):\n%s", diff)
	}
}

// schemaDefaults is what the keys come to in a document that leaves them out.
func schemaDefaults(t *testing.T, keys map[string]schema.Comment) map[string]string {
	t.Helper()
	known := map[string]string{}
	for path, text := range allSettings(t, "name: x\npayload: a/b:c\ntasks: {from: [a], run: ls}\n") {
		if _, ok := keys[path]; ok && path != "name" && path != "payload.image" && path != "tasks.from" {
			known[path] = regexp.MustCompile(`([mh])0[ms](0s)?$`).ReplaceAllString(text, "$1")
		}
	}
	return known
}

// allSettings are the settings that a document comes to, by their paths.
func allSettings(t *testing.T, doc string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, c := range spec.Changes(new(spec.Spec), parsed(t, doc, spec.Overrides{})) {
		all[c.Path] = c.After
	}
	return all
}

// TestSchemaKnowsEverySetting finds what Changes tells of in the schema.
func TestSchemaKnowsEverySetting(t *testing.T) {
	keys, err := schema.ReadComments(".", "document", "field")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range goodFiles(t) {
		text := readFile(t, file)
		s, _, err := spec.Load(file, spec.Overrides{})
		if err != nil {
			t.Fatal(err)
		}
		for path := range allSettings(t, text) {
			for _, stage := range s.Stages {
				path = strings.Replace(path, "tasks."+stage.Name+".", "tasks.", 1)
			}
			path = regexp.MustCompile(`\[\d+\]$`).ReplaceAllString(path, "")
			if _, ok := keys[path]; !ok && !strings.HasPrefix(path, "params.") && !strings.HasPrefix(path, "tests.") && !strings.HasPrefix(path, "env.") {
				t.Errorf("%s: the schema does not know %s", file, path)
			}
		}
	}
}

func goodFiles(t *testing.T) []string {
	t.Helper()
	good, err := filepath.Glob("testdata/good/*.yaml")
	if err != nil || len(good) == 0 {
		t.Fatal(good, err)
	}
	examples, err := filepath.Glob("../examples/*.yaml")
	if err != nil || len(examples) == 0 {
		t.Fatal(examples, err)
	}
	return append(good, examples...)
}

func TestSchemaTakesGoodDocuments(t *testing.T) {
	s := compiledSchema(t)
	for _, file := range goodFiles(t) {
		if err := s.Validate(instance(t, readFile(t, file))); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func compiledSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(spec.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("spec.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("spec.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// instance is a YAML document as an editor holds it against a schema, or nil for
// one that it cannot read.
func instance(t *testing.T, text string) any {
	t.Helper()
	var n yaml.Node
	var whole any // refuses aliases that have no end
	if yaml.Unmarshal([]byte(text), &n) != nil || yaml.Unmarshal([]byte(text), &whole) != nil || len(n.Content) == 0 {
		return nil
	}
	return plainValue(n.Content[0])
}

func plainValue(n *yaml.Node) any {
	switch n.Kind {
	case yaml.AliasNode:
		return plainValue(n.Alias)
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plainValue(n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		l := make([]any, len(n.Content))
		for i, e := range n.Content {
			l[i] = plainValue(e)
		}
		return l
	}
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int", "!!float":
		if _, err := strconv.ParseFloat(n.Value, 64); err == nil && json.Valid([]byte(n.Value)) {
			return json.Number(n.Value)
		}
	}
	return n.Value
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
