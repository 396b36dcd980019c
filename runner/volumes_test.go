package runner_test

import (
	"testing"

	"tasks/golem/devnet"
	"tasks/runner/state"
)

// A volume that the spec names is there, for copies and for commands.
func TestVolumesOfThePayload(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 9, Runtime: devnet.Table{{Files: map[string]string{"/data/out": "made"}}}.Runtime(9)}, func(w *world) {
		w.mustRun("volumes", `
name: volumes
payload: {image: golem/alpine:latest, volumes: [/data]}
tasks:
  from: {items: [a]}
  steps:
    - upload: {data: x, to: /data/in}
    - run: make
    - download: {from: /data/out, to: out}
  result: downloads[0].text
`, state.RunDone)
		if got := w.values("volumes"); len(got) != 1 || got[0] != `"made"` {
			t.Errorf("results: %v", got)
		}
	})
}
