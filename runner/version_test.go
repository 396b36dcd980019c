package runner_test

import (
	"errors"
	"testing"

	"tasks/golem/devnet"
	"tasks/runner"
	"tasks/runner/state"
	"tasks/runner/store"
)

// A daemon older than 0.17 is refused before anything is recorded or spent.
func TestOldDaemonIsRefused(t *testing.T) {
	for release, want := range map[string]bool{"0.16.9": true, "0.17.0": false, "0.17.0-rc3": false, "1.0.0": false, "nightly": true} {
		t.Run(release, func(t *testing.T) {
			inWorld(t, &devnet.Server{Seed: 1, Release: release}, func(w *world) {
				_, err := w.process().run(w.t.Context(), "old", "name: old\npayload: golem/alpine:latest\ntasks: {from: [1], run: [echo, hi]}\n")
				old, refused := errors.AsType[*runner.OldDaemonError](err)
				if refused != want || refused && (old.Version != release || !errors.Is(err, runner.ErrDaemon)) {
					t.Fatalf("error = %v, want a refusal: %v", err, want)
				}
				if !want {
					return
				}
				if got := w.srv.Inspect(); len(got.Agreements)+len(got.Allocations)+got.Demands > 0 {
					t.Errorf("the daemon was used: %+v", got)
				}
				w.view(func(tx *store.Tx) error {
					if _, err := tx.Run(state.RunID("old")); !errors.Is(err, store.ErrNotFound) {
						t.Errorf("the run was begun: %v", err)
					}
					return nil
				})
			})
		})
	}
}
