package spec_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/spec/schema"
)

// TestSchemaRefusesBadDocuments holds the list of bad documents in which the
// schema sees nothing wrong: mistakes in expressions, templates and shell text, in
// YAML itself, in flags and files, and where one place speaks of another.
func TestSchemaRefusesBadDocuments(t *testing.T) {
	s := compiledSchema(t)
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var unseen strings.Builder
	refused := 0
	for _, file := range files {
		doc := instance(t, readFile(t, file))
		if doc == nil || s.Validate(doc) == nil {
			unseen.WriteString(strings.TrimSuffix(filepath.Base(file), ".yaml") + "\n")
			continue
		}
		refused++
	}
	t.Logf("the schema refuses %d of %d bad documents", refused, len(files))
	const golden = "testdata/unseen.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(unseen.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(readFile(t, golden), unseen.String()); diff != "" {
		t.Errorf("bad documents that the schema lets through (-want +got):\n%s", diff)
	}
}

// TestSchemaTakesDocumentation validates every spec in the documentation.
func TestSchemaTakesDocumentation(t *testing.T) {
	s := compiledSchema(t)
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	block := regexp.MustCompile("(?ms)^```(yaml|yaml fragment)\n(.*?)^```$")
	for _, page := range append(pages, "../README.md") {
		for _, m := range block.FindAllStringSubmatch(readFile(t, page), -1) {
			if err := s.Validate(instance(t, completed(m[2]))); err != nil {
				t.Errorf("%s: %v\n%s", page, err, m[2])
			}
		}
	}
}

// completed is a part of a document with the keys that it lacks.
func completed(text string) string {
	for key, line := range map[string]string{
		"name": "name: example\n", "payload": "payload: golem/alpine:latest\n", "tasks": "tasks: {run: ls}\n",
	} {
		if !regexp.MustCompile(`(?m)^` + key + `:`).MatchString(text) {
			text += line
		}
	}
	return text
}

// TestSchemaRefuses shows one mistake of each kind that a schema sees.
func TestSchemaRefuses(t *testing.T) {
	s := compiledSchema(t)
	for name, text := range map[string]string{
		"an unknown key":      "wrokers: 2\n",
		"a key elsewhere":     "golem: {image: x}\n",
		"a wrong type":        "name: [a]\n",
		"nothing":             "workers:\n",
		"no unit of time":     "budget: 10\n",
		"a bad unit of time":  "budget: 10/week\n",
		"a time without unit": "golem: {accept_timeout: 90}\n",
		"a bad unit of size":  "payload: {image: a/b, min: {memory: 2 gigs}}\n",
		"a word of no enum":   "budget: {when_exhausted: halt}\n",
		"braces outside":      "policies: {offer: {score: '${{ offer.price.hour }}'}}\n",
		"no command":          "tasks: {from: [a]}\n",
		"two commands":        "tasks: {from: [a], run: ls, steps: [run: ls]}\n",
		"two kinds of source": "tasks: {from: {lines: a, jsonl: b}, run: ls}\n",
		"no image":            "payload: {min: {cores: 2}}\n",
		"a key of a stage":    "tasks: {one: {from: [a], run: ls, retries: 3}}\n",
	} {
		if s.Validate(instance(t, completed(text))) == nil {
			t.Errorf("%s is let through: %s", name, text)
		}
	}
}

// TestSchemaSaysWhatDocumentationSays holds the last column of a key's row to the
// comment in the code, which is what an editor shows.
func TestSchemaSaysWhatDocumentationSays(t *testing.T) {
	keys, err := schema.ReadComments(".", "document", "field")
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`,? see \[[^]]*\]\([^)]*\)`)
	row := regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\|.*\\| ([^|]*) \\|$")
	for _, m := range row.FindAllStringSubmatch(readFile(t, "../docs/spec.md"), -1) {
		if said := strings.TrimSpace(link.ReplaceAllString(m[2], "")); said != keys[m[1]].Text {
			t.Errorf("spec.md says of %s %q, and the comment at %s says %q", m[1], said, keys[m[1]].Place, keys[m[1]].Text)
		}
	}
}
