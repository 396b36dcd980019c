package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestDocsCLI holds cli.md to the tree of commands.
func TestDocsCLI(t *testing.T) {
	root := new(app).root()
	parts := map[string]string{"commands": commandTable(root), "flags": flagTable(root.PersistentFlags())}
	page := readDoc(t, "cli.md")
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
		for _, one := range append(c.Commands(), c) {
			if !one.HasSubCommands() {
				parts["flags of "+strings.TrimPrefix(one.CommandPath(), "tasks ")] = usage(one) + flagTable(one.LocalNonPersistentFlags())
			}
		}
		if sectionOf(page, "tasks "+c.Name()) == "" {
			t.Errorf("cli.md has nothing about tasks %s", c.Name())
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^### tasks (\S+)$`).FindAllStringSubmatch(page, -1) {
		if !slices.Contains(names, m[1]) {
			t.Errorf("cli.md is about tasks %s, which there is not", m[1])
		}
	}
	generated(t, "cli.md", parts)
}

func commandTable(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString(mdRow("Command", "What it does") + mdRow("---", "---"))
	for _, c := range root.Commands() {
		b.WriteString(mdRow(fmt.Sprintf("[`tasks %s`](#tasks-%s)", c.Name(), c.Name()), c.Short))
	}
	return b.String()
}

func usage(c *cobra.Command) string {
	text := "```text\n" + strings.TrimSuffix(c.UseLine(), " [flags]")
	for _, alias := range c.Aliases {
		text += "\n" + strings.Replace(strings.TrimSuffix(c.UseLine(), " [flags]"), c.Name(), alias, 1)
	}
	return text + "\n```\n"
}

// flagTable lists flags with their defaults; nothing for none.
func flagTable(flags *pflag.FlagSet) string {
	var b strings.Builder
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" {
			return
		}
		if b.Len() == 0 {
			b.WriteString("\n" + mdRow("Flag", "Takes", "Default", "What it does") + mdRow("---", "---", "---", "---"))
		}
		name := asCode("--" + f.Name)
		if f.Shorthand != "" {
			name += ", " + asCode("-"+f.Shorthand)
		}
		takes := typeInWords(f.Value.Type())
		switch f.Value.Type() {
		case "string":
			takes = "text"
		case "bool":
			takes = ""
		}
		b.WriteString(mdRow(name, takes, defaultOf(f), f.Usage))
	})
	return b.String()
}

func defaultOf(f *pflag.Flag) string {
	switch {
	case f.Name == "dsn":
		return "see [below](#the-database)"
	case f.Value.Type() == "bool":
		return ""
	}
	return asCode(f.DefValue)
}

// jsonKeys are the keys of what a value is printed as, those inside by their
// path.
func jsonKeys(v any) []string {
	if m, ok := v.(json.Marshaler); ok { // an object of its own making
		text, _ := m.MarshalJSON()
		var object map[string]any
		_ = json.Unmarshal(text, &object)
		return slices.Collect(maps.Keys(object))
	}
	return keysOfType(reflect.TypeOf(v), "")
}

func keysOfType(typ reflect.Type, prefix string) []string {
	var keys []string
	for f := range typ.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		inside := f.Type
		if f.Anonymous && name == "" {
			keys = append(keys, keysOfType(inside, prefix)...)
			continue
		}
		if name == "" || name == "-" {
			continue
		}
		keys = append(keys, prefix+name)
		path := prefix + name + "."
		if inside.Kind() == reflect.Slice {
			inside, path = inside.Elem(), prefix+name+"[]."
		}
		if inside.Kind() == reflect.Struct && strings.HasPrefix(inside.PkgPath(), "tasks/") {
			keys = append(keys, keysOfType(inside, path)...)
		}
	}
	return keys
}

// TestDocsNameEveryVariable looks in our own files for what is read of the
// environment.
func TestDocsNameEveryVariable(t *testing.T) {
	section := sectionOf(readDoc(t, "cli.md"), "Environment variables")
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, m := range regexp.MustCompile(`Getenv\("([A-Z_]+)"\)`).FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(section, "| `"+m[1]+"` |") {
				t.Errorf("cli.md has no row for the variable %s", m[1])
			}
		}
	}
}

func TestDocsNameEveryExitCode(t *testing.T) {
	section := sectionOf(readDoc(t, "cli.md"), "Exit codes")
	for _, code := range []int{exitDone, exitFailed, exitUsage, exitInvalid, exitDaemon, exitExhausted, exitToDo, exitInterrupted} {
		if !strings.Contains(section, fmt.Sprintf("| %d |", code)) {
			t.Errorf("cli.md has no row for the exit code %d", code)
		}
	}
}
