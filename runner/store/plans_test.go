package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tasks/runner/state"
	"tasks/runner/store"
)

// readWhole may be read from end to end: there are few runs and few providers,
// and the indexes hold only what is alive or unpaid.
var readWhole = []string{
	"SCAN CONSTANT ROW", "SCAN runs", "SCAN p",
	"SCAN a USING INDEX attempts_live", "SCAN agreements USING INDEX agreements_unsettled",
}

// TestQueriesUseIndexes holds every query to finding its rows by an index, so
// that a run with a million tasks costs no more than one with ten.
func TestQueriesUseIndexes(t *testing.T) {
	w := newWorld(t)
	everything(t, w)
	plans, err := store.Plans(w.Store)
	if err != nil {
		t.Fatal(err)
	}
	if len(plans) < 70 {
		t.Errorf("only %d queries were seen", len(plans))
	}
	for query, plan := range plans {
		for line := range strings.Lines(plan) {
			line = strings.TrimSpace(line)
			scans := strings.HasPrefix(line, "SCAN ") && !slices.Contains(readWhole, line)
			// A page that is sorted first costs as much as all pages together.
			sorts := strings.Contains(line, "TEMP B-TREE") && strings.Contains(query, "LIMIT ?")
			if scans || sorts {
				t.Errorf("%s: in\n%s", line, query)
			}
		}
	}
}

// everything calls every method once, in a way that reaches its queries.
func everything(t *testing.T, w world) {
	t.Helper()
	ids := w.add(t, state.Task{Stage: "a"}, state.Task{Stage: "a"})
	w.finish(t, store.AttemptEnd{Attempt: w.begin(t, ids[0]).ID, State: state.AttemptDone, Task: state.TaskDone, Value: doc("1"), Emitted: []state.Task{{Stage: "b"}}})
	w.finish(t, store.AttemptEnd{Attempt: w.begin(t, ids[1]).ID, State: state.AttemptLost, Fault: state.FaultProvider, Task: state.TaskPending})
	w.note(t, "n", "1")
	w.accept(t, "n", "1")
	w.move(t, "n", "1", state.BillAccepted, state.BillSettled)
	now := time.Now()
	update(t, w.Store, func(tx *store.Tx) error {
		allocation, err := tx.AddAllocation(state.Allocation{Run: w.run, State: state.AllocationCreating})
		return walk(
			func() error { return err },
			func() error {
				return tx.MoveAllocation(allocation, state.AllocationCreating, state.AllocationActive, store.AllocationSet{})
			},
			func() error { return tx.SetAllocation(allocation, glm("1"), now) },
			func() error { return tx.AddDemand(state.Demand{ID: "d", Run: w.run}) },
			func() error { return tx.EndDemand("d") },
			func() error { return tx.SaveCursor(w.run, state.Cursor{Stage: "a"}) },
			func() error { return tx.AskStop(w.run) },
			func() error { return tx.SetExported(w.run, 1, 1) },
			func() error { return tx.SetResultsPath(w.run, "") },
			func() error { return tx.SetEventCursors(w.run, nil, nil, nil) },
			func() error { return tx.SetInvoice(w.agreement, "", glm("1"), state.BillRefused) },
			func() error { return tx.SetUsage(w.activity, nil, now) },
			func() error { return tx.SetBilled(w.activity, glm("1"), now) },
			func() error { return tx.Authorise(w.activity, glm("1")) },
			func() error { return tx.CountRefusal(providerID, "") },
			func() error { return readEverything(tx, w, ids[0]) },
			func() error { return rollUpEverything(tx, w) },
		)
	})
}

// rollUpEverything calls what rolls up.
func rollUpEverything(tx *store.Tx, w world) error {
	later := time.Now().Add(time.Hour)
	var done, failed []state.EndedTask
	return walk(
		func() (err error) { done, err = tx.WithResult(w.run, true, 1); return err },
		func() (err error) { done, err = tx.WithoutResult(w.run, false, 1); return err },
		func() (err error) { failed, err = tx.WithoutResult(w.run, true, 1); return err },
		func() error { return tx.RollUpTasks(w.run, append(done, failed...)) },
		func() error { _, _, err := tx.TriedAgain(w.run, 0, 0, 1); return err },
		func() error { _, err := tx.EndedHires(w.run, 0, later, 1); return err },
		func() error { _, err := tx.OldNotes(w.run, 0, later, 1); return err },
		func() error { _, err := tx.NoteRolledUp(w.activity, "x", later); return err },
		func() error { _, err := tx.RollUpSpends(w.run, later, later, 1); return err },
		func() error { _, err := tx.RollUpHistory(w.run, later, 1); return err },
		func() error { _, err := tx.Rolled(w.run); return err },
		func() error { _, err := tx.RolledEnds(w.run); return err },
		func() error { return tx.SetResultsHead(w.run, 1, 1) },
	)
}

func readEverything(tx *store.Tx, w world, task int64) error {
	return walk(
		func() error { _, err := tx.LatestRun(); return err },
		func() error { _, err := tx.Runs(); return err },
		func() error { _, err := tx.Revision(w.run, 1); return err },
		func() error { _, err := tx.Cursors(w.run); return err },
		func() error { _, err := tx.Task(task); return err },
		func() error { _, err := tx.PendingTasks(w.run, true, 0, 1); return err },
		func() error { _, err := tx.PendingTasks(w.run, false, 0, 1); return err },
		func() error { _, err := tx.OpenAttempts(w.run); return err },
		func() error { _, err := tx.Attempts(task); return err },
		func() error { _, err := tx.Blame(task, providerID, state.FaultTask); return err },
		func() error { _, err := tx.FailedTasks(w.run, 0, 1); return err },
		func() error { _, _, err := tx.PutBack(w.run, 0, 1); return err },
		func() error { _, err := tx.AgreementByID(agreementID); return err },
		func() error { _, err := tx.Agreements(w.run, true); return err },
		func() error { _, err := tx.Agreements(w.run, false); return err },
		func() error { _, err := tx.UnsettledAgreements(w.run); return err },
		func() error { _, err := tx.UnsettledAgreements(""); return err },
		func() error { _, err := tx.ActivityByID(activityID); return err },
		func() error { _, err := tx.Activities(w.run, true); return err },
		func() error { _, err := tx.Activities(w.run, false); return err },
		func() error { _, err := tx.ActivitiesOf(w.agreement); return err },
		func() error { _, err := tx.ActivityRows(w.run); return err },
		func() error { _, err := tx.OpenBills(w.run); return err },
		func() error { _, _, err := tx.NotesBefore(w.activity, "n"); return err },
		func() error { _, err := tx.Spends(w.run, time.Now()); return err },
		func() error { _, err := tx.Totals(w.run); return err },
		func() error { _, err := tx.Allocations(w.run, true); return err },
		func() error { _, err := tx.OpenDemands(w.run); return err },
		func() error { _, err := tx.Provider(providerID); return err },
		func() error { _, err := tx.Providers(w.run); return err },
		func() error { _, err := tx.Providers(""); return err },
		func() error { _, err := tx.Histories(state.Work{Name: "a"}); return err },
		func() error { _, err := tx.Events(w.run, 0, 1); return err },
		func() error { _, err := tx.Results(w.run, 0, 1); return err },
		func() error { _, err := tx.ResultRows(w.run, 0, 1); return err },
		func() error { _, err := tx.StageResults(w.run, "a", 0, 1); return err },
		func() error { _, err := tx.Snapshot(w.run); return err },
	)
}
