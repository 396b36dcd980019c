package spec_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"tasks/spec"
)

// A file of items that belong into a file of their own is not read as a whole.
func TestLoadOfALargeFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "large.yaml")
	text := append([]byte("name: x\npayload: a/b:c\ntasks:\n  run: ls\n  from:\n"), bytes.Repeat([]byte("    - an item of a list\n"), 50<<20/24)...)
	if err := os.WriteFile(file, text, 0o666); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, list, err := spec.Load(file, spec.Overrides{})
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].Fact != "the file is larger than 8 MiB" || !strings.Contains(list[0].Hint, "{lines: items.txt}") {
		t.Errorf("Load of a file of 50 MiB says %v", list)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
		t.Errorf("Load of a file of 50 MiB used %d bytes", used)
	}
}
