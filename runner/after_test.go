package runner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tasks/golem/devnet"
	"tasks/runner/state"
	"tasks/runner/store"
)

// mapped counts in `first`, sums what came of it in `total`, and takes its results
// one by one in `each`; `second` gets tasks of `first`, and `last` waits for both.
const mapped = `
name: mapped
payload: golem/alpine:latest
workers: 3
tasks:
  first:
    from: {range: [1, 30]}
    run: [sleep, "${{ 1 + task.item % 7 }}s"]
    result: 'task.item % 10 == 0 ? nil : task.item'
    emit: {stage: second, each: 'task.item <= 5 ? [task.item] : []'}
  second:
    run: [sleep, 40s]
  total:
    after: first
    run: [echo, "${{ sum(stages.first.results) }}"]
    result: '{sum: int(trim(stdout)), first: stages.first.results[0], done: stages.first.done}'
  each:
    from: {results: first}
    run: [sleep, "${{ task.item }}s"]
    result: -task.item
  last:
    after: [second, each]
    run: [echo, "${{ len(stages.second.results) }}", "${{ len(stages.each.results) }}"]
`

// checkMapped demands the results of mapped, each once.
func (w *world) checkMapped(id state.RunID) {
	w.t.Helper()
	want := []string{`{"done":30,"first":1,"sum":405}`, `"5 27"`}
	for n := 1; n <= 30; n++ {
		if n%10 != 0 {
			want = append(want, fmt.Sprint(n), fmt.Sprint(-n))
		}
	}
	for range 5 {
		want = append(want, `"slept 40s"`)
	}
	got := w.values(id)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.t.Errorf("results:\n%v, want\n%v", got, want)
	}
}

// checkOrder demands that no task of a stage was begun before those of another had
// ended.
func (w *world) checkOrder(id state.RunID, before, after string) {
	w.t.Helper()
	w.view(func(tx *store.Tx) error {
		rows, err := tx.ResultRows(id, 0, 1000)
		var ended, began time.Time
		for _, row := range rows {
			if row.Stage == before && row.FinishedAt.After(ended) {
				ended = row.FinishedAt
			}
			if row.Stage == after && (began.IsZero() || row.StartedAt.Before(began)) {
				began = row.StartedAt
			}
		}
		if ended.IsZero() || began.IsZero() || began.Before(ended) {
			w.t.Errorf("%s ended at %s, and %s began at %s", before, ended, after, began)
		}
		return err
	})
}

func TestStagesFollowEachOther(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 3}, func(w *world) {
		w.mustRun("mapped", mapped, state.RunDone)
		w.checkMapped("mapped")
		w.checkOrder("mapped", "first", "total")
		w.checkOrder("mapped", "first", "each")
		w.checkOrder("mapped", "second", "last")
		w.checkOrder("mapped", "each", "last")
		w.checkBooks("mapped")
	})
}

// A process that leaves every few seconds, within every stage and between them.
func TestStagesFollowEachOtherOverRestarts(t *testing.T) {
	long(t)
	inWorld(t, &devnet.Server{Seed: 3}, func(w *world) {
		for range 20 {
			w.leaveAfter(11*time.Second, "mapped", mapped)
			time.Sleep(time.Second)
		}
		w.mustRun("mapped", mapped, state.RunDone)
		w.checkMapped("mapped")
		w.checkOrder("mapped", "first", "total")
		w.checkOrder("mapped", "second", "last")
		w.checkBooks("mapped")
	})
}

// What failed is not among the results, and does not keep the next stage back.
func TestStageAfterFailures(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 4}, func(w *world) {
		w.mustRun("failing", `
name: failing
payload: golem/alpine:latest
workers: 2
tasks:
  first: {from: [ok, no], run: ["${{ task.item == 'ok' ? 'echo' : 'fail' }}", x]}
  empty: {from: {range: [1, 3]}, run: [echo, x], result: nil}
  next: {after: [first, empty], run: [echo, "${{ stages.first.done }}", "${{ stages.first.failed }}", "${{ len(stages.empty.results) }}"]}
  none: {from: {results: empty}, run: [echo, never]}
policies: {task: {retry: false}}
`, state.RunFailed)
		if got, want := w.values("failing"), []string{`"x"`, `"1 1 0"`}; !slices.Equal(got, want) {
			t.Errorf("results %v, want %v", got, want)
		}
	})
}

// Workers that have nothing to do while a stage ends are not paid for it.
func TestIdleWorkersGoWhileAStageWaits(t *testing.T) {
	inWorld(t, &devnet.Server{Seed: 5}, func(w *world) {
		w.mustRun("idle", `
name: idle
payload: golem/alpine:latest
workers: 4
tasks:
  first: {from: [1s, 2s, 3s, 9m], run: [sleep, "${{ task.item }}"], timeout: 20m}
  next: {after: first, run: [echo, done]}
`, state.RunDone)
		long := 0
		w.view(func(tx *store.Tx) error {
			rows, err := tx.ActivityRows("idle")
			for _, row := range rows {
				if row.EndedAt.Sub(row.CreatedAt) > 5*time.Minute {
					long++
				}
			}
			return err
		})
		if long != 1 {
			t.Errorf("%d workers stayed for the one long task, want 1", long)
		}
	})
}

// More results than an expression can see fail the task that wants them, and say
// what to do.
func TestTooManyResultsForAnExpression(t *testing.T) {
	long(t)
	inWorld(t, &devnet.Server{Seed: 6, Runtime: devnet.Instant(shell)}, func(w *world) {
		w.mustRun("many", `
name: many
payload: golem/alpine:latest
workers: 8
tasks:
  first: {from: {range: [1, 20]}, run: [echo, x], result: 'repeat("x", 1000000)'}
  next: {after: first, run: [echo, "${{ len(stages.first.results) }}"]}
  count: {after: first, run: [echo, "${{ stages.first.done }}"]}
  some: {from: {results: first}, run: [echo, x], result: len(task.item)}
`, state.RunFailed)
		values := w.values("many")
		if len(values) != 41 || !slices.Contains(values, `"20"`) || !slices.Contains(values, "1000000") {
			t.Errorf("%d results", len(values))
		}
		w.view(func(tx *store.Tx) error {
			failed, err := tx.FailedTasks("many", 0, 10)
			if len(failed) != 1 || !strings.Contains(fmt.Sprint(failed), "from: {results: first}") {
				t.Errorf("failed: %+v", failed)
			}
			return err
		})
	})
}
