package policies_test

import (
	"strings"
	"testing"

	"tasks/policies"
	"tasks/spec"
)

const parametrised = `name: x
payload: a/b:c
params:
  size: 3
  mode: {type: text, default: fast}
  ratio: {type: number, default: 1}
  dry: false
workers: params.size * 2
tasks:
  from: [a]
  run: echo ${{ params.mode }} ${{ params.ratio + 0.5 }} ${{ params.dry }}
`

func TestParametersAreConstants(t *testing.T) {
	s, list := spec.Parse("x.yaml", []byte(parametrised), "/work", spec.Overrides{Vars: []string{"size=4", "mode=it's $(odd)", "dry=true"}})
	if len(list) > 0 {
		t.Fatal(list)
	}
	set, list := policies.Compile(s)
	if len(list) > 0 {
		t.Fatal(list)
	}
	if n, f := set.Workers(policies.Run{}); n != 8 || f != nil {
		t.Errorf("Workers = %d, %v, want 8", n, f)
	}
	commands, f := set.Stage("tasks").Commands(policies.TaskEnv{})
	if f != nil {
		t.Fatal(f)
	}
	got := strings.Join(commands[0].Run.Args, " ")
	if want := `echo 'it'\''s $(odd)' '1.5' 'true'`; !strings.HasSuffix(got, want) {
		t.Errorf("command %q, want the end %q", got, want)
	}
}

func TestMistakesWithParameters(t *testing.T) {
	for _, tt := range []struct{ workers, want string }{
		{"params.sise", `params has no "sise"`},
		{"params.mode", "wants a number"},
		{"params.mode + 1", "text"},
		{"params", "params is a group of names, not a value"},
		{"params[run.id]", ""},
	} {
		t.Run(tt.workers, func(t *testing.T) {
			s, list := spec.Parse("x.yaml", []byte(strings.Replace(parametrised, "params.size * 2", tt.workers, 1)), "/work", spec.Overrides{})
			if len(list) > 0 {
				t.Fatal(list)
			}
			_, list = policies.Compile(s)
			if len(list) != 1 || !strings.Contains(list[0].Fact, tt.want) || list[0].Place.Line != 8 {
				t.Errorf("mistakes %v, want one on line 8 with %q", list, tt.want)
			}
		})
	}
}
