package devnet_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tasks/golem"
	"tasks/golem/devnet"
)

// priced charges a thousandth of a GLM for every second, and nothing else, so
// that amounts can be read off the clock.
func priced() devnet.Provider {
	return devnet.Provider{Name: "keeper", Duration: amount("0.001")}
}

// rent hires the one provider and creates an activity 49 ms before the first
// whole second of the agreement.
func (r *requestor) rent() (golem.AgreementID, golem.ActivityID) {
	r.t.Helper()
	r.allocate("10")
	id := r.hire(r.publish())
	return id, r.activity(id)
}

func TestDebitNotesKeepToTheGrid(t *testing.T) {
	for _, test := range []struct {
		name     string
		interval any
		provider func(*devnet.Provider)
		want     []time.Duration // since the agreement's creation
	}{
		{"stock interval", nil, nil, []time.Duration{2 * time.Minute, 4 * time.Minute}},
		{"negotiated", 60.0, nil, []time.Duration{time.Minute, 2 * time.Minute, 3 * time.Minute, 4 * time.Minute}},
		{"too often", 120.0, func(p *devnet.Provider) { p.NoteEvery = 80 * time.Second },
			[]time.Duration{80 * time.Second, 160 * time.Second, 240 * time.Second}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				provider := priced()
				if test.provider != nil {
					test.provider(&provider)
				}
				r := newRequestor(t, one(provider))
				if test.interval != nil {
					r.demand.Properties[golem.PropDebitNoteInterval] = test.interval
				}
				id := r.hire(r.publish())
				time.Sleep(50 * time.Second) // an activity that starts late keeps to the agreement's grid
				r.activity(id)
				time.Sleep(4*time.Minute - 50*time.Second)
				created := must[golem.Agreement](r)(r.GetAgreement(r.ctx, id)).Timestamp
				var got []time.Duration
				previous, total := golem.DebitNoteID(""), golem.Amount{}
				for _, n := range must[[]golem.DebitNote](r)(r.DebitNotes(r.ctx, "", 0)) {
					got = append(got, n.Timestamp.Sub(created).Round(time.Millisecond))
					if n.PreviousDebitNoteID != previous || !n.TotalAmountDue.GreaterThan(total) || n.PaymentDueDate != nil {
						t.Errorf("note %+v after %q and %s, want a cumulative one without due date", n, previous, total)
					}
					previous, total = n.DebitNoteID, n.TotalAmountDue
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("notes (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestFinalNoteAndInvoice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(priced()))
		id, first := r.rent()
		time.Sleep(30*time.Second - 100*time.Millisecond) // metering began with the exe-unit, 100 ms ago
		r.check(r.DestroyActivity(r.ctx, first, time.Second))
		second := r.activity(id)
		time.Sleep(10*time.Second - 100*time.Millisecond)
		r.check(r.TerminateAgreement(r.ctx, id, nil))
		time.Sleep(time.Minute)
		invoice := r.invoice() // there is one only
		notes := must[[]golem.DebitNote](r)(r.DebitNotes(r.ctx, "", 0))
		if len(notes) != 2 || notes[0].ActivityID != first || notes[1].ActivityID != second {
			t.Fatalf("notes = %+v, want a final one of each activity", notes)
		}
		equal(t, "first note", notes[0].TotalAmountDue, "0.03")
		equal(t, "second note", notes[1].TotalAmountDue, "0.01")
		equal(t, "invoice", invoice.Amount, "0.04")
		if diff := cmp.Diff([]golem.ActivityID{first, second}, invoice.ActivityIDs); diff != "" {
			t.Errorf("activities of the invoice (-want +got):\n%s", diff)
		}
		if due := invoice.PaymentDueDate.Sub(invoice.Timestamp); due != 24*time.Hour {
			t.Errorf("invoice is due after %v, want a day", due)
		}
		r.expect("GET", "/payment-api/v1/invoices/"+string(invoice.InvoiceID), "", 200, `"amount":"0.040000000000000000"`)
	})
}

func TestInvoiceOfNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(priced()))
		r.allocate("1")
		id := r.hire(r.publish())
		r.check(r.TerminateAgreement(r.ctx, id, nil))
		invoice := r.invoice()
		if !invoice.Amount.IsZero() || len(invoice.ActivityIDs) != 0 {
			t.Errorf("invoice = %+v, want zero for nothing", invoice)
		}
		r.check(r.acceptInvoice(invoice))
		if got := must[golem.Invoice](r)(r.GetInvoice(r.ctx, invoice.InvoiceID)).Status; got != golem.StatusSettled {
			t.Errorf("a zero invoice is %s after accepting, want SETTLED at once", got)
		}
	})
}

