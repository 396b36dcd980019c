package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tasks/golem"
	"tasks/runner/reconcile"
	"tasks/runner/state"
	"tasks/runner/store"
)

func must(t *rapid.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A model does the same in two databases, one of which is rolled up now and then.
type model struct {
	whole, rolled *store.Store
	run           state.RunID

	hires    []hired
	next     int // of whatever has a name
	pending  []int64
	attempts map[int64]int // tries, by task
	task     int64         // the last one
	attempt  int64
	notes    []paper
}

type hired struct {
	agreement, activity int64
	total               int64
	over                bool
}

type paper struct {
	id    string
	of    int // hire
	total int64
	state state.BillState
}

func newModel(t *rapid.T, dir string) *model {
	w := &model{run: "yacat", attempts: map[int64]int{}}
	for i, s := range []**store.Store{&w.whole, &w.rolled} {
		var err error
		*s, err = store.Open(context.Background(), filepath.Join(dir, fmt.Sprintf("%d.db", i)))
		must(t, err)
		must(t, store.Careless(*s))
	}
	w.both(t, func(tx *store.Tx) error {
		if err := tx.CreateRun(state.Run{ID: w.run, Name: "yacat", Session: "s"}, state.Revision{Text: []byte("name: yacat")}); err != nil {
			return err
		}
		return tx.StartRun(w.run, "embedded", "0x1")
	})
	w.hire(t)
	return w
}

func (w *model) close(t *rapid.T) {
	must(t, w.whole.Close())
	must(t, w.rolled.Close())
}

// both does one thing in both databases.
func (w *model) both(t *rapid.T, fn func(tx *store.Tx) error) {
	t.Helper()
	must(t, w.whole.Update(context.Background(), fn))
	must(t, w.rolled.Update(context.Background(), fn))
}

func (w *model) hire(t *rapid.T) {
	w.next++
	var h hired
	provider := golem.NodeID(fmt.Sprintf("0x%d", w.next%3))
	w.both(t, func(tx *store.Tx) (err error) {
		h.agreement, err = tx.AddAgreement(state.Agreement{Run: w.run, ID: golem.AgreementID(fmt.Sprintf("g%d", w.next)), State: state.AgreementApproved, Provider: provider})
		if err != nil {
			return err
		}
		h.activity, err = tx.AddActivity(state.Activity{Run: w.run, Agreement: h.agreement, ID: golem.ActivityID(fmt.Sprintf("v%d", w.next)), State: state.ActivityReady})
		return err
	})
	w.hires = append(w.hires, h)
}

// anyHire is one that goes on.
func (w *model) anyHire(t *rapid.T) int {
	var live []int
	for i, h := range w.hires {
		if !h.over {
			live = append(live, i)
		}
	}
	if len(live) == 0 {
		w.hire(t)
		return len(w.hires) - 1
	}
	return rapid.SampledFrom(live).Draw(t, "hire")
}

func (w *model) addTask(t *rapid.T) {
	stage := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "stage")
	parent := int64(0)
	if w.task > 0 && rapid.Bool().Draw(t, "emitted") {
		parent = 1 // which may be gone
	}
	w.both(t, func(tx *store.Tx) error {
		ids, err := tx.AddTasks(w.run, []state.Task{{Stage: stage, Parent: parent}})
		if err == nil {
			if ids[0] <= w.task-1 {
				t.Errorf("task %d comes after %d", ids[0], w.task)
			}
			w.task = ids[0]
		}
		return err
	})
	w.pending = append(w.pending, w.task)
}

// try tries a pending task to some end.
func (w *model) try(t *rapid.T) {
	if len(w.pending) == 0 {
		w.addTask(t)
	}
	i := rapid.IntRange(0, len(w.pending)-1).Draw(t, "task")
	id, h := w.pending[i], w.hires[w.anyHire(t)]
	end := rapid.SampledFrom([]store.AttemptEnd{
		{State: state.AttemptDone, Task: state.TaskDone, Value: doc("1"), Count: 2},
		{State: state.AttemptDone, Task: state.TaskDone},
		{State: state.AttemptFailed, Fault: state.FaultTask, Task: state.TaskFailed, Stderr: []byte("bad")},
		{State: state.AttemptFailed, Fault: state.FaultProvider, Task: state.TaskPending, Stdout: []byte("worse")},
		{State: state.AttemptFailed, Fault: state.FaultTask, Task: state.TaskPending},
		{State: state.AttemptLost, Task: state.TaskPending},
	}).Draw(t, "end")
	w.both(t, func(tx *store.Tx) error {
		at, err := tx.BeginAttempt(w.run, state.Task{ID: id}, h.activity)
		if err != nil {
			return err
		}
		if err := tx.SetBatch(at.ID, "b", 0); err != nil {
			return err
		}
		w.attempt = at.ID
		end.Attempt = at.ID
		_, err = tx.FinishAttempt(end)
		return err
	})
	if end.Task != state.TaskPending {
		w.pending = append(w.pending[:i], w.pending[i+1:]...)
	}
}

