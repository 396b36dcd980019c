package policies_test

import (
	"testing"

	"tasks/policies"
	"tasks/spec"
)

const environ = `name: x
payload: golem/alpine:latest
env: {TOKEN: {secret: true}, MODE: fast}
tasks:
  from: [a]
  steps:
    - run: ./ask ${{ env.TOKEN }}
    - run: [ask, "${{ env['MODE'] }}"]
policies:
  activity: {prepare: '[deploy(), start(), run(["login", env.TOKEN])]'}
`

func TestEnvIsForMachines(t *testing.T) {
	lookUp := func(name string) (string, bool) { return "it's " + name, name == "TOKEN" }
	s, list := spec.Parse("run.yaml", []byte(environ), "/", spec.Overrides{Env: lookUp})
	if len(list) > 0 {
		t.Fatal(list)
	}
	set, list := policies.Compile(s)
	if len(list) > 0 {
		t.Fatal(list)
	}
	commands, f := set.Stage("tasks").Commands(policies.TaskEnv{})
	if f != nil || commands[0].Run.Args[1] != "./ask 'it'\\''s TOKEN'" || commands[1].Run.Args[0] != "fast" {
		t.Errorf("commands %+v %+v, %v", commands[0].Run, commands[1].Run, f)
	}
	steps, f := set.Prepare(policies.ActivityEnv{})
	if f != nil || len(steps) != 3 {
		t.Fatalf("prepare %+v, %v", steps, f)
	}
	run := steps[2].Run.Run
	if run.Args[0] != "it's TOKEN" {
		t.Errorf("prepare runs %+v", run)
	}
}

func TestMistakesAboutEnv(t *testing.T) {
	for _, tt := range []struct{ kind, expr, want string }{
		{"run", "env.MOED", `env has no "MOED" | did you mean "MODE"? env has TOKEN and MODE`},
		{"run", "env", "env is a group of names, not a value | name one of them: TOKEN and MODE"},
		{"activity.prepare", `[run(env.TOKN)]`, `env has no "TOKN" | did you mean "TOKEN"? env has TOKEN and MODE`},
		{"offer.accept", `env.MODE == "fast"`, "only commands, copies and activity.prepare see env | what other expressions need of outside is a parameter: params and --var"},
		{"task.result", `env.TOKEN`, "only commands, copies and activity.prepare see env | what other expressions need of outside is a parameter: params and --var"},
	} {
		s := parse(t, document)
		s.Env = []spec.EnvVar{{Name: "TOKEN", Secret: true}, {Name: "MODE"}}
		put(s, tt.kind, tt.expr)
		_, list := policies.Compile(s)
		if len(list) == 0 || list[0].Fact+" | "+list[0].Hint != tt.want {
			t.Errorf("%s: %s: %v, want %s", tt.kind, tt.expr, list, tt.want)
		}
	}
	s := parse(t, document)
	put(s, "run", "env.MODE")
	if _, list := policies.Compile(s); len(list) != 1 || list[0].Fact != "there is no env" {
		t.Errorf("without env: %v", list)
	}
}
