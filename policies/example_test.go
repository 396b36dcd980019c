package policies_test

import (
	"fmt"

	"tasks/policies"
	"tasks/spec"
)

func ExampleCompile() {
	s, _ := spec.Parse("run.yaml", []byte(`
name: hello
payload: golem/alpine:latest
workers: min(10, 1 + run.pending / 20)
tasks:
  from: [Ann, "O'Hara"]
  run: echo hello ${{ task.item }}
`), ".", spec.Overrides{})
	set, mistakes := policies.Compile(s)
	if len(mistakes) > 0 {
		fmt.Println(mistakes)
		return
	}
	workers, _ := set.Workers(policies.Run{Pending: 50})
	fmt.Println(workers)

	_, failure := set.Stage("tasks").Commands(policies.TaskEnv{})
	fmt.Println(failure)
	// Output:
	// 3
	// tasks.run: task.item: gives nothing (nil) where task.item = nil
}
