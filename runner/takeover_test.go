package runner_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
	"tasks/runner"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

// A running process is one whose run goes on while the test looks.
type running struct {
	*process
	id    state.RunID
	ended chan error
	state state.RunState // once it has ended
}

func (w *world) start(id state.RunID, document string) *running {
	p := w.process()
	r := &running{process: p, id: id, ended: make(chan error, 1)}
	o := p.options(context.Background(), id, document)
	go func() {
		defer o.Store.Close()
		var err error
		r.state, err = runner.Run(context.Background(), o)
		r.ended <- err
	}()
	return r
}

// edit applies an edited document to the live run.
func (r *running) edit(document string) (runner.Proposal, error) {
	s, list := spec.Parse("test.yaml", []byte(document), filepath.Dir(r.w.dsn), spec.Overrides{})
	if len(list) > 0 {
		r.w.t.Fatal(list)
	}
	return runner.Propose(context.Background(), r.db, r.id, s, spec.Overrides{})
}

// mustEdit wants the edit to be taken over.
func (r *running) mustEdit(document string) {
	r.w.t.Helper()
	p, err := r.edit(document)
	if err != nil {
		r.w.t.Fatal(err)
	}
	time.Sleep(3 * time.Second)
	if got := r.run(); got.Revision != p.Number || got.Proposed != 0 {
		r.w.t.Fatalf("revision %d is not taken over: %+v", p.Number, got)
	}
}

func (r *running) run() (run state.Run) {
	r.look(func(tx *store.Tx) (err error) {
		run, err = tx.Run(r.id)
		return err
	})
	return run
}

func (r *running) look(fn func(*store.Tx) error) {
	r.w.t.Helper()
	if err := r.db.View(context.Background(), fn); err != nil {
		r.w.t.Fatal(err)
	}
}

func (r *running) ready() (keys []int64) {
	r.look(func(tx *store.Tx) error {
		all, err := tx.Activities(r.id, true)
		for _, a := range all {
			if a.State == state.ActivityReady {
				keys = append(keys, a.Key)
			}
		}
		return err
	})
	return keys
}

func (r *running) mustEnd(want state.RunState) {
	r.w.t.Helper()
	if err := <-r.ended; err != nil || r.state != want {
		r.w.t.Fatalf("the run ended as %s, %v; want %s", r.state, err, want)
	}
	synctest.Wait()
}

// steady is a run that goes on for a while.
func steady(workers int, last int, more string) string {
	return fmt.Sprintf(`
name: steady
payload: golem/alpine:latest
workers: %d
budget: 10/h
tasks:
  first:
    from: {range: [1, %d]}
    run: [echo, "first ${{ task.item }}"]
%s
`, workers, last, more)
}

const slow = `policies: {task: {result: trim(stdout)}}`

func TestLiveRunTakesOverAnEdit(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 1, Runtime: devnet.Instant(seconds)}, func(w *world) {
		r := w.start("w1", steady(1, 160, slow))
		time.Sleep(30 * time.Second)
		before := r.ready()
		if len(before) != 1 {
			t.Fatalf("%d workers at first", len(before))
		}
		// Three workers, more items, a new stage, another result.
		r.mustEdit(steady(3, 190, `
  second:
    from: [a, b]
    run: [echo, "second ${{ task.item }}"]
policies: {task: {result: '"edited " + trim(stdout)'}}
max_price: 5`))
		time.Sleep(20 * time.Second)
		after := r.ready()
		if len(after) != 3 || !slices.Contains(after, before[0]) {
			t.Errorf("workers %v after workers %v; want three with that one among them", after, before)
		}
		r.mustEnd(state.RunDone)
		checkItems(t, w.values("w1"), 190, 2)
		w.checkBooks("w1")
	})
}

// seconds answers echo after a second.
func seconds(run golem.Run, p devnet.Provider) devnet.Reply {
	reply := shell(run, p)
	reply.Wall, reply.CPU = time.Second, time.Second
	return reply
}

// checkItems wants every item of both stages once.
func checkItems(t *testing.T, values []string, first, second int) {
	t.Helper()
	seen := map[string]int{}
	edited := 0
	for _, v := range values {
		v = strings.Trim(v, `"`)
		if strings.HasPrefix(v, "edited ") {
			edited++
		}
		seen[strings.TrimPrefix(v, "edited ")]++
	}
	for i := range first {
		if n := seen[fmt.Sprintf("first %d", i+1)]; n != 1 {
			t.Errorf("item %d has %d results", i+1, n)
		}
	}
	if len(values) != first+second || len(seen) != len(values) || edited == 0 || edited == len(values) {
		t.Errorf("%d results, %d different ones, %d by the edited policy; want %d, all different, some edited",
			len(values), len(seen), edited, first+second)
	}
}

// What a run cannot take over is refused with the reason, and nothing changes.
func TestLiveRunRefuses(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 1, Runtime: devnet.Instant(seconds)}, func(w *world) {
		r := w.start("w1", steady(1, 30, slow))
		time.Sleep(20 * time.Second)
		for _, tt := range []struct{ name, document, want string }{
			{"payload", strings.Replace(steady(1, 30, slow), "alpine", "debian", 1), "payload: the machines of a run are all of one kind"},
			{"network", steady(1, 30, slow+"\ngolem: {network: mainnet}"), "golem.network: the run is paid on hoodi"},
			{"name", strings.Replace(steady(1, 30, slow), "steady", "other", 1), "name: the run is one of steady, and this is other"},
			{"items that were read", steady(1, 3, slow), "tasks.first.from: it was read to "},
			{"a stage that is gone", strings.Replace(steady(1, 30, slow), "  first:", "  other:", 1), "tasks.first: the run has this stage"},
			{"results file", steady(1, 30, slow+"\nresults: {file: out.jsonl}"), "results.file: the file is open while the run is live"},
		} {
			_, err := r.edit(tt.document)
			if !errors.Is(err, runner.ErrChanged) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v; want %q", tt.name, err, tt.want)
			}
		}
		if got := r.run(); got.Revision != 1 || got.Proposed != 0 {
			t.Errorf("the run is at %+v", got)
		}
		r.mustEnd(state.RunDone)
	})
}

