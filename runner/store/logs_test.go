package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tasks/runner/state"
	"tasks/runner/store"
)

func TestFailedTasksAreThoseThatAreOver(t *testing.T) {
	w := newWorld(t)
	ids := w.add(t, state.Task{Stage: "a"}, state.Task{Stage: "a"}, state.Task{Stage: "a"}, state.Task{Stage: "a"})
	end := func(task int64, s state.AttemptState, then state.TaskState) {
		e := store.AttemptEnd{Attempt: w.begin(t, task).ID, State: s, Task: then}
		if s != state.AttemptDone {
			e.Fault = state.FaultTask
		}
		w.finish(t, e)
	}
	end(ids[0], state.AttemptFailed, state.TaskPending) // to be tried again
	end(ids[1], state.AttemptFailed, state.TaskPending)
	end(ids[1], state.AttemptDone, state.TaskDone) // well in the end
	end(ids[2], state.AttemptFailed, state.TaskPending)
	end(ids[2], state.AttemptFailed, state.TaskFailed)
	end(ids[3], state.AttemptLost, state.TaskFailed)
	var got [][2]int64
	for after := int64(0); ; {
		page := ask(t, w.Store, func(tx *store.Tx) ([]store.LogRow, error) { return tx.FailedTasks(w.run, after, 1) })
		if len(page) == 0 {
			break
		}
		after = page[0].ID
		got = append(got, [2]int64{page[0].Task, int64(page[0].Number)})
	}
	if diff := cmp.Diff([][2]int64{{ids[2], 2}, {ids[3], 1}}, got); diff != "" {
		t.Errorf("failed tasks and their last attempts (-want +got):\n%s", diff)
	}
}
