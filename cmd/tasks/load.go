package main

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"regexp"

	"github.com/spf13/pflag"

	"tasks/policies"
	"tasks/runner/state"
	"tasks/spec"
)

// overrideFlags are the flags that beat the spec of a run.
func overrideFlags(flags *pflag.FlagSet, o *spec.Overrides) {
	flags.StringVar(&o.Workers, "workers", "", "how many workers; beats the spec")
	flags.StringVar(&o.MaxPrice, "max-price", "", "GLM for one result; beats the spec")
	flags.StringVar(&o.Budget, "budget", "", "what may be spent, such as 10/h; beats the spec")
	documentFlags(flags, o)
}

// documentFlags are the flags that put values into a document.
func documentFlags(flags *pflag.FlagSet, o *spec.Overrides) {
	flags.StringArrayVar(&o.Set, "set", nil, "path=value to put into the spec, such as tasks.timeout=5m; may be repeated")
	flags.StringArrayVar(&o.Vars, "var", nil, "name=value for a parameter of the spec; may be repeated")
}

// fileFlag is the flag that names a spec; several files are one spec.
func fileFlag(flags *pflag.FlagSet, files *[]string, what string) {
	flags.StringArrayVarP(files, "file", "f", nil, what+"; may be repeated: the later ones beat the earlier")
}

// loadMerged is what loadSpec is of files that are one spec, in which the later
// ones beat the earlier.
func (a *app) loadMerged(files []string, o spec.Overrides) (*spec.Spec, *policies.Set, error) {
	o.Over = files[1:]
	return a.loadSpec(files[0], o)
}

// loadSpec is a document that has no mistake, compiled.
func (a *app) loadSpec(file string, o spec.Overrides) (*spec.Spec, *policies.Set, error) {
	s, set, list, err := a.compile(file, o)
	if err != nil {
		return nil, nil, err
	}
	if len(list) > 0 {
		return nil, nil, &invalidError{list: list, sources: s.Sources}
	}
	return s, set, nil
}

// runIDForm keeps run ids fit for file names and for words of a command line.
var runIDForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// runID is the id asked for, or a random one.
func runID(flag string) (state.RunID, error) {
	if flag == "" {
		var b [4]byte
		rand.Read(b[:])
		return state.RunID(hex.EncodeToString(b[:])), nil
	}
	if !runIDForm.MatchString(flag) {
		return "", &usageError{
			fact: fmt.Sprintf("--run-id cannot be %s", quote(flag)),
			hint: "it wants letters, digits, dots, dashes and underscores, at most 64, the first a letter or a digit",
		}
	}
	return state.RunID(flag), nil
}
