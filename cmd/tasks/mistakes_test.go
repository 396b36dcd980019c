package main_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const mistakenSpec = `name: mistaken
payload: golem/alpine:latest
wokers: 4
budget: 10 apples
tasks:
  from: {jsonl: nowhere.jsonl}
  run: echo ${{ tsk.item }}
policies:
  offer:
    score: 1 / offer.prize.hour
`

// TestMistakesAreToldAtOnceAndCostNothing applies a document with five mistakes
// of five kinds.
func TestMistakesAreToldAtOnceAndCostNothing(t *testing.T) {
	s := newSite(t, 30*time.Second)
	s.write("mistaken.yaml", mistakenSpec)
	p := s.start("apply", "mistaken.yaml", "--run-id", "e")
	p.end(3)
	want := []string{
		`mistaken.yaml:3:1: unknown key "wokers"`,
		`mistaken.yaml:4:9: budget: "10 apples" has no unit of time`,
		`mistaken.yaml:6:17: tasks.from.jsonl: there is no file "nowhere.jsonl"`,
		`mistaken.yaml:7:17: tasks.run: unknown name "tsk"`,
		`mistaken.yaml:10:22: policies.offer.score: offer has no "prize"`,
	}
	if diff := cmp.Diff(want, facts(p.err.String())); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
	if out := p.out.String(); out != "" {
		t.Errorf("standard output has %q", out)
	}
	var runs []any
	if err := json.Unmarshal(s.run("runs", "-o", "json"), &runs); err != nil || runs == nil || len(runs) > 0 {
		t.Errorf("there are runs %v, %v", runs, err)
	}
	if _, err := os.Stat(s.dsn); !os.IsNotExist(err) {
		t.Errorf("there is a database now, %v", err)
	}
}

// facts are the first lines of the messages that a command printed.
func facts(printed string) (list []string) {
	for line := range strings.Lines(printed) {
		if strings.HasPrefix(line, "mistaken.yaml:") {
			list = append(list, strings.TrimSpace(line))
		}
	}
	return list
}
