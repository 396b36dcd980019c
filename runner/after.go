package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"tasks/policies"
	"tasks/runner/source"
	"tasks/runner/state"
	"tasks/runner/store"
	"tasks/spec"
)

// Bounds of the results of a stage that an expression of another sees at once.
// What is more is for a source of results, which is read as it is needed.
const (
	maxEndedResults = 100_000
	maxEndedBytes   = 16 << 20
)

// begin starts to read the sources of those stages whose turn has come, because
// what they wait for has ended.
func (q *queue) begin(ctx context.Context) error {
	if _, later := q.more(); !later {
		return nil
	}
	over, err := q.r.stagesOver(ctx)
	if err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil
	}
	q.waits = slices.DeleteFunc(q.waits, func(f *feed) bool {
		for _, stage := range f.after {
			if !over(stage) {
				return false
			}
		}
		q.r.Log.Debug("stage begins", logStage, f.stage)
		q.feeds = append(slices.Clone(q.feeds), f)
		q.beginLocked(f)
		return true
	})
	return nil
}

// stagesOver tells of any stage whether it has ended, by one look at the store.
func (r *runner) stagesOver(ctx context.Context) (over func(stage string) bool, err error) {
	var counts map[string]state.Counts
	var cursors map[string]state.Cursor
	err = r.Store.View(ctx, func(tx *store.Tx) (err error) {
		if counts, err = tx.StageCounts(r.Run); err == nil {
			cursors, err = tx.Cursors(r.Run)
		}
		return err
	})
	s := r.inForce().spec
	return func(stage string) bool { return hasEnded(s, stage, counts, cursors) }, err
}

// hasEnded reports whether no task of a stage is left and none can come: neither
// from its source nor from the results of those that make tasks of it.
func hasEnded(s *spec.Spec, stage string, counts map[string]state.Counts, cursors map[string]state.Cursor) bool {
	for _, f := range s.Feeders(stage) {
		if f.From != nil && !cursors[f.Name].Ended || counts[f.Name].Pending+counts[f.Name].Running > 0 {
			return false
		}
	}
	return true
}

// stageResults is what sources of results read.
func (r *runner) stageResults(ctx context.Context, stage string, after int64, limit int) ([]source.Result, error) {
	var page []store.StageResult
	err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
		page, err = tx.StageResults(r.Run, stage, after, limit)
		return err
	})
	out := make([]source.Result, len(page))
	for i, p := range page {
		out[i] = source.Result{Seq: p.Seq, Value: p.Value}
	}
	return out, err
}

// An endings is what stages left that have ended, kept because every task of those
// that waited for them sees the same.
type endings struct {
	mu    sync.Mutex
	known map[string]policies.EndedStage
}

func (e *endings) get(stage string) (policies.EndedStage, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s, ok := e.known[stage]
	return s, ok
}

func (e *endings) set(stage string, s policies.EndedStage) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.known == nil {
		e.known = map[string]policies.EndedStage{}
	}
	e.known[stage] = s
}

// stagesEnv is what the tasks of a stage see of those that it waited for. An error
// that is a policies.Failure says that they are too much to see at once.
func (r *runner) stagesEnv(stage *policies.Stage) (map[string]policies.EndedStage, error) {
	if stage == nil || len(stage.After()) == 0 {
		return nil, nil
	}
	out := map[string]policies.EndedStage{}
	for _, name := range stage.After() {
		s, ok := r.endings.get(name)
		if !ok || s.Results == nil && slices.Contains(stage.ReadsResults(), name) {
			var err error
			if s, err = r.endedStage(name, slices.Contains(stage.ReadsResults(), name)); err != nil {
				return nil, err
			}
			r.endings.set(name, s)
		}
		out[name] = s
	}
	return out, nil
}

// endedStage reads what a stage left, its results only if they are wanted.
func (r *runner) endedStage(name string, results bool) (s policies.EndedStage, err error) {
	var all []store.StageResult
	size, enough := 0, false
	// An attempt that is cut off is recorded too, and sees the same.
	err = r.Store.View(context.Background(), func(tx *store.Tx) error {
		counts, err := tx.StageCounts(r.Run)
		s.Done, s.Failed = int(counts[name].Done), int(counts[name].Failed)
		for after := int64(0); err == nil && results && !enough; {
			var page []store.StageResult
			page, err = tx.StageResults(r.Run, name, after, 1000)
			for _, p := range page {
				after, size = p.Seq, size+len(p.Value)
			}
			all = append(all, page...)
			enough = len(page) == 0 || len(all) > maxEndedResults || size > maxEndedBytes
		}
		return err
	})
	if err != nil || !results {
		return s, err
	}
	if len(all) > maxEndedResults || size > maxEndedBytes {
		return s, &policies.Failure{
			Policy: "stages." + name, Expr: "stages." + name + ".results",
			Err: fmt.Errorf("stage %s has more than the %d results or %d MiB that an expression sees at once: read them with from: {results: %s}",
				name, maxEndedResults, maxEndedBytes>>20, name),
		}
	}
	slices.SortFunc(all, func(a, b store.StageResult) int { return cmp.Compare(a.Task, b.Task) })
	s.Results = make([]any, len(all))
	for i, p := range all {
		if s.Results[i], err = DecodeItem(p.Value); err != nil {
			return s, fmt.Errorf("result of task %d: %w", p.Task, err)
		}
	}
	return s, nil
}

// tooMuch is an error of stagesEnv that concerns the task alone.
func tooMuch(err error) *policies.Failure {
	f, _ := errors.AsType[*policies.Failure](err)
	return f
}
