package reconcile_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/runner/reconcile"
	"tasks/runner/state"
)

// ended are tasks that ended so many minutes after the start.
func ended(minutes ...int) (list []state.EndedTask) {
	for _, m := range minutes {
		list = append(list, state.EndedTask{ID: int64(m), FinishedAt: start.Add(time.Duration(m) * time.Minute)})
	}
	return list
}

func TestKeepOld(t *testing.T) {
	for _, c := range []struct {
		name          string
		keep          reconcile.Keep
		kept          int64
		with, without []state.EndedTask
		want          []state.EndedTask
	}{
		{"keeps all", reconcile.Keep{}, 5, ended(1, 3), ended(2), nil},
		{"few enough", reconcile.Keep{Tasks: 5}, 5, ended(1, 3), ended(2), nil},
		{"one too many", reconcile.Keep{Tasks: 4}, 5, ended(1, 3), ended(2), ended(1)},
		{"the oldest of both lists", reconcile.Keep{Tasks: 2}, 5, ended(1, 3, 5), ended(2, 4), ended(1, 2, 3)},
		{"more than are told of", reconcile.Keep{Tasks: 2}, 50, ended(1, 3), ended(2), ended(1, 2, 3)},
		{"too old", reconcile.Keep{Age: time.Hour}, 3, ended(1, 3), ended(2, 59), ended(1, 2)},
		{"just not too old", reconcile.Keep{Age: time.Hour}, 1, ended(3), nil, nil},
		{"either", reconcile.Keep{Tasks: 1, Age: time.Hour}, 4, ended(1, 3), ended(2, 59), ended(1, 2, 3)},
		{"a list keeps its order", reconcile.Keep{Age: time.Hour}, 2, ended(50, 1), nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.keep.Old(start.Add(time.Hour+3*time.Minute), c.kept, c.with, c.without)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("Old (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOver(t *testing.T) {
	paid := func() state.Hire {
		return state.Hire{
			Agreement: state.Agreement{
				State: state.AgreementEnded, EndedAt: start, InvoiceState: state.BillAccepted, Accepted: glm("2"),
			},
			Paid:       glm("2"),
			Activities: []state.Activity{{State: state.ActivityEnded, EndedAt: start}},
		}
	}
	for _, c := range []struct {
		name   string
		change func(*state.Hire)
		want   bool
	}{
		{"paid", func(*state.Hire) {}, true},
		{"paid, and a note was refused", func(h *state.Hire) { h.Refused = 1 }, true},
		{"settled", func(h *state.Hire) { h.InvoiceState = state.BillSettled }, true},
		{"never in force", func(h *state.Hire) {
			*h = state.Hire{Agreement: state.Agreement{State: state.AgreementFailed, EndedAt: start}}
		}, true},
		{"lost, for nothing", func(h *state.Hire) { h.State, h.InvoiceState, h.Accepted = state.AgreementLost, "", glm("0") }, true},
		{"goes on", func(h *state.Hire) { h.State, h.EndedAt = state.AgreementApproved, time.Time{} }, false},
		{"ended just now", func(h *state.Hire) { h.EndedAt = start.Add(time.Hour) }, false},
		{"an activity goes on", func(h *state.Hire) { h.Activities[0] = state.Activity{State: state.ActivityReady} }, false},
		{"an activity ended just now", func(h *state.Hire) { h.Activities[0].EndedAt = start.Add(time.Hour) }, false},
		{"it has attempts", func(h *state.Hire) { h.Attempts = 1 }, false},
		{"a bill is open", func(h *state.Hire) { h.OpenBills = 1 }, false},
		{"no invoice has come", func(h *state.Hire) { h.InvoiceState = "" }, false},
		{"its invoice is refused", func(h *state.Hire) { h.InvoiceState = state.BillRefused }, false},
		{"not all is paid", func(h *state.Hire) { h.Paid = glm("1.999999999999999999") }, false},
		{"lost, with a note refused", func(h *state.Hire) { h.State, h.InvoiceState, h.Refused = state.AgreementLost, "", 1 }, false},
		{"its number is the last", func(h *state.Hire) { h.Last = true }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := paid()
			c.change(&h)
			if got := reconcile.Over(h, start.Add(time.Minute)); got != c.want {
				t.Errorf("Over is %v, want %v", got, c.want)
			}
		})
	}
}

func TestPaidNotes(t *testing.T) {
	note := func(key int64, s state.BillState, total string) state.OldBill {
		n := state.OldBill{Key: key, State: s, Total: glm(total)}
		if s != state.BillReceived && s != state.BillAccepting {
			n.DecidedAt = start
		}
		return n
	}
	young := note(2, state.BillSettled, "2")
	young.DecidedAt = start.Add(time.Hour)
	for _, c := range []struct {
		name  string
		paid  golem.Amount
		notes []state.OldBill
		want  []int64
	}{
		{"none", glm("9"), nil, nil},
		{"the highest stays", glm("9"), []state.OldBill{note(1, state.BillSettled, "1"), note(2, state.BillSettled, "2")}, []int64{1}},
		{"the only one stays", glm("9"), []state.OldBill{note(1, state.BillSettled, "1")}, nil},
		{"the first of the highest stays", glm("9"), []state.OldBill{note(1, state.BillSettled, "2"), note(2, state.BillAccepted, "2"), note(3, state.BillIgnored, "1")}, []int64{2, 3}},
		{"accepted, and what is paid covers it", glm("1"), []state.OldBill{note(1, state.BillAccepted, "1"), note(2, state.BillAccepted, "1")}, []int64{2}},
		{"up to an unpaid one", glm("1"), []state.OldBill{note(1, state.BillSettled, "1"), note(2, state.BillAccepted, "2"), note(3, state.BillSettled, "1")}, nil},
		{"up to an open one", glm("9"), []state.OldBill{note(1, state.BillSettled, "1"), note(2, state.BillSettled, "2"), note(3, state.BillReceived, "3"), note(4, state.BillSettled, "4")}, []int64{1}},
		{"up to a refused one", glm("9"), []state.OldBill{note(1, state.BillRefused, "1"), note(2, state.BillSettled, "2"), note(3, state.BillSettled, "3")}, nil},
		{"up to a young one", glm("9"), []state.OldBill{note(1, state.BillSettled, "1"), young, note(3, state.BillSettled, "3")}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []int64
			for _, n := range reconcile.PaidNotes(state.OldNotes{Paid: c.paid, Notes: c.notes}, start.Add(time.Minute)) {
				got = append(got, n.Key)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("PaidNotes (-want +got):\n%s", diff)
			}
		})
	}
}
