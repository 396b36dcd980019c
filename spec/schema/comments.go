package schema

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
)

// A Comment is what a decoder's code says of a key: Text is the comment above it,
// "" where there is none, and Place is file:line of the key.
type Comment struct{ Text, Place string }

// ReadComments gives every key that the code of the package in dir takes below
// the function root, by its path: "payload.min.cores". A list and names that a
// document chooses itself add nothing to a path.
//
// A key is the first part of a composite literal of the type fieldType, or the
// first argument of a function that gives one. What is read below a key is found
// by following the functions of the package that are named there.
func ReadComments(dir, root, fieldType string) (map[string]Comment, error) {
	r := reader{
		fieldType: fieldType,
		files:     token.NewFileSet(),
		funcs:     map[string]*ast.FuncDecl{},
		makers:    map[string]bool{},
		consts:    map[string]string{},
		comments:  map[string]string{},
		open:      map[string]bool{},
		done:      map[visit]bool{},
		found:     map[string]Comment{},
	}
	pkg, err := r.parse(dir)
	if err != nil {
		return nil, err
	}
	for _, f := range pkg {
		r.index(f)
	}
	if r.funcs[root] == nil {
		return nil, fmt.Errorf("read keys of %s: there is no function %s", dir, root)
	}
	r.follow(root, "")
	return r.found, nil
}

// A reader walks the code of one package.
type reader struct {
	fieldType string
	files     *token.FileSet
	funcs     map[string]*ast.FuncDecl
	makers    map[string]bool   // functions that give a field
	consts    map[string]string // constants that are text
	comments  map[string]string // by "file:line" of what stands below them
	open      map[string]bool   // functions that are being walked: none is read inside itself
	done      map[visit]bool
	found     map[string]Comment
}

// A visit is the reading of a function for a path.
type visit struct{ name, path string }

func (r *reader) parse(dir string) ([]*ast.File, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, fmt.Errorf("list code: %w", err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(r.files, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("parse code: %w", err)
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("list code of %s: %w", dir, fs.ErrNotExist)
	}
	return files, nil
}

// index notes what a file declares.
func (r *reader) index(f *ast.File) {
	for _, c := range f.Comments {
		end := r.files.Position(c.End())
		r.comments[at(end.Filename, end.Line+1)] = strings.Join(strings.Fields(c.Text()), " ")
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			r.funcs[n.Name.Name] = n
			if r.gives(n.Type) {
				r.makers[n.Name.Name] = true
			}
		case *ast.AssignStmt:
			for i, right := range n.Rhs {
				if f, ok := right.(*ast.FuncLit); ok && r.gives(f.Type) && i < len(n.Lhs) {
					r.makers[named(n.Lhs[i])] = true
				}
			}
		case *ast.ValueSpec:
			for i, v := range n.Values {
				if text, ok := literal(v); ok && i < len(n.Names) {
					r.consts[n.Names[i].Name] = text
				}
			}
		}
		return true
	})
}

// gives reports whether a function has one result, which is a field.
func (r *reader) gives(f *ast.FuncType) bool {
	return f.Results != nil && len(f.Results.List) == 1 && named(f.Results.List[0].Type) == r.fieldType
}

// follow walks a function for the keys that it takes at a path.
func (r *reader) follow(name, path string) {
	f := r.funcs[name]
	if f == nil || f.Body == nil || r.open[name] || r.done[visit{name, path}] {
		return
	}
	r.open[name], r.done[visit{name, path}] = true, true
	r.walk(f.Body, path)
	delete(r.open, name)
}

func (r *reader) walk(n ast.Node, path string) {
	if n == nil {
		return
	}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			if named(n.Type) == r.fieldType {
				return !r.key(n.Pos(), n.Elts, path)
			}
			if list, ok := n.Type.(*ast.ArrayType); ok && named(list.Elt) == r.fieldType {
				r.elements(n.Elts, path)
				return false
			}
		case *ast.CallExpr:
			if r.makers[named(n.Fun)] && r.key(n.Pos(), n.Args, path) {
				return false
			}
		case *ast.SelectorExpr:
			r.follow(n.Sel.Name, path)
			return false
		}
		return true
	})
}

// elements walks a list of fields, which need not repeat their type.
func (r *reader) elements(list []ast.Expr, path string) {
	for _, e := range list {
		if lit, ok := e.(*ast.CompositeLit); ok && lit.Type == nil && r.key(lit.Pos(), lit.Elts, path) {
			continue
		}
		r.walk(e, path)
	}
}

// key keeps the key that is the first of some parts, and walks the others for what
// stands below it. It gives false if there is none.
func (r *reader) key(pos token.Pos, parts []ast.Expr, path string) bool {
	if len(parts) == 0 {
		return false
	}
	key, ok := r.text(valueOf(parts[0]))
	if !ok {
		return false
	}
	if path != "" {
		key = path + "." + key
	}
	p := r.files.Position(pos)
	if r.found[key].Text == "" {
		r.found[key] = Comment{Text: r.comments[at(p.Filename, p.Line)], Place: at(p.Filename, p.Line)}
	}
	for _, part := range parts[1:] {
		r.walk(valueOf(part), key)
	}
	return true
}

// text is what an expression is, where that is plain from the code.
func (r *reader) text(e ast.Expr) (string, bool) {
	if text, ok := literal(e); ok {
		return text, true
	}
	text, ok := r.consts[named(e)]
	return text, ok
}

// valueOf is a part of a literal without its name.
func valueOf(e ast.Expr) ast.Expr {
	if kv, ok := e.(*ast.KeyValueExpr); ok {
		return kv.Value
	}
	return e
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// named is the last name of an expression, or "".
func named(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func at(file string, line int) string { return fmt.Sprintf("%s:%d", filepath.Base(file), line) }
