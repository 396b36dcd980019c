package spec

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"tasks/spec/diag"
)

// maxSize is how many bytes a document may have. Decoded, it takes some fifty
// times as much memory.
const maxSize = 8 << 20

// maxMistakes is how many diagnostics a document gets; the rest are counted.
const maxMistakes = 100

// Load reads the document in the file at path, with the files that are merged over
// it and the flags that beat both, and gives every mistake in it, in file order. The Spec is never nil without an
// error; see Spec for what it is worth beside diagnostics. Beyond what Parse
// checks, the local files that sources name must exist.
//
// The error is that of reading the file, wrapped.
func Load(path string, o Overrides) (*Spec, diag.List, error) {
	content, err := readFile(path)
	if err != nil {
		return nil, nil, err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, nil, fmt.Errorf("find directory of %s: %w", path, err)
	}
	layers, err := readLayers(o)
	if err != nil {
		return nil, nil, err
	}
	d := decode(path, content, filepath.Dir(abs), o, layers...)
	for _, f := range d.files {
		d.checkFile(f)
	}
	return d.spec, d.mistakes(), nil
}

// Parse is Load for a document that is in memory, such as the stored revision of
// a run: file is its name in messages and dir the absolute directory that its
// paths are relative to. It touches no file.
func Parse(file string, content []byte, dir string, o Overrides) (*Spec, diag.List) {
	d := decode(file, content, dir, o)
	return d.spec, d.mistakes()
}

// readFile is the file's content, or one byte more than the limit of it.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read spec: %w", err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read spec: %w", err)
	}
	return content, nil
}

// A fileRef is a local file that the document names.
type fileRef struct {
	value value
	name  string // as the document has it
	abs   string
	many  bool // name is a pattern for Glob
}

// checkFile reports a file that is not there or cannot be read.
func (d *decoder) checkFile(f fileRef) {
	if f.many {
		d.checkPattern(f)
		return
	}
	info, err := os.Stat(f.abs)
	dir := d.spec.Dir
	if m, ok := d.moved[f.value.node]; ok {
		f.name, dir = m.said, m.dir
	}
	hint := fmt.Sprintf("paths are relative to the directory of this file, %s", dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		d.report(f.value, fmt.Sprintf("there is no file %s", shown(f.name)), hint)
	case err != nil:
		d.report(f.value, fmt.Sprintf("cannot read %s: %v", shown(f.name), errors.Unwrap(err)), hint)
	case info.IsDir():
		d.report(f.value, fmt.Sprintf("%s is a directory", shown(f.name)), "name a file in it")
	}
}
