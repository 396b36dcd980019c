package store

import (
	"encoding/json"
	"fmt"

	"tasks/runner/state"
)

const taskColumns = `t.id, s.name, t.idx, t.item, t.parent, t.state, t.attempts, t.forgiven, t.next_try_at,
	t.finished_at`

func scanTask(row scanner) (k state.Task, err error) {
	err = row.Scan(&k.ID, &k.Stage, &k.Index, rawTo{&k.Item}, intTo[int64]{&k.Parent}, &k.State, &k.Attempts, &k.Forgiven,
		timeTo{&k.NextTryAt}, timeTo{&k.FinishedAt})
	return k, err
}

// AddTasks records pending tasks and returns their ids, in order. Of each only
// Stage, Index, Item, Parent and NextTryAt count.
func (t *Tx) AddTasks(run state.RunID, tasks []state.Task) ([]int64, error) {
	defer t.justAdding()()
	key, err := t.runKey(run)
	if err != nil {
		return nil, err
	}
	ids, err := t.addTasks(key, tasks)
	return ids, wrap(err, "add tasks of run", run)
}

func (t *Tx) addTasks(run int64, tasks []state.Task) ([]int64, error) {
	ids := make([]int64, len(tasks))
	stages, added := map[string]int64{}, map[int64]int64{}
	for i, k := range tasks {
		stage, ok := stages[k.Stage]
		if !ok {
			var err error
			if stage, err = t.stageKey(run, k.Stage); err != nil {
				return nil, fmt.Errorf("stage %s: %w", k.Stage, err)
			}
			stages[k.Stage] = stage
		}
		_, id, err := t.exec(`INSERT INTO tasks (run, stage, idx, item, parent, next_try_at) VALUES (?, ?, ?, ?, ?, ?)`,
			run, stage, k.Index, item(k.Item), nonzero(k.Parent), stamp(k.NextTryAt))
		if err != nil {
			return nil, err
		}
		ids[i] = id
		added[stage]++
	}
	for stage, n := range added {
		if err := t.count(stage, state.Counts{Pending: n}); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// item is raw for items of tasks.
func item(doc json.RawMessage) any {
	if doc == nil {
		return nil
	}
	return asItIs(doc)
}

// nonzero is how a reference is stored that may be missing: NULL for 0.
func nonzero(key int64) any {
	if key == 0 {
		return nil
	}
	return key
}

// Task returns a task; the error wraps ErrNotFound.
func (t *Tx) Task(id int64) (state.Task, error) {
	k, err := one(t, scanTask, `SELECT `+taskColumns+` FROM tasks t JOIN stages s ON s.key = t.stage WHERE t.id = ?`, id)
	return k, notFound(err, "task", id)
}

// TaskRun returns whose task it is; the error wraps ErrNotFound.
func (t *Tx) TaskRun(id int64) (run state.RunID, err error) {
	err = t.get(`SELECT r.id FROM tasks t JOIN runs r ON r.key = t.run WHERE t.id = ?`, []any{id}, &run)
	return run, notFound(err, "task", id)
}

// PendingTasks returns at most limit pending tasks of a run with ids above
// afterID, by id: those that results emitted, or those of sources. Those that
// wait for NextTryAt are among them. FailedOn is set.
func (t *Tx) PendingTasks(run state.RunID, emitted bool, afterID int64, limit int) ([]state.Task, error) {
	// Two queries, because an index that is partial is used only if the query
	// says the same.
	query := `SELECT ` + taskColumns + ` FROM tasks t JOIN stages s ON s.key = t.stage
		WHERE t.run = (SELECT key FROM runs WHERE id = ?) AND t.state = 'pending' AND t.parent IS NULL AND t.id > ?
		ORDER BY t.id LIMIT ?`
	if emitted {
		query = `SELECT ` + taskColumns + ` FROM tasks t JOIN stages s ON s.key = t.stage
		WHERE t.run = (SELECT key FROM runs WHERE id = ?) AND t.state = 'pending' AND t.parent IS NOT NULL AND t.id > ?
		ORDER BY t.id LIMIT ?`
	}
	tasks, err := list(t, scanTask, query, run, afterID, limit)
	for i := range tasks {
		if err == nil && tasks[i].Tries() > 0 {
			tasks[i].FailedOn, err = t.failedOn(tasks[i].ID)
		}
	}
	return tasks, wrap(err, "read pending tasks of run", run)
}