func TestOvercharge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		provider := priced()
		provider.Overcharge = 1.5
		r := newRequestor(t, one(provider))
		_, a := r.rent()
		time.Sleep(100*time.Second - 100*time.Millisecond)
		r.check(r.DestroyActivity(r.ctx, a, time.Second))
		note, _ := r.note("")
		equal(t, "note", note.TotalAmountDue, "0.15")
		if note.UsageCounterVector[1] != 100 {
			t.Errorf("usage = %v, want an honest 100 s", note.UsageCounterVector)
		}
	})
}

func TestPayableNotes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := one(priced())
		server.Timings.PayoutCycle = 24 * time.Hour // due dates come before it
		r := newRequestor(t, server)
		r.demand.Properties[golem.PropPaymentTimeout] = 300.0
		r.demand.Properties[golem.PropDebitNoteInterval] = 120.0
		id, _ := r.rent()
		var payable []int
		cursor := golem.Timestamp("")
		for i := range 8 {
			var n golem.DebitNote
			n, cursor = r.note(cursor)
			if n.PaymentDueDate != nil {
				payable = append(payable, i)
				if due := n.PaymentDueDate.Sub(n.Timestamp).Round(time.Second); due != 5*time.Minute {
					t.Errorf("note %d is due after %v, want the negotiated 5 min", i, due)
				}
			}
			r.check(r.accept(n))
		}
		if diff := cmp.Diff([]int{2, 5}, payable); diff != "" { // 6 and 12 minutes
			t.Errorf("payable notes (-want +got):\n%s", diff)
		}
		if got := r.state(id); got != golem.AgreementApproved {
			t.Errorf("agreement is %s though all was paid in time", got)
		}
	})
}

func TestPayableNoteNotPaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(priced()))
		r.demand.Properties[golem.PropPaymentTimeout] = 300.0
		id, _ := r.rent()
		time.Sleep(12 * time.Minute) // the note of minute 6, due in minute 11
		if end := must[golem.Termination](r)(r.TerminateReason(r.ctx, id)); end.Reason.Code() != "DebitNoteNotPaid" {
			t.Errorf("ended because of %+v, want DebitNoteNotPaid", end.Reason)
		}
	})
}

func TestAcceptRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(priced()))
		id, a := r.rent()
		time.Sleep(7 * time.Minute)
		notes := must[[]golem.DebitNote](r)(r.DebitNotes(r.ctx, "", 0))
		if len(notes) != 3 {
			t.Fatalf("%d notes in seven minutes, want 3", len(notes))
		}
		remaining := func() golem.Amount {
			return must[golem.Allocation](r)(r.GetAllocation(r.ctx, r.alloc)).RemainingAmount
		}
		wrong := notes[1]
		wrong.TotalAmountDue = wrong.TotalAmountDue.Sub(amount("0.000000000000000001"))
		refused(t, r.accept(wrong), 400, "Invalid amount accepted")
		refused(t, r.AcceptDebitNote(r.ctx, notes[1].DebitNoteID, golem.Acceptance{TotalAmountAccepted: notes[1].TotalAmountDue, AllocationID: noUUID}, time.Second),
			400, "Allocation "+noUUID+" not found")
		r.check(r.accept(notes[1]))
		equal(t, "remaining after the second note", remaining(), amount("10").Sub(notes[1].TotalAmountDue).String())
		r.check(r.accept(notes[1])) // idempotent
		r.check(r.accept(notes[0])) // older: nothing more
		equal(t, "remaining after repeats", remaining(), amount("10").Sub(notes[1].TotalAmountDue).String())

		small := must[golem.Allocation](r)(r.CreateAllocation(r.ctx, golem.NewAllocation{
			TotalAmount: amount("0.1"), PaymentPlatform: "erc20-hoodi-tglm", Timeout: time.Now().Add(time.Hour)}))
		increment := notes[2].TotalAmountDue.Sub(notes[1].TotalAmountDue)
		refused(t, r.AcceptDebitNote(r.ctx, notes[2].DebitNoteID, golem.Acceptance{TotalAmountAccepted: notes[2].TotalAmountDue, AllocationID: small.AllocationID}, time.Second),
			400, "Not enough funds. Allocated: 0.1 Needed: "+increment.String())
		_, err := r.AmendAllocation(r.ctx, small.AllocationID, golem.AllocationChange{TotalAmount: new(amount("0.5"))})
		r.check(err)
		r.check(r.AcceptDebitNote(r.ctx, notes[2].DebitNoteID, golem.Acceptance{TotalAmountAccepted: notes[2].TotalAmountDue, AllocationID: small.AllocationID}, time.Second))
		spent := must[[]golem.Expenditure](r)(r.Expenditures(r.ctx, small.AllocationID))
		if len(spent) != 1 || spent[0].ActivityID != a || !spent[0].AcceptedAmount.Equal(increment) {
			t.Errorf("expenditures = %+v, want %s for the activity", spent, increment)
		}

		r.check(r.TerminateAgreement(r.ctx, id, nil))
		invoice := r.invoice()
		r.check(r.acceptInvoice(invoice))
		r.check(r.acceptInvoice(invoice))
		equal(t, "accepted in all", r.server.Inspect().Accepted, invoice.Amount.String())
		last := must[[]golem.DebitNote](r)(r.DebitNotes(r.ctx, "", 0))[3]
		r.check(r.accept(last)) // after the invoice: fine, and nothing happens
		if got := must[golem.DebitNote](r)(r.GetDebitNote(r.ctx, last.DebitNoteID)).Status; got != golem.StatusReceived {
			t.Errorf("a note accepted after the invoice is %s, want RECEIVED", got)
		}
		equal(t, "accepted in all", r.server.Inspect().Accepted, invoice.Amount.String())
	})
}

