package report_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/runner/report"
	"tasks/runner/state"
	"tasks/runner/store"
)

// amounts are equal when they are the same number.
var amounts = cmp.Comparer(func(a, b golem.Amount) bool { return a.Equal(b) })

func glm(s string) golem.Amount { return decimal.RequireFromString(s) }

func pointer[T any](v T) *T { return &v }

// A book is a store with what a runner would write into it.
type book struct {
	t testing.TB
	*store.Store
}

func open(t testing.TB) book {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "tasks.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return book{t, st}
}

// write does one update that must succeed.
func (b book) write(fn func(tx *store.Tx) error) {
	b.t.Helper()
	if err := b.Update(b.t.Context(), fn); err != nil {
		b.t.Fatal(err)
	}
}

func (b book) run(id state.RunID, document string) {
	b.t.Helper()
	b.write(func(tx *store.Tx) error {
		return tx.CreateRun(
			state.Run{ID: id, Name: "hello", Session: "session of " + string(id), State: state.RunRunning, Daemon: "embedded", CreatedAt: tx.Now()},
			state.Revision{Run: id, File: "run.yaml", Dir: "/", Text: []byte(document)})
	})
}

// agreement is one in force, with a provider of that name.
func (b book) agreement(run state.RunID, id, provider string) (key int64) {
	b.t.Helper()
	b.write(func(tx *store.Tx) (err error) {
		key, err = tx.AddAgreement(state.Agreement{
			Run: run, ID: golem.AgreementID(id), State: state.AgreementApproved,
			Provider: golem.NodeID("0x" + provider), ProviderName: provider,
		})
		return err
	})
	return key
}

func (b book) activity(run state.RunID, agreement int64, id string, s state.ActivityState) (key int64) {
	b.t.Helper()
	b.write(func(tx *store.Tx) (err error) {
		key, err = tx.AddActivity(state.Activity{Run: run, Agreement: agreement, ID: golem.ActivityID(id), State: s})
		return err
	})
	return key
}

func (b book) tasks(run state.RunID, n int) (ids []int64) {
	b.t.Helper()
	b.write(func(tx *store.Tx) (err error) {
		list := make([]state.Task, n)
		for i := range list {
			list[i] = state.Task{Stage: "tasks", Index: int64(i), Item: json.RawMessage(decimal.NewFromInt(int64(i)).String())}
		}
		ids, err = tx.AddTasks(run, list)
		return err
	})
	return ids
}

func (b book) begin(task, activity int64) (attempt int64) {
	b.t.Helper()
	b.write(func(tx *store.Tx) error {
		a, err := tx.BeginAttempt("", state.Task{ID: task}, activity)
		if err != nil {
			return err
		}
		attempt = a.ID
		return tx.SetBatch(a.ID, "batch", 0)
	})
	return attempt
}

func (b book) finish(attempt int64, value string) {
	b.t.Helper()
	b.write(func(tx *store.Tx) error {
		_, err := tx.FinishAttempt(store.AttemptEnd{
			Attempt: attempt, State: state.AttemptDone, Task: state.TaskDone, Value: json.RawMessage(value), Count: 1,
		})
		return err
	})
}

// accept charges a debit note of so much in all.
func (b book) accept(run state.RunID, id string, agreement, activity int64, total, increment string) {
	b.t.Helper()
	b.write(func(tx *store.Tx) error {
		_, err := tx.AddBill(state.Bill{
			ID: id, Kind: state.BillDebitNote, Run: run, Agreement: agreement, Activity: activity,
			Total: glm(total), IssuedAt: tx.Now(),
		})
		if err != nil {
			return err
		}
		if err := tx.SetBilled(activity, glm(total), tx.Now()); err != nil {
			return err
		}
		if err := tx.MoveBill(id, state.BillReceived, state.BillAccepting, "", golem.Amount{}); err != nil {
			return err
		}
		return tx.MoveBill(id, state.BillAccepting, state.BillAccepted, "", glm(increment))
	})
}

