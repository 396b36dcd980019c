package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocsNameEveryPackage holds the page about the house to the house.
func TestDocsNameEveryPackage(t *testing.T) {
	page := readDoc(t, "architecture.md")
	eachPackage(t, func(name, _ string) {
		if !strings.Contains(page, "| `"+name+"` |") {
			t.Errorf("architecture.md has no row for the package %s", name)
		}
	})
}

// eachPackage visits every package of ours: its name without the module's, and its
// directory.
func eachPackage(t *testing.T, visit func(name, dir string)) {
	t.Helper()
	root := filepath.Join("..", "..")
	for _, tree := range []string{"cmd", "golem", "policies", "runner", "spec"} {
		err := filepath.WalkDir(filepath.Join(root, tree), func(dir string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() {
				return err
			}
			sources, err := filepath.Glob(filepath.Join(dir, "*.go"))
			if name, relErr := filepath.Rel(root, dir); relErr == nil && len(sources) > 0 {
				visit(filepath.ToSlash(name), dir)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestDocsNameEveryTarget holds the page about tests to the Makefile and the
// fuzz targets.
func TestDocsNameEveryTarget(t *testing.T) {
	page := readDoc(t, "testing.md")
	makefile, err := os.ReadFile(filepath.Join("..", "..", "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^([a-z-]+):.*## `).FindAllStringSubmatch(string(makefile), -1) {
		if !strings.Contains(page, "`make "+m[1]+"`") {
			t.Errorf("testing.md does not name make %s", m[1])
		}
	}
	fuzz := regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)
	eachTestFile(t, func(name, text string) {
		for _, m := range fuzz.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(page, "| `"+m[1]+"` | `"+name+"` |") {
				t.Errorf("testing.md has no row for %s of %s", m[1], name)
			}
		}
	})
}

// eachTestFile calls f with the package and the text of every file of tests.
func eachTestFile(t *testing.T, f func(name, text string)) {
	t.Helper()
	eachPackage(t, func(name, dir string) {
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f(name, string(text))
		}
	})
}

// TestDocsNameWhatHoldsTheRules wants every test and every invariant that the page
// about money names to be there.
func TestDocsNameWhatHoldsTheRules(t *testing.T) {
	names := regexp.MustCompile("(?m)^func (Test\\w+)\\(|^\t(\\w+) += \"")
	known := map[string]bool{}
	eachTestFile(t, func(_, text string) {
		for _, m := range names.FindAllStringSubmatch(text, -1) {
			known[m[1]+m[2]] = true
		}
	})
	_, table, found := strings.Cut(readDoc(t, "money.md"), "## What holds these rules")
	if !found {
		t.Fatal("money.md does not say what holds its rules")
	}
	for _, m := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(table, -1) {
		if !known[m[1]] {
			t.Errorf("money.md names %s, and there is no such test or invariant", m[1])
		}
	}
}