func TestRejectInvoice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(priced()))
		id, _ := r.rent()
		r.check(r.TerminateAgreement(r.ctx, id, nil))
		invoice := r.invoice()
		no := golem.Rejection{RejectionReason: golem.RejectIncorrectAmount, Message: "too much"}
		r.check(r.RejectInvoice(r.ctx, invoice.InvoiceID, no, time.Second))
		r.check(r.RejectInvoice(r.ctx, invoice.InvoiceID, no, time.Second))
		if got := r.server.Inspect().Agreements[0].Invoice; got != golem.StatusRejected {
			t.Errorf("invoice is %s, want REJECTED", got)
		}
		r.check(r.acceptInvoice(invoice)) // a change of mind
		refused(t, r.RejectInvoice(r.ctx, invoice.InvoiceID, no, time.Second), 400, "Invoice accepted")
	})
}

func TestZeroNoteSettlesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(devnet.Provider{CPU: amount("0.001")})) // and no processor is used
		r.demand.Properties[golem.PropAcceptTimeout] = 30.0
		id, _ := r.rent()
		note, _ := r.note("")
		r.check(r.accept(note))
		if got := must[golem.DebitNote](r)(r.GetDebitNote(r.ctx, note.DebitNoteID)).Status; got != golem.StatusSettled {
			t.Errorf("a zero note is %s after accepting, want SETTLED at once", got)
		}
		time.Sleep(time.Minute)
		if got := r.state(id); got != golem.AgreementApproved {
			t.Errorf("agreement is %s though its note was accepted in time", got)
		}
	})
}

// A lingering exe-unit takes its time to go away.
type lingering struct{ devnet.Runner }

func (l lingering) Close() error {
	time.Sleep(10 * time.Second)
	return l.Runner.Close()
}

func TestInvoiceWaitsForTheExeUnit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := one(priced())
		instant := server.Runtime
		server.Runtime = func(a devnet.Activity) (devnet.Runner, error) {
			runner, err := instant(a)
			return lingering{runner}, err
		}
		r := newRequestor(t, server)
		id, a := r.rent()
		ctx, cancel := context.WithTimeout(r.ctx, time.Second)
		defer cancel()
		began := time.Now()
		if err := r.DestroyActivity(ctx, a, time.Minute); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("DestroyActivity() error = %v after %v, want the deadline after 1 s", err, time.Since(began))
		}
		r.check(r.TerminateAgreement(r.ctx, id, nil))
		time.Sleep(8 * time.Second)
		if view := r.server.Inspect().Agreements[0]; view.Invoice != "" || view.Activities[0].State == golem.ActivityTerminated {
			t.Errorf("agreement = %+v while its exe-unit lingers", view)
		}
		time.Sleep(2 * time.Second)
		if view := r.server.Inspect().Agreements[0]; view.Invoice != golem.StatusReceived || view.Activities[0].State != golem.ActivityTerminated {
			t.Errorf("agreement = %+v after its exe-unit is gone", view)
		}
	})
}
