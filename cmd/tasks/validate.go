package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"tasks/policies"
	"tasks/spec"
	"tasks/spec/diag"
)

func (a *app) validateCommand() *cobra.Command {
	var o spec.Overrides
	merge := false
	cmd := &cobra.Command{
		Use: "validate FILE...",
		Long: `validate reads specs and compiles their expressions, and reports every mistake with its
place. It asks nobody. With --merge the files are one spec, in which the later ones
beat the earlier, as they are for apply.`,
		Short:   "Check specs: everything that is wrong with them, and nothing is spent",
		GroupID: groupRun,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return nil
			}
			return &usageError{fact: "validate wants at least one file", hint: "usage: " + cmd.UseLine()}
		},
		RunE: func(_ *cobra.Command, files []string) error {
			if merge {
				files, o.Over = files[:1], files[1:]
			}
			return a.validate(files, o)
		},
	}
	documentFlags(cmd.Flags(), &o)
	cmd.Flags().BoolVar(&merge, "merge", false, "the files are one spec, the later ones beat the earlier")
	return cmd
}

// validate checks every file before it says that one of them is wrong.
func (a *app) validate(files []string, o spec.Overrides) error {
	all := &invalidError{list: diag.List{}, sources: map[string][]byte{}}
	var unread []error
	var fine []string
	for _, file := range specsOf(files) {
		s, _, list, err := a.compile(file, o)
		var cases caseResult
		if err == nil && len(list) == 0 {
			cases, err = casesOf(s)
		}
		switch {
		case err != nil:
			unread = append(unread, err)
		case len(list) > 0:
			all.add(caseResult{list: list, sources: s.Sources})
		case len(cases.list) > 0:
			all.add(cases)
		default:
			fine = append(fine, file+": ok"+casesText(len(cases.tried)))
		}
	}
	return errors.Join(a.printValidated(fine, all.list), a.verdict(all, unread))
}

// specsOf puts a spec in the place of its file of cases, which is tried with it.
func specsOf(files []string) []string {
	var out []string
	for _, file := range files {
		ext := filepath.Ext(file)
		if of, ok := strings.CutSuffix(file, ".test"+ext); ok {
			if _, err := os.Stat(of + ext); err == nil {
				file = of + ext
			}
		}
		if !slices.Contains(out, file) {
			out = append(out, file)
		}
	}
	return out
}

func casesText(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return ", 1 case right"
	}
	return fmt.Sprintf(", %d cases right", n)
}

func (a *app) printValidated(fine []string, list diag.List) error {
	if a.json() {
		return a.printJSON(list)
	}
	for _, line := range fine {
		if _, err := fmt.Fprintln(a.out, line); err != nil {
			return err
		}
	}
	return nil
}

// verdict is the error for what was found. Files that cannot be read are told
// of at once, because only one error is told of at the end.
func (a *app) verdict(all *invalidError, unread []error) error {
	if len(all.list) == 0 {
		if len(unread) > 1 {
			a.complainEach(unread[:len(unread)-1])
		}
		if len(unread) > 0 {
			return unread[len(unread)-1]
		}
		return nil
	}
	a.complainEach(unread)
	all.shown = a.json()
	return all
}

func (a *app) complainEach(errs []error) {
	for _, err := range errs {
		a.complain(err)
	}
}

// compile reads a document and compiles its expressions: all that is wrong with
// either, in file order. The error is that of reading the file.
func (a *app) compile(file string, o spec.Overrides) (*spec.Spec, *policies.Set, diag.List, error) {
	o.Env = os.LookupEnv
	s, list, err := spec.Load(file, o)
	if err != nil {
		return nil, nil, nil, unreadable(file, "the run", err)
	}
	a.secrets.Learn(s)
	set, more := policies.Compile(s)
	if len(more) == 0 {
		more = set.MissingFiles()
	}
	return s, set, append(list, more...).Sorted(), nil
}

// unreadable puts the usual reasons in plain words; what is what the file should
// describe.
func unreadable(file, what string, err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		file = e.Path // of several, the one
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &usageError{fact: "there is no file " + file, hint: "name the YAML file that describes " + what}
	case errors.Is(err, syscall.EISDIR):
		return &usageError{fact: file + " is a directory", hint: "name a file in it"}
	case errors.Is(err, fs.ErrPermission):
		return &usageError{fact: file + " may not be read", hint: "check its permissions"}
	}
	return err
}
