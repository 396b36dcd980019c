package runner_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/policies"
	"tasks/runner"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

const (
	secret  = `s3cret "value" of 'mine'`
	secrets = `
name: secrets
payload: golem/alpine:latest
env: {TOKEN: {secret: true}}
workers: 2
tasks:
  first:
    from: {range: [1, 4]}
    run: [echo, "${{ task.item }}", "${{ env.TOKEN }}"]
    emit: {stage: second, each: '[stdout]'}
  second: {run: [fail, "${{ env.TOKEN }}"]}
  third: {from: [a], run: [echo, "${{ int(env.TOKEN) }}"]}
  fourth: {from: [a], run: [echo, x], after: first}
results: {file: results.jsonl}
policies:
  task: {retry: false}
  activity: {prepare: '[deploy(), start(), run(["echo", env.TOKEN])]'}
`
)

// applySecret is one process with a secret in its environment. Without one, the
// document is read as it is for a look.
func (w *world) applySecret(leave time.Duration, document, secret string) {
	w.t.Helper()
	var asked spec.Overrides
	if secret != "" {
		asked.Env = func(name string) (string, bool) { return secret, name == "TOKEN" }
	}
	s, list := spec.Parse("test.yaml", []byte(document), filepath.Dir(w.dsn), asked)
	if len(list) > 0 {
		w.t.Fatal(list)
	}
	set, list := policies.Compile(s)
	if len(list) > 0 {
		w.t.Fatal(list)
	}
	db, err := store.Open(w.t.Context(), w.dsn)
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	hurry := make(chan struct{})
	if leave > 0 {
		time.AfterFunc(leave, func() { close(hurry) })
	}
	_, err = runner.Run(context.Background(), runner.Options{
		Store: db, Run: "secrets", Spec: s, Policies: set, Daemon: "test", Hurry: hurry,
		Client: &golem.Client{BaseURL: "http://devnet", AppKey: devnet.DefaultAppKey, HTTP: w.srv.Client()},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// A secret comes to the machines, and into no file of ours, in whatever form.
func TestSecretsAreNotKept(t *testing.T) {
	got := make(chan string, 100)
	echo := func(run golem.Run, at devnet.Provider) devnet.Reply {
		reply := shell(run, at)
		got <- strings.Join(run.Args, " ")
		if run.EntryPoint == "fail" {
			reply.Stdout, reply.Stderr = strings.Join(run.Args, " "), "no: "+strings.Join(run.Args, " ")
		}
		return reply
	}
	inWorld(t, &devnet.Server{Seed: 7, Runtime: devnet.Instant(echo)}, func(w *world) {
		w.applySecret(0, secrets, secret)
		close(got)
		sent := 0
		for line := range got {
			if strings.Contains(line, secret) {
				sent++
			}
		}
		if sent < 9 {
			t.Errorf("the secret came to machines %d times, want 4 + 4 + 1 for each machine", sent)
		}
		if values := w.values("secrets"); !slices.Contains(values, `"1 ***"`) {
			t.Errorf("results %v", values)
		}
		w.view(func(tx *store.Tx) error {
			failed, err := tx.FailedTasks("secrets", 0, 10)
			if len(failed) != 5 {
				t.Errorf("%d tasks failed, want 5", len(failed))
			}
			return err
		})
		w.nowhere("s3cret", "of 'mine'")
	})
}

// nowhere demands that no file of the run has a text in it.
func (w *world) nowhere(texts ...string) {
	w.t.Helper()
	files, err := filepath.Glob(filepath.Join(filepath.Dir(w.dsn), "*"))
	if err != nil || len(files) == 0 {
		w.t.Fatal(files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			continue // a folder
		}
		for _, text := range texts {
			if i := bytes.Index(content, []byte(text)); i >= 0 {
				w.t.Errorf("%s has %q: …%q…", filepath.Base(file), text, content[max(0, i-80):min(len(content), i+40)])
			}
		}
	}
}

// What a dead process had sent is waited for, whatever the environment has now.
func TestSecretIsNotNeededForWhatRuns(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 8}, func(w *world) {
		document := `
name: secrets
payload: golem/alpine:latest
env: {TOKEN: {secret: true}}
tasks: {from: [a], run: [sleep, "${{ env.TOKEN == '' ? 'lost' : '300s' }}"]}
`
		w.applySecret(2*time.Minute, document, secret)
		w.applySecret(0, document, "")
		if got, want := w.values("secrets"), []string{`"slept 300s"`}; !slices.Equal(got, want) {
			t.Errorf("results %v, want %v", got, want)
		}
		w.view(func(tx *store.Tx) error {
			run, err := tx.Run("secrets")
			if run.State != state.RunDone {
				t.Errorf("the run is %s", run.State)
			}
			return err
		})
	})
}

// An edit that is taken over brings its secrets, which the process that works on the
// run reads from its own environment.
func TestSecretOfAnEdit(t *testing.T) {
	const before = `
name: edited
payload: golem/alpine:latest
tasks: {from: {range: [1, 40]}, run: [echo, hello]}
`
	inWorld(t, &devnet.Server{Seed: 9}, func(w *world) {
		r := &running{process: w.process(), id: "edited", ended: make(chan error, 1)}
		o := r.options(context.Background(), r.id, strings.Replace(before, "[echo, hello]", "[sleep, 2s]", 1))
		o.Overrides.Env = func(string) (string, bool) { return secret, true }
		go func() {
			defer o.Store.Close()
			var err error
			r.state, err = runner.Run(context.Background(), o)
			r.ended <- err
		}()
		time.Sleep(30 * time.Second)
		r.mustEdit(strings.Replace(before, "hello", `"${{ env.TOKEN }}"`, 1) + "env: {TOKEN: {secret: true}}\n")
		r.mustEnd(state.RunDone)
		if values := w.values("edited"); !slices.Contains(values, `"***"`) || !slices.Contains(values, `"slept 2s"`) {
			t.Errorf("results %v", values)
		}
		w.nowhere("s3cret")
	})
}
