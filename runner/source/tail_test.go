package source

import (
	"strings"
	"testing"
)

func TestTailIsBounded(t *testing.T) {
	var words tail
	for range 100 {
		for _, s := range []string{"a line\n", strings.Repeat("x", 3000) + "\n", strings.Repeat("y", 3*tailSize) + "\nlast\n"} {
			if n, err := words.Write([]byte(s)); n != len(s) || err != nil {
				t.Fatalf("Write = %d, %v, want %d", n, err, len(s))
			}
			if len(words.kept) > tailSize {
				t.Fatalf("%d bytes are kept", len(words.kept))
			}
		}
	}
	if got := words.last(1); got != "last" {
		t.Errorf("last words %q", got)
	}
}
