package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"

	"github.com/spf13/cobra"

	"tasks/policies"
	"tasks/spec"
	"tasks/spec/diag"
)

type policyTestOptions struct {
	files     []string
	merge     bool
	verbose   bool
	overrides spec.Overrides
}

func (a *app) policyTestCommand() *cobra.Command {
	var o policyTestOptions
	cmd := &cobra.Command{
		Use:   "test FILE...",
		Short: "Try the cases of specs: what their policies have to give",
		Long: `test tries the cases that specs have under tests:, and those in the file beside a
spec, run.test.yaml for run.yaml. A case is the values that a policy sees and what it
has to give:

  tests:
    offer.accept:
      - {given: {offer: {price: {start: 1}}}, want: false}

"tasks validate" tries them too. With --merge the files are one spec, in which the
later ones beat the earlier, as they are for apply.`,
		Args: func(cmd *cobra.Command, args []string) error {
			o.files = args
			if len(args) > 0 && o.merge {
				o.files, o.overrides.Over = args[:1], args[1:]
			}
			if len(args) > 0 {
				return nil
			}
			return &usageError{fact: "test wants at least one file", hint: "usage: " + cmd.UseLine()}
		},
		RunE: func(*cobra.Command, []string) error { return a.policyTest(o) },
	}
	documentFlags(cmd.Flags(), &o.overrides)
	cmd.Flags().BoolVar(&o.merge, "merge", false, "the files are one spec, the later ones beat the earlier")
	cmd.Flags().BoolVarP(&o.verbose, "verbose", "v", false, "show the cases that are right too")
	return cmd
}

// policyTest tries the cases of every file before it says that one is wrong.
func (a *app) policyTest(o policyTestOptions) error {
	wrong := &invalidError{sources: map[string][]byte{}, shown: a.json()}
	lines := []triedLine{}
	for _, file := range o.files {
		s, _, err := a.loadSpec(file, o.overrides)
		if err != nil {
			return err
		}
		c, err := casesOf(s)
		if err != nil {
			return err
		}
		wrong.add(c)
		if len(c.tried) == 0 && len(c.list) == 0 {
			return &usageError{fact: file + " has no cases", hint: "add them under tests:, or in " + spec.CasesFile(file)}
		}
		for _, t := range c.tried {
			lines = append(lines, lineOf(t))
		}
		if err := a.printTried(file, c, o.verbose); err != nil {
			return err
		}
	}
	if a.json() {
		if err := a.printJSON(lines); err != nil {
			return err
		}
	}
	if len(wrong.list) > 0 {
		return wrong
	}
	return nil
}

// A caseResult is what came of all cases of a spec.
type caseResult struct {
	tried   []policies.Tried
	list    diag.List // of those that are wrong
	sources map[string][]byte
}

// add notes what is wrong.
func (e *invalidError) add(c caseResult) {
	e.list = append(e.list, c.list...)
	maps.Copy(e.sources, c.sources)
}

// casesOf tries the cases in a spec that has no mistake, and in the file beside it.
func casesOf(s *spec.Spec) (caseResult, error) {
	r := caseResult{sources: maps.Clone(s.Sources)}
	cases := s.Tests
	beside := spec.CasesFile(s.File)
	more, text, list, err := spec.LoadCases(beside)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return r, unreadable(beside, "the cases of "+s.File, err)
	default:
		r.sources[beside], r.list = text, list
		if len(list) == 0 {
			cases = append(cases[:len(cases):len(cases)], more...)
		}
	}
	r.tried = policies.Try(s, cases)
	for _, t := range r.tried {
		r.list = append(r.list, t.Wrong...)
	}
	r.list = r.list.Sorted()
	return r, nil
}

// A triedLine is a case as policy test -o json prints it.
type triedLine struct {
	File   string         `json:"file"`
	Line   int            `json:"line"`
	Policy string         `json:"policy"`
	Name   string         `json:"name"`
	OK     bool           `json:"ok"`
	Want   any            `json:"want"`
	Fails  string         `json:"fails"` // instead of want
	Got    any            `json:"got"`
	Error  string         `json:"error"`  // why the policy gave nothing, or what is wrong with the case
	Values map[string]any `json:"values"` // that the policy saw
}

func lineOf(t policies.Tried) triedLine {
	l := triedLine{
		File: t.Case.Place.File, Line: t.Case.Place.Line, Policy: t.Case.Policy, Name: t.Case.Name, OK: len(t.Wrong) == 0,
		Want: t.Case.Want.Value, Fails: t.Case.Fails, Got: t.Answer.Value, Values: t.Answer.Values,
	}
	switch {
	case t.Answer.Failure != nil:
		l.Error = t.Answer.Failure.Error()
	case t.Answer.Policy == "" && len(t.Wrong) > 0:
		l.Error = t.Wrong[0].Fact
	}
	return l
}

// printTried prints how many cases are right, and with verbose each of them.
func (a *app) printTried(file string, c caseResult, verbose bool) error {
	if a.json() {
		return nil
	}
	right := 0
	for _, t := range c.tried {
		mark := "ok   "
		if len(t.Wrong) > 0 {
			mark = "WRONG"
		} else {
			right++
		}
		if !verbose {
			continue
		}
		name := t.Case.Name
		if name == "" {
			name = valuesText(t.Answer)
		}
		if _, err := fmt.Fprintf(a.out, "%s %s %s: %s\n", mark, t.Case.Policy, answerText(t.Answer), oneLine(name)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(a.out, "%s: %d of %d cases right\n", file, right, len(c.tried))
	return err
}
