package spec

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// filesOf reads a pattern of file names.
func (d *decoder) filesOf(v value, s *Source) {
	s.Kind, s.Dir = SourceFiles, d.spec.Dir
	name, ok := d.fixed(v, "a pattern of file names", "write one such as input/*.png; ** stands for folders at any depth")
	if !ok {
		return
	}
	if _, err := path.Match(name, ""); err != nil {
		d.report(v, "the pattern of file names is broken", "* stands for any characters, ? for one, [a-z] for one of several, ** for folders at any depth")
		return
	}
	s.Pattern = name
	d.files = append(d.files, fileRef{value: v, name: name, many: true})
}

// checkPattern reports a pattern that no file fits.
func (d *decoder) checkPattern(f fileRef) {
	found, err := Glob(d.spec.Dir, f.name)
	hint := fmt.Sprintf("paths are relative to the directory of this file, %s", d.spec.Dir)
	switch {
	case err != nil:
		d.report(f.value, fmt.Sprintf("cannot look for %s: %v", shown(f.name), err), hint)
	case len(found) == 0:
		d.report(f.value, "no file fits "+shown(f.name), hint)
	}
}

// Glob lists the files that fit a pattern, sorted by path. In a part of the
// pattern * stands for any characters, ? for one and [a-z] for one of several; a
// part ** is folders at any depth, also none. Names that begin with a dot fit
// only a part that does. Folders that links lead to are not entered by **.
//
// The paths are relative to dir where the pattern is, and stays inside it; else
// they are absolute. A folder that cannot be read is an error, one that is not
// there has no files.
func Glob(dir, pattern string) ([]string, error) {
	parts := strings.Split(path.Clean(filepath.ToSlash(pattern)), "/")
	from := 0 // parts before the first that may fit several names
	for from < len(parts)-1 && !strings.ContainsAny(parts[from], `*?[\`) {
		from++
	}
	base := strings.Join(parts[:from], "/")
	if path.IsAbs(pattern) && base == "" {
		base = "/"
	}
	inside := !path.IsAbs(pattern) && parts[0] != ".."
	root := base
	if !path.IsAbs(pattern) {
		root = filepath.Join(dir, base)
	}
	g := globber{found: map[string]bool{}}
	if err := g.folder(os.DirFS(root), ".", parts[from:]); err != nil {
		return nil, err
	}
	out := make([]string, 0, len(g.found))
	for name := range g.found {
		if inside {
			out = append(out, path.Join(base, name))
		} else {
			out = append(out, filepath.Join(root, name))
		}
	}
	slices.Sort(out)
	return out, nil
}

// A globber collects files; ** can come to one of them in several ways.
type globber struct{ found map[string]bool }

func (g globber) folder(fsys fs.FS, dir string, parts []string) error {
	entries, err := fs.ReadDir(fsys, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if parts[0] == "**" && len(parts) > 1 {
		if err := g.folder(fsys, dir, parts[1:]); err != nil {
			return err
		}
	}
	for _, e := range entries {
		if err := g.entry(fsys, dir, e, parts); err != nil {
			return err
		}
	}
	return nil
}

func (g globber) entry(fsys fs.FS, dir string, e fs.DirEntry, parts []string) error {
	name, part := e.Name(), parts[0]
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(part, ".") {
		return nil
	}
	if ok, err := path.Match(part, name); err != nil || !ok && part != "**" {
		return err
	}
	at := path.Join(dir, name)
	isDir, link := e.IsDir(), e.Type()&fs.ModeSymlink != 0
	regular := e.Type().IsRegular()
	if link {
		info, err := fs.Stat(fsys, at)
		if err != nil {
			return nil // a link to nothing is no file
		}
		isDir, regular = info.IsDir(), info.Mode().IsRegular()
	}
	switch {
	case isDir && part == "**" && !link:
		return g.folder(fsys, at, parts)
	case isDir && part != "**" && len(parts) > 1:
		return g.folder(fsys, at, parts[1:])
	case regular && len(parts) == 1:
		g.found[at] = true
	}
	return nil
}
