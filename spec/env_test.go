package spec_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/spec"
)

const withEnv = `name: x
payload: golem/alpine:latest
env:
  TOKEN: {secret: true}
  MODE: fast
  HOST:
  LEVEL: {default: "", description: "how much to say"}
tasks: {from: [a], run: date}
`

func lookUp(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
}

func TestEnv(t *testing.T) {
	empty, fast := "", "fast"
	for _, tt := range []struct {
		name string
		vars map[string]string
		want []spec.EnvVar
		said string // facts, in order
	}{
		{"all set", map[string]string{"TOKEN": "0123456789", "MODE": "slow", "HOST": "h", "LEVEL": "2"}, []spec.EnvVar{
			{Name: "TOKEN", Value: "0123456789", Secret: true}, {Name: "MODE", Value: "slow", Default: &fast},
			{Name: "HOST", Value: "h"}, {Name: "LEVEL", Value: "2", Default: &empty, Description: "how much to say"},
		}, ""},
		{"defaults", map[string]string{"TOKEN": "0123456789", "HOST": ""}, []spec.EnvVar{
			{Name: "TOKEN", Value: "0123456789", Secret: true}, {Name: "MODE", Value: "fast", Default: &fast},
			{Name: "HOST"}, {Name: "LEVEL", Default: &empty, Description: "how much to say"},
		}, ""},
		{"missing", map[string]string{}, nil,
			"4:3 the environment has no variable TOKEN\n6:3 the environment has no variable HOST"},
		{"an empty secret", map[string]string{"TOKEN": "", "HOST": ""}, nil, "4:3 the environment has no variable TOKEN"},
		{"a short secret", map[string]string{"TOKEN": "12345", "HOST": ""}, nil, "4:3 the secret TOKEN is shorter than 6 characters"},
		{"not text", map[string]string{"TOKEN": "\xff23456789", "HOST": ""}, nil, "4:3 the variable TOKEN of the environment is not UTF-8 text"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, list := spec.Parse("run.yaml", []byte(withEnv), "/", spec.Overrides{Env: lookUp(tt.vars)})
			var said []string
			for _, m := range list {
				said = append(said, strings.TrimPrefix(m.Place.String(), "run.yaml:")+" "+m.Fact)
			}
			if got := strings.Join(said, "\n"); got != tt.said {
				t.Errorf("got  %s\nwant %s", got, tt.said)
			}
			if diff := cmp.Diff(tt.want, s.Env); diff != "" && tt.said == "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A document that is only looked at needs no environment, and what differs between
// two does not tell values.
func TestEnvIsNotAskedFor(t *testing.T) {
	before, list := spec.Parse("run.yaml", []byte(withEnv), "/", spec.Overrides{})
	if len(list) > 0 {
		t.Fatal(list)
	}
	after, _ := spec.Parse("run.yaml", []byte(strings.Replace(withEnv, "MODE: fast", "MODE: slow", 1)), "/",
		spec.Overrides{Env: lookUp(map[string]string{"TOKEN": "0123456789", "HOST": "h"})})
	want := []spec.Change{{Path: "env.MODE", Before: "default fast", After: "default slow"}}
	if diff := cmp.Diff(want, spec.Changes(before, after)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSecrets(t *testing.T) {
	const secret = "p'w\"d <1> &/é+"
	s, list := spec.Parse("run.yaml", []byte(withEnv), "/", spec.Overrides{Env: lookUp(map[string]string{"TOKEN": secret, "HOST": "innocent"})})
	if len(list) > 0 {
		t.Fatal(list)
	}
	var secrets spec.Secrets
	if got := secrets.Text(secret); got != secret || secrets.Known() {
		t.Errorf("without secrets: %q", got)
	}
	secrets.Learn(s)
	for _, text := range []string{
		secret, `{"a": "p'w\"d <1> &/é+"}`, `{"a": "p'w\"d \u003c1\u003e \u0026/é+"}`,
		"https://x/?t=p%27w%22d+%3C1%3E+%26%2F%C3%A9%2B", "echo " + spec.ShellQuote(secret),
	} {
		if got := secrets.Text(text); strings.Contains(got, "w") || !strings.Contains(got, spec.Blot) {
			t.Errorf("%q becomes %q", text, got)
		}
	}
	if got := string(secrets.Bytes([]byte("innocent p'w"))); got != "innocent p'w" {
		t.Errorf("other text becomes %q", got)
	}
	lines, _ := spec.Parse("run.yaml", []byte(withEnv), "/", spec.Overrides{Env: lookUp(map[string]string{"TOKEN": "BEGIN\nabcdefgh\nEND", "HOST": ""})})
	secrets.Learn(lines)
	if got := secrets.Text("abcdefgh p'w END"); got != "*** p'w END" {
		t.Errorf("a line of a secret: %q", got)
	}
}
