package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/runner"
)

func TestCopiesBlock(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	since := now.Add(-10 * time.Second)
	of := func(name string, upload bool, done, size int64) runner.Copy {
		return runner.Copy{Name: name, Upload: upload, Provider: "otter", Since: since, Done: done, Size: size}
	}
	short := of("short.bin", true, 10, 20)
	short.Since = now.Add(-2 * time.Second)
	for _, test := range []struct {
		name   string
		copies []runner.Copy
		want   string
	}{
		{"none", nil, ""},
		{"short", []runner.Copy{short}, ""},
		{"up", []runner.Copy{short, of("a.bin", true, 15<<20, 60<<20)}, "  copying  a.bin to otter: 15.0 MiB of 60.0 MiB, 25 %, 1.5 MiB/s\n"},
		{"size not known", []runner.Copy{of("a.png", false, 1000, 0)}, "  copying  a.png from otter: 1000 B, 100 B/s\n"},
		{"nothing told", []runner.Copy{of("a.png", false, 0, 0)}, "  copying  a.png from otter: for 10s\n"},
		{"only the size", []runner.Copy{of("a.bin", true, 0, 3<<30)}, "  copying  a.bin to otter: 3.0 GiB, for 10s\n"},
		{"read here", []runner.Copy{{Name: "a.bin", Upload: true, Reading: true, Since: since, Size: 3 << 30}}, "  reading  a.bin: 3.0 GiB, for 10s\n"},
		{"a provider that tells too much", []runner.Copy{of("a\x1b[31m.bin", true, 90, 30)}, "  copying  a\ufffd[31m.bin to otter: 90 B of 30 B, 100 %, 9 B/s\n"},
		{"narrow", []runner.Copy{of("a name that is much longer than what fits in a line of this screen.bin", true, 1, 2)},
			"  copying  a name that is much longer than what fits in a line of this screen.b…\n"},
		{"many", []runner.Copy{of("1", true, 0, 0), of("2", true, 0, 0), of("3", true, 0, 0), of("4", true, 0, 0), of("5", true, 0, 0), of("6", true, 0, 0)},
			"  copying  1 to otter: for 10s\n  copying  2 to otter: for 10s\n  copying  3 to otter: for 10s\n  copying  4 to otter: for 10s\n           and 2 more\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, string(copiesBlock(test.copies, 80, now))); diff != "" {
				t.Errorf("block (-want +got):\n%s", diff)
			}
		})
	}
}
