package policies

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"tasks/spec"
	"tasks/spec/diag"
)

// uploads are what is known beforehand of the files that activity.prepare
// uploads.
type uploads struct {
	spec    *spec.Spec
	dir     string
	called  bool
	literal map[string]bool // sources that the document names
	files   []namedFile
}

// A namedFile is a file of this computer, or a pattern of several, that the
// document names.
type namedFile struct {
	place diag.Place
	path  string // of the expression in the document
	name  string
	many  bool
}

// readUploads checks every upload of an expression whose texts are literal, and
// remembers the files.
func (b *builder) readUploads(c *checker, root ast.Node) {
	if c.policy != "activity.prepare" {
		return
	}
	r := &uploadReader{c: c, uploads: uploads{spec: b.spec, dir: b.spec.Dir, literal: map[string]bool{}}}
	ast.Walk(&root, r)
	b.uploads = r.uploads
}

type uploadReader struct {
	uploads
	c *checker
}

// Visit is called for every node.
func (r *uploadReader) Visit(node *ast.Node) {
	n, ok := (*node).(*ast.CallNode)
	if !ok {
		return
	}
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok || callee.Value != "upload" && callee.Value != "uploadText" {
		return
	}
	r.called = true
	if len(n.Arguments) != 2 {
		return // the type check says so
	}
	up := &Upload{}
	from, named := n.Arguments[0].(*ast.StringNode)
	if named = named && callee.Value == "upload"; named {
		up.From = from.Value
		r.source(from.Location(), from.Value)
	}
	to, known := n.Arguments[1].(*ast.StringNode)
	if !known {
		return
	}
	up.To = to.Value
	fact, hint := r.misplaced(up)
	if callee.Value == "upload" && !named {
		fact, hint = r.spec.Misplaced(up.To) // From is not known yet
	}
	if fact != "" {
		r.c.report(to.Location(), fact, hint)
	}
	if named && fact == "" {
		r.file(from.Location(), up)
	}
}

// source remembers a source that the document names.
func (r *uploadReader) source(at file.Location, name string) {
	if name == "" {
		r.c.report(at, "this names no file", "")
	}
	r.literal[name] = true
}

// file remembers a file for MissingFiles.
func (r *uploadReader) file(at file.Location, up *Upload) {
	if _, err := filepath.Match(up.From, ""); up.Many() && err != nil {
		r.c.report(at, "the pattern of file names is broken", "* stands for any characters, ? for one, [a-z] for one of several")
		return
	}
	if up.From != "" && !spec.IsAddress(up.From) {
		r.files = append(r.files, namedFile{place: r.c.place(at), path: r.c.path, name: up.From, many: up.Many()})
	}
}

// misplaced says why an upload cannot go where it is to go, or "".
func (u *uploads) misplaced(up *Upload) (fact, hint string) {
	if fact, hint = u.spec.Misplaced(up.To); fact != "" {
		return fact, hint
	}
	if up.Many() && (up.From == "" || spec.IsAddress(up.From)) {
		return "the name of the file is missing", "only files of this computer keep their names in a folder that ends with /"
	}
	return "", ""
}

// MissingFiles reports the files of this computer that activity.prepare names
// and that are not there now. Compile touches no file.
func (s *Set) MissingFiles() diag.List {
	var list diag.List
	for _, f := range s.uploads.files {
		if fact := f.missing(s.dir); fact != "" {
			list = append(list, diag.Diagnostic{
				Place: f.place, Path: f.path, Fact: fact,
				Hint: fmt.Sprintf("paths are relative to the directory of this file, %s", s.dir),
			})
		}
	}
	return list
}

// missing says what is wrong with a file, or "".
func (f *namedFile) missing(dir string) string {
	abs := absolute(dir, f.name)
	if f.many {
		if _, err := FilesThatFit(abs); err != nil {
			return fmt.Sprintf("no file fits %q", f.name)
		}
		return ""
	}
	info, err := os.Stat(abs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("there is no file %q", f.name)
	case err != nil:
		return fmt.Sprintf("cannot read %q: %v", f.name, errors.Unwrap(err))
	case info.IsDir():
		return fmt.Sprintf("%q is a directory", f.name) + many(f.name)
	}
	return ""
}

// FilesThatFit is the files that a pattern of filepath.Match stands for, in order
// of their names; folders are left out. None at all is an error.
func FilesThatFit(pattern string) ([]string, error) {
	names, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	files := slices.DeleteFunc(names, func(name string) bool {
		info, err := os.Stat(name)
		return err == nil && info.IsDir()
	})
	if len(files) == 0 {
		return nil, errors.New("no file has such a name")
	}
	return files, nil
}

// many is how a whole folder is uploaded.
func many(name string) string {
	return fmt.Sprintf("; %q uploads the files in it, to a path that ends with /", strings.TrimSuffix(name, "/")+"/*")
}
