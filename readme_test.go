package tasks_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"tasks/policies"
	"tasks/spec"
)

// block finds the fenced blocks of a language in a page.
func blocks(t *testing.T, page, language string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		out = append(out, m[1])
	}
	return out
}

func TestReadmeSpecsCompile(t *testing.T) {
	all := blocks(t, "README.md", "yaml")
	if len(all) == 0 {
		t.Fatal("README.md shows no spec")
	}
	for _, text := range all {
		s, list := spec.Parse("README.md", []byte(text), t.TempDir(), spec.Overrides{})
		if len(list) == 0 {
			_, list = policies.Compile(s)
		}
		if len(list) > 0 {
			t.Errorf("%v in\n%s", list, text)
		}
	}
}

// The two set-up commands are what CI and a new user run; a README that names
// others is wrong.
func TestReadmeStartsWithTheTwoCommands(t *testing.T) {
	got := blocks(t, "README.md", "sh")
	want := "go run ./cmd/tasks apply examples/hello.yaml\ngo test ./...\n"
	if len(got) == 0 || got[0] != want {
		t.Errorf("first block of README.md is %q, want %q", got, want)
	}
	ci, err := os.ReadFile(".ci/run")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(ci), "\ngo test ./...\n") {
		t.Error(".ci/run does not run the README's test command")
	}
}