// The process at work has the last word: what was fit when it was applied may not
// be any more.
func TestLiveRunRefusesLate(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 1, Runtime: devnet.Instant(seconds)}, func(w *world) {
		r := w.start("w1", steady(1, 200, slow))
		time.Sleep(20 * time.Second)
		bad := state.Revision{Run: "w1", File: "test.yaml", Dir: filepath.Dir(w.dsn), Text: []byte(steady(4, 3, slow))}
		err := r.db.Update(context.Background(), func(tx *store.Tx) error { _, err := tx.Propose(bad); return err })
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		r.look(func(tx *store.Tx) error {
			rev, err := tx.Revision("w1", 2)
			if !strings.Contains(rev.Refused, "it was read to") {
				t.Errorf("revision 2: %+v", rev)
			}
			return err
		})
		r.mustEdit(steady(2, 210, slow))
		r.mustEnd(state.RunDone)
		if n := len(w.values("w1")); n != 210 {
			t.Errorf("%d results, want 210", n)
		}
		w.checkBooks("w1")
	})
}

// Every decision knows the revision that it was made by.
func TestDecisionsKnowTheirRevision(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 1, Runtime: devnet.Instant(seconds)}, func(w *world) {
		r := w.start("w1", steady(1, 160, slow))
		time.Sleep(20 * time.Second)
		r.mustEdit(steady(3, 160, slow))
		r.mustEdit(steady(3, 160, "policies: {activity: {keep: activity.results < 5}}"))
		r.mustEnd(state.RunDone)
		w.view(func(tx *store.Tx) error {
			chosen, err := tx.Choices("w1", "", 50)
			if err != nil {
				return err
			}
			first, second := chosen[len(chosen)-1], chosen[len(chosen)-2]
			if first.Revision != 1 || second.Revision != 2 {
				t.Errorf("the first two were hired by revisions %d and %d, want 1 and 2", first.Revision, second.Revision)
			}
			acts, err := tx.Activities("w1", false)
			if len(acts) < 3 || acts[0].Revision != 3 || !strings.HasPrefix(acts[0].Reason, "not kept") {
				t.Errorf("the first was stopped by revision %d: %s; want 3", acts[0].Revision, acts[0].Reason)
			}
			return err
		})
		w.checkBooks("w1")
	})
}

// A process that dies before it takes an edit over leaves it to the next one.
func TestEditSurvivesACrash(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 1, Runtime: devnet.Instant(seconds)}, func(w *world) {
		r := w.start("w1", steady(1, 40, slow))
		time.Sleep(20 * time.Second)
		if _, err := r.edit(steady(2, 50, slow)); err != nil {
			t.Fatal(err)
		}
		close(r.hurry)
		<-r.ended
		waits := false
		w.view(func(tx *store.Tx) error {
			run, err := tx.Run("w1")
			waits = run.Proposed == 2
			return err
		})
		if !waits {
			t.Skip("the process was faster")
		}
		w.mustRun("w1", steady(2, 50, slow), state.RunDone)
		w.view(func(tx *store.Tx) error {
			run, err := tx.Run("w1")
			if run.Revision != 2 || run.Proposed != 0 {
				t.Errorf("the run is at revision %d, %d waits; want 2 and none", run.Revision, run.Proposed)
			}
			return err
		})
		if n := len(w.values("w1")); n != 50 {
			t.Errorf("%d results, want 50", n)
		}
	})
}

// A source that has ended goes on with what an edit adds.
func TestEndedSourceGoesOn(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 1, Runtime: devnet.Instant(seconds)}, func(w *world) {
		items := func(list string) string {
			return "name: list\npayload: golem/alpine:latest\ntasks: {from: [" + list + "], run: [echo, '${{ task.item }}']}"
		}
		r := w.start("w1", items("a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t"))
		time.Sleep(15 * time.Second)
		r.mustEdit(items("a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v"))
		r.mustEnd(state.RunDone)
		if n := len(w.values("w1")); n != 22 {
			t.Errorf("%d results, want 22", n)
		}
	})
}

// A run that waits for its budget goes on when an edit allows more.
func TestRaisedBudgetEndsAPause(t *testing.T) {
	long(t)
	inWorld(t, &devnet.Server{Seed: 2}, func(w *world) {
		r := w.start("patient", patient)
		w.awaitPause(r.process, "patient")
		began := time.Now()
		r.mustEdit(strings.Replace(patient, "{rate: 0.01/h, when_exhausted: pause}", "{rate: 5/day, when_exhausted: pause}", 1))
		r.mustEnd(state.RunDone)
		if took := time.Since(began); took > 40*time.Minute {
			t.Errorf("it took %v more", took)
		}
		if n := len(w.values("patient")); n != 400 {
			t.Errorf("%d results of 400", n)
		}
		w.checkBooks("patient")
	})
}
