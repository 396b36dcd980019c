package main

import (
	"path/filepath"
	"strings"
	"testing"

	"tasks/spec/scenario"
)

// TestDocsNameEveryScenarioKey holds devnet.md to what the decoder offers where
// there is a word in the place of a mapping.
func TestDocsNameEveryScenarioKey(t *testing.T) {
	page := readDoc(t, "devnet.md")
	for _, text := range []string{"market: x", "market: {price: x}", "timings: []", "misbehaviour: [x]", "daemon: [x]", "runtime: x", "runtime: {instant: [x]}"} {
		_, list := scenario.Parse("s.yaml", []byte(text), scenario.Overrides{})
		keys, offered := strings.CutPrefix(list[0].Hint, "its keys are ")
		if !offered {
			t.Fatalf("%q: hint is %q", text, list[0].Hint)
		}
		for key := range strings.SplitSeq(strings.ReplaceAll(keys, " and ", ", "), ", ") {
			if !strings.Contains(page, "`"+key+"`") && !strings.Contains(page, "`"+key+": ") {
				t.Errorf("devnet.md does not say what %s is", key)
			}
		}
	}
}

func TestDocsNameEveryScenario(t *testing.T) {
	page := readDoc(t, "devnet.md")
	files, err := filepath.Glob("../../examples/scenarios/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if name := filepath.Base(file); !strings.Contains(page, "| `"+name+"` |") {
			t.Errorf("devnet.md says nothing of %s", name)
		}
	}
}