func (b book) load(id state.RunID, o report.Options) (s report.Status) {
	b.t.Helper()
	err := b.View(context.Background(), func(tx *store.Tx) (err error) {
		s, err = report.Load(tx, id, o)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

func (b book) plan(id state.RunID) (p *report.Plan) {
	b.t.Helper()
	err := b.View(context.Background(), func(tx *store.Tx) error {
		rev, err := tx.Revision(id, 1)
		if err != nil {
			return err
		}
		p, err = report.NewPlan(rev)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

const document = `
name: hello
payload: golem/alpine:latest
workers: min(3, run.pending + run.running)
budget: {rate: 10/h, total: 50}
tasks:
  from: {range: [1, 10]}
  run: echo ${{ task.item }}
`

// seed is a run with one activity that works, one that is on its way, one that
// ended, and an agreement without any.
func seed(t *testing.T) book {
	b := open(t)
	b.run("r1", document)
	first := b.agreement("r1", "agr-1", "misty-otter")
	b.agreement("r1", "agr-2", "calm-ibex")
	third := b.agreement("r1", "agr-3", "keen-owl")
	ready := b.activity("r1", first, "act-ready", state.ActivityReady)
	b.activity("r1", third, "act-new", state.ActivityPreparing)
	ended := b.activity("r1", first, "act-ended", state.ActivityReady)
	ids := b.tasks("r1", 4)
	b.finish(b.begin(ids[0], ready), `"one"`)
	b.finish(b.begin(ids[1], ended), `"two"`)
	b.begin(ids[2], ready)
	b.accept("r1", "note-1", first, ready, "0.03", "0.03")
	b.accept("r1", "note-2", first, ended, "0.01", "0.01")
	b.write(func(tx *store.Tx) error {
		if err := tx.Authorise(ready, glm("0.05")); err != nil {
			return err
		}
		if err := tx.SetBilled(ready, glm("0.04"), tx.Now()); err != nil {
			return err
		}
		if err := tx.MoveActivity(ended, state.ActivityReady, state.ActivityStopping, store.ActivitySet{Reason: "too dear"}); err != nil {
			return err
		}
		return tx.MoveActivity(ended, state.ActivityStopping, state.ActivityEnded, store.ActivitySet{})
	})
	return b
}

func TestLoad(t *testing.T) {
	b := seed(t)
	got := b.load("r1", report.Options{Live: true, Plan: b.plan("r1")})
	for i := range got.Activities {
		got.Activities[i].CreatedAt, got.Activities[i].EndedAt = time.Time{}, time.Time{}
	}
	got.CreatedAt = time.Time{}
	want := report.Status{
		RunID: "r1", Name: "hello", Daemon: "embedded", State: state.RunRunning, Revision: 1,
		// Four were read, and the cursor stands at the beginning.
		Tasks:  report.Tasks{Pending: 1, Running: 1, Done: 2, Total: pointer[int64](14)},
		Stages: map[string]report.Tasks{"tasks": {Pending: 1, Running: 1, Done: 2}},

		Results: 2, Spent: glm("0.04"), Accepted: glm("0.04"), Reserved: glm("0.02"), Paid: glm("0"),
		CostPerResult: pointer(glm("0.02")),
		Budget: []report.Limit{
			{Limit: "10/h", Amount: glm("10"), Window: time.Hour, Spent: pointer(glm("0.04"))},
			{Limit: "50 in all", Amount: glm("50"), Spent: pointer(glm("0.04"))},
		},
		Workers: report.Workers{Wanted: 2, Ready: 1, Starting: 2},
		Activities: []report.Activity{
			{
				ID: "act-ready", Agreement: "agr-1", Provider: "0xmisty-otter", ProviderName: "misty-otter",
				State: state.ActivityReady, Batches: 1, Results: 1, Cost: glm("0.04"), CostPerResult: pointer(glm("0.04")),
				Accepted: glm("0.03"), Reserved: glm("0.02"),
			},
			{
				ID: "act-new", Agreement: "agr-3", Provider: "0xkeen-owl", ProviderName: "keen-owl",
				State: state.ActivityPreparing, Cost: glm("0"),
			},
			{
				ID: "act-ended", Agreement: "agr-1", Provider: "0xmisty-otter", ProviderName: "misty-otter",
				State: state.ActivityEnded, Batches: 1, Results: 1, Cost: glm("0.01"), CostPerResult: pointer(glm("0.01")),
				Accepted: glm("0.01"), StopReason: "too dear", Revision: 1,
			},
		},
	}
	if diff := cmp.Diff(want, got, amounts); diff != "" {
		t.Errorf("Load() (-want +got):\n%s", diff)
	}
}

func TestLoadBrief(t *testing.T) {
	b := seed(t)
	whole := b.load("r1", report.Options{Live: true, Plan: b.plan("r1")})
	brief := b.load("r1", report.Options{Live: true, Plan: b.plan("r1"), Brief: true})
	whole.Activities = whole.Activities[:2]
	for i := range whole.Budget {
		whole.Budget[i].Spent = nil
	}
	if diff := cmp.Diff(whole, brief, amounts); diff != "" {
		t.Errorf("a brief status differs (-whole +brief):\n%s", diff)
	}
}

func TestLoadWithoutPlan(t *testing.T) {
	b := seed(t)
	s := b.load("r1", report.Options{Live: true})
	if s.Tasks.Total != nil || s.Workers.Wanted != 0 || s.Budget == nil || len(s.Budget) != 0 {
		t.Errorf("Total %v, Wanted %d, Budget %v: a document nobody read says nothing", s.Tasks.Total, s.Workers.Wanted, s.Budget)
	}
}

func TestLoadShowsADeadRunAsInterrupted(t *testing.T) {
	b := seed(t)
	s := b.load("r1", report.Options{Plan: b.plan("r1")})
	if s.State != state.RunInterrupted || s.Workers.Wanted != 0 {
		t.Errorf("State %s, %d workers wanted; want an interrupted run that wants none", s.State, s.Workers.Wanted)
	}
	b.write(func(tx *store.Tx) error { return tx.MoveRun("r1", state.RunDone, "") })
	if s := b.load("r1", report.Options{}); s.State != state.RunDone {
		t.Errorf("State %s, want done: nobody has to work on it", s.State)
	}
}

func TestLoadUnknownRun(t *testing.T) {
	b := open(t)
	err := b.View(t.Context(), func(tx *store.Tx) error {
		_, err := report.Load(tx, "nobody", report.Options{})
		return err
	})
	if err == nil || err.Error() == "" {
		t.Fatal("Load() of a run that does not exist gave no error")
	}
}

func TestStatusJSON(t *testing.T) {
	b := seed(t)
	text, err := json.Marshal(b.load("r1", report.Options{Live: true, Plan: b.plan("r1")}))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		"run_id", "name", "state", "tasks", "results", "spent", "reserved", "accepted", "paid",
		"cost_per_result", "budget", "workers", "activities", "note", "stages", "results_file", "created_at",
	} {
		if _, ok := got[key]; !ok {
			t.Errorf("the JSON has no %s", key)
		}
	}
	if got["spent"] != "0.04" || got["cost_per_result"] != "0.02" || got["paid"] != "0" {
		t.Errorf("spent %v, cost_per_result %v, paid %v: want decimals in strings", got["spent"], got["cost_per_result"], got["paid"])
	}
	first := got["activities"].([]any)[0].(map[string]any)
	want := map[string]any{
		"id": "act-ready", "provider": "0xmisty-otter", "provider_name": "misty-otter", "state": "ready",
		"batches": 1.0, "results": 1.0, "cost": "0.04", "cost_per_result": "0.04", "stop_reason": "",
	}
	for key, value := range want {
		if diff := cmp.Diff(value, first[key]); diff != "" {
			t.Errorf("activities[0].%s (-want +got):\n%s", key, diff)
		}
	}
}

func TestSummary(t *testing.T) {
	b := seed(t)
	got := b.load("r1", report.Options{}).Summary()
	want := report.Summary{
		RunID: "r1", Ready: 1, New: 1, Other: 1, Batches: 2, Cost: glm("0.05"),
		CostPerResult: pointer(glm("0.025")), Results: 2,
		Spent: glm("0.04"), Accepted: glm("0.04"), Paid: glm("0"), Reserved: glm("0.02"),
	}
	if diff := cmp.Diff(want, got, amounts); diff != "" {
		t.Errorf("Summary() (-want +got):\n%s", diff)
	}
}

func TestRuns(t *testing.T) {
	b := seed(t)
	b.run("r2", document)
	var got []report.RunLine
	err := b.View(t.Context(), func(tx *store.Tx) (err error) {
		got, err = report.Runs(tx, func(id state.RunID) bool { return id == "r1" })
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		got[i].CreatedAt = time.Time{}
	}
	want := []report.RunLine{
		{RunID: "r2", Name: "hello", State: state.RunInterrupted, FinishedAt: time.Time{}},
		{
			RunID: "r1", Name: "hello", State: state.RunRunning, Results: 2,
			Spent: glm("0.04"), Accepted: glm("0.04"), Paid: glm("0"), Reserved: glm("0.02"),
			Tasks: report.Tasks{Pending: 1, Running: 1, Done: 2},
		},
	}
	if diff := cmp.Diff(want, got, amounts); diff != "" {
		t.Errorf("Runs() (-want +got):\n%s", diff)
	}
}
