package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"tasks/spec"
)

// files is a round of the files that fitted a pattern when it began, or when it
// was carried on with.
type files struct {
	dir   string
	paths []string // that are still to come
}

// openFiles looks for files. What comes before the last one that was given, in
// the order of names, is taken as read.
func openFiles(src spec.Source, at cursor) (*files, error) {
	paths, err := spec.Glob(src.Dir, src.Pattern)
	if err != nil {
		return nil, fmt.Errorf("look for files %s: %w", src.Pattern, err)
	}
	if at.After != "" {
		n, found := slices.BinarySearch(paths, at.After)
		if found {
			n++
		}
		paths = paths[n:]
	}
	return &files{src.Dir, paths}, nil
}

func (f *files) next(_ context.Context, at *cursor) (any, json.RawMessage, error) {
	for len(f.paths) > 0 {
		name := f.paths[0]
		f.paths = f.paths[1:]
		at.After = name
		abs := name
		if !filepath.IsAbs(abs) {
			abs = filepath.Join(f.dir, name)
		}
		info, err := os.Stat(abs)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was removed meanwhile
		}
		if err != nil {
			return nil, nil, fmt.Errorf("look at file: %w", err)
		}
		item := fileItem(name, info)
		raw, err := encode(item)
		if err != nil {
			return nil, nil, fmt.Errorf("name of file %q: %w", name, err)
		}
		return item, raw, nil
	}
	return nil, nil, io.EOF
}

// fileItem is what expressions see of a file; package policies knows its names.
func fileItem(name string, info fs.FileInfo) map[string]any {
	base := path.Base(filepath.ToSlash(name))
	ext := path.Ext(base)
	return map[string]any{
		"path":   name,
		"name":   base,
		"stem":   strings.TrimSuffix(base, ext),
		"ext":    ext,
		"folder": filepath.Dir(name),
		"size":   int(info.Size()),
	}
}

func (*files) close() error { return nil }