// bill brings a debit note, which may be accepted.
func (w *model) bill(t *rapid.T) {
	i := w.anyHire(t)
	w.next++
	n := paper{id: fmt.Sprintf("n%d", w.next), of: i, total: w.hires[i].total + int64(rapid.IntRange(0, 2).Draw(t, "more")), state: state.BillReceived}
	accept := rapid.Bool().Draw(t, "accepted")
	increment := golem.Amount{}
	if accept {
		increment = glm(fmt.Sprint(n.total - w.hires[i].total))
		w.hires[i].total, n.state = n.total, state.BillAccepted
	}
	w.both(t, func(tx *store.Tx) error {
		_, err := tx.AddBill(state.Bill{
			ID: n.id, Kind: state.BillDebitNote, Run: w.run, Agreement: w.hires[i].agreement, Activity: w.hires[i].activity,
			Total: glm(fmt.Sprint(n.total)), IssuedAt: time.Now(),
		})
		if err != nil || !accept {
			return err
		}
		if err := tx.MoveBill(n.id, state.BillReceived, state.BillAccepting, "", golem.Amount{}); err != nil {
			return err
		}
		return tx.MoveBill(n.id, state.BillAccepting, state.BillAccepted, "", increment)
	})
	w.notes = append(w.notes, n)
}

// pay settles what was accepted of a hire, and decides about the rest.
func (w *model) pay(t *rapid.T) {
	if len(w.notes) == 0 {
		return
	}
	n := &w.notes[rapid.IntRange(0, len(w.notes)-1).Draw(t, "note")]
	from, to := n.state, state.BillSettled
	switch n.state {
	case state.BillReceived:
		to = state.BillIgnored
	case state.BillAccepted:
	default:
		return
	}
	move := func(s *store.Store) error {
		return s.Update(context.Background(), func(tx *store.Tx) error { return tx.MoveBill(n.id, from, to, "", golem.Amount{}) })
	}
	must(t, move(w.whole))
	known := false
	must(t, w.rolled.View(context.Background(), func(tx *store.Tx) error {
		_, err := tx.Bill(n.id)
		known = err == nil
		return nil
	}))
	if known {
		must(t, move(w.rolled))
	} else if from == state.BillReceived {
		t.Errorf("note %s is gone, and was not decided about", n.id)
	}
	n.state = to
}

// end ends a hire with an invoice that is paid.
func (w *model) end(t *rapid.T) {
	i := w.anyHire(t)
	h := &w.hires[i]
	h.over = true
	w.next++
	id := fmt.Sprintf("i%d", w.next)
	paid := rapid.Bool().Draw(t, "paid")
	w.both(t, func(tx *store.Tx) error {
		return walk(
			func() error {
				return tx.MoveActivity(h.activity, state.ActivityReady, state.ActivityStopping, store.ActivitySet{})
			},
			func() error {
				return tx.MoveActivity(h.activity, state.ActivityStopping, state.ActivityEnded, store.ActivitySet{})
			},
			func() error {
				return tx.MoveAgreement(h.agreement, state.AgreementApproved, state.AgreementEnding, store.AgreementSet{})
			},
			func() error {
				return tx.MoveAgreement(h.agreement, state.AgreementEnding, state.AgreementEnded, store.AgreementSet{Reason: "bill refused: x"})
			},
			func() error {
				_, err := tx.AddBill(state.Bill{ID: id, Kind: state.BillInvoice, Run: w.run, Agreement: h.agreement, Total: glm(fmt.Sprint(h.total + 1))})
				return err
			},
			func() error { return tx.MoveBill(id, state.BillReceived, state.BillAccepting, "", golem.Amount{}) },
			func() error { return tx.MoveBill(id, state.BillAccepting, state.BillAccepted, "", glm("1")) },
			func() error {
				return tx.SetInvoice(h.agreement, golem.InvoiceID(id), glm(fmt.Sprint(h.total+1)), state.BillAccepted)
			},
			func() error {
				if !paid {
					return nil
				}
				return tx.MoveBill(id, state.BillAccepted, state.BillSettled, "", golem.Amount{})
			},
		)
	})
}

// rollUp rolls up one kind of rows, as the runner does.
func (w *model) rollUp(t *rapid.T) {
	later := time.Now().Add(time.Hour)
	exact := rapid.SampledFrom([]time.Time{{}, later}).Draw(t, "exact")
	keep := reconcile.Keep{Tasks: int64(rapid.IntRange(1, 5).Draw(t, "keep"))}
	what := rapid.SampledFrom([]string{"tasks", "failed", "tries", "hires", "notes", "spends", "history"}).Draw(t, "what")
	must(t, w.rolled.Update(context.Background(), func(tx *store.Tx) error {
		switch what {
		case "tasks":
			return w.rollUpDone(t, tx, keep)
		case "failed":
			old, err := tx.WithoutResult(w.run, true, 2)
			must(t, err)
			return tx.RollUpTasks(w.run, old)
		case "tries":
			old, _, err := tx.TriedAgain(w.run, 0, 1, 5)
			must(t, err)
			return tx.RollUpAttempts(w.run, old)
		case "hires":
			hires, err := tx.EndedHires(w.run, 0, later, 3)
			must(t, err)
			for _, h := range hires {
				if reconcile.Over(h, later) {
					must(t, tx.RollUpHire(h, reconcile.Code(h.Reason), exact))
				}
			}
		case "notes":
			all, err := tx.OldNotes(w.run, 0, later, 4)
			must(t, err)
			for _, old := range all {
				if notes := reconcile.PaidNotes(old, later); len(notes) > 0 {
					must(t, tx.RollUpNotes(w.run, old.Activity, notes, exact))
				}
			}
		case "spends":
			_, err := tx.RollUpSpends(w.run, exact, time.Unix(0, 0), 3)
			return err
		case "history":
			_, err := tx.RollUpHistory(w.run, later, 5)
			return err
		}
		return nil
	}))
}

func (w *model) rollUpDone(t *rapid.T, tx *store.Tx, keep reconcile.Keep) error {
	counts, err := tx.Counts(w.run)
	must(t, err)
	rolled, err := tx.Rolled(w.run)
	must(t, err)
	with, err := tx.WithResult(w.run, false, 3)
	must(t, err)
	without, err := tx.WithoutResult(w.run, false, 3)
	must(t, err)
	return tx.RollUpTasks(w.run, keep.Old(tx.Now(), counts.Done-rolled.Done, with, without))
}

// TestRollUpChangesNoFigure does things and rolls up in any order: whatever can be
// asked of a run has the same answer as if nothing had been rolled up.
func TestRollUpChangesNoFigure(t *testing.T) {
	total := int64(0)
	rapid.Check(t, func(rt *rapid.T) {
		w := newModel(rt, t.TempDir())
		defer w.close(rt)
		steps := rapid.SliceOfN(rapid.SampledFrom([]func(*rapid.T){
			w.hire, w.addTask, w.try, w.try, w.try, w.bill, w.bill, w.pay, w.pay, w.end, w.rollUp, w.rollUp, w.rollUp,
		}), 30, 60).Draw(rt, "steps")
		for _, step := range steps {
			step(rt)
		}
		want, got := w.figures(rt, w.whole), w.figures(rt, w.rolled)
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Errorf("figures (-whole +rolled up):\n%s", diff)
		}
		total += w.gone(rt)
	})
	if total == 0 {
		t.Error("nothing was ever rolled up")
	}
}

// gone is how many rows were rolled up.
func (w *model) gone(t *rapid.T) int64 {
	var r store.Rolled
	must(t, w.rolled.View(context.Background(), func(tx *store.Tx) (err error) {
		r, err = tx.Rolled(w.run)
		return err
	}))
	return r.Done + r.Failed + r.Agreements + r.Bills
}
