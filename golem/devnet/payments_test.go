package devnet_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"tasks/golem"
	"tasks/golem/devnet"
)

func TestAllocationEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(priced()))
		id, _ := r.rent()
		r.check(r.TerminateAgreement(r.ctx, id, nil))
		invoice := r.invoice()
		r.check(r.ReleaseAllocation(r.ctx, r.alloc))
		refused(t, r.ReleaseAllocation(r.ctx, r.alloc), 410, "Allocation "+string(r.alloc)+" has been already released")
		_, err := r.GetAllocation(r.ctx, r.alloc)
		refused(t, err, 404, "")
		refused(t, r.acceptInvoice(invoice), 400, "Allocation "+string(r.alloc)+" not found")

		r.allocate("10") // for a day
		r.check(r.acceptInvoice(invoice))
		time.Sleep(24 * time.Hour)
		if list := must[[]golem.Allocation](r)(r.Allocations(r.ctx)); len(list) != 0 {
			t.Errorf("Allocations() = %v after the timeout, want none", list)
		}
		_, err = r.DemandDecorations(r.ctx, r.alloc)
		refused(t, err, 404, "")
		_, err = r.AmendAllocation(r.ctx, r.alloc, golem.AllocationChange{TotalAmount: new(amount("20"))})
		refused(t, err, 404, "")
	})
}

func TestAllocationsShareTheAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := one(priced())
		server.Funds = amount("5")
		r := newRequestor(t, server)
		a := r.allocate("3")
		equal(t, "remaining", a.RemainingAmount, "3")
		_, err := r.CreateAllocation(r.ctx, golem.NewAllocation{TotalAmount: amount("2.5"), PaymentPlatform: "erc20-hoodi-tglm", Timeout: time.Now().Add(time.Hour)})
		refused(t, err, 400, "")
		if problem, isError := errors.AsType[*golem.Error](err); !isError || problem.Message == "" {
			t.Errorf("error = %#v, want the daemon's", err)
		}
		_, err = r.CreateAllocation(r.ctx, golem.NewAllocation{TotalAmount: amount("5"), PaymentPlatform: "erc20-polygon-glm", Timeout: time.Now().Add(time.Hour)})
		r.check(err)
		_, err = r.AmendAllocation(r.ctx, a.AllocationID, golem.AllocationChange{TotalAmount: new(amount("5"))})
		r.check(err)
		_, err = r.AmendAllocation(r.ctx, a.AllocationID, golem.AllocationChange{TotalAmount: new(amount("5.1"))})
		refused(t, err, 400, "")
		_, err = r.AmendAllocation(r.ctx, a.AllocationID, golem.AllocationChange{Timeout: new(time.Now().Add(-time.Hour))})
		refused(t, err, 400, "New allocation timeout is in the past")
		r.expect("POST", "/payment-api/v1/allocations", `{"totalAmount":0,"paymentPlatform":{"network":"amoy"}}`, 201, `"paymentPlatform":"erc20-amoy-tglm"`)
		r.expect("POST", "/payment-api/v1/allocations", `{"totalAmount":"0"}`, 201, `"paymentPlatform":"erc20-holesky-tglm"`)
	})
}

func TestDecorationsOfSeveral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(priced()))
		first, second := r.allocate("1"), r.allocate("2")
		r.expect("GET", "/payment-api/v1/demandDecorations?allocationIds="+string(first.AllocationID)+","+string(second.AllocationID), "", 200,
			`"(|\n  (golem.com.payment.platform.erc20-hoodi-tglm.address=*)\n  (golem.com.payment.platform.erc20-hoodi-tglm.address=*)\n)"`)
		r.expect("GET", "/payment-api/v1/demandDecorations?allocationIds="+string(first.AllocationID)+","+string(first.AllocationID), "", 404, `{"message":null}`)
	})
}

func TestAllocationExhausted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(priced()))
		r.allocate("0.2")
		_, cursor := r.activity(r.hire(r.publish())), golem.Timestamp("")
		first, cursor := r.note(cursor)
		second, _ := r.note(cursor)
		r.check(r.accept(first))
		left := amount("0.2").Sub(first.TotalAmountDue)
		refused(t, r.accept(second), 400, "Not enough funds. Allocated: "+left.String()+" Needed: ")
		if got := must[golem.DebitNote](r)(r.GetDebitNote(r.ctx, second.DebitNoteID)).Status; got != golem.StatusReceived {
			t.Errorf("a note that was not accepted is %s", got)
		}
		equal(t, "accepted", r.server.Inspect().Accepted, first.TotalAmountDue.String())
	})
}

func TestPaymentEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(priced()))
		id, a := r.rent()
		first, cursor := r.note("")
		r.check(r.accept(first))
		time.Sleep(time.Minute)
		r.check(r.DestroyActivity(r.ctx, a, time.Second))
		second, _ := r.note(cursor)
		if first.DebitNoteID == second.DebitNoteID {
			t.Error("the cursor did not pass the first note")
		}
		r.check(r.TerminateAgreement(r.ctx, id, nil))
		r.check(r.acceptInvoice(r.invoice()))

		if other := must[[]golem.DebitNoteEvent](r)(r.DebitNoteEvents(r.ctx, "", "other", 0)); len(other) != 0 {
			t.Errorf("events of another session: %v", other)
		}
		for _, test := range []struct {
			name, query, kinds string
			want               int
		}{
			{"by default", "", "", 2},
			{"all kinds", "", "RECEIVED,ACCEPTED,REJECTED,CANCELLED,SETTLED,PAYMENT_EVENT,PAYMENT_OK", 3},
			{"only accepted", "", "ACCEPTED", 1},
			{"limit before filter", "&maxEvents=1", "ACCEPTED", 0},
			{"limit", "&maxEvents=1", "", 1},
		} {
			if got := r.countNoteEvents(test.query, test.kinds); got != test.want {
				t.Errorf("%s: %d events, want %d", test.name, got, test.want)
			}
		}
		time.Sleep(5 * time.Minute)
		if got := r.countNoteEvents("", "SETTLED"); got != 1 { // the last note was never accepted, and is not covered by the activity's payments
			t.Errorf("%d notes settled by the payout, want 1", got)
		}
	})
}

func TestPayoutWithoutFunds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := one(devnet.Provider{Name: "dear", Duration: amount("1")})
		server.Funds = amount("100")
		r := newRequestor(t, server)
		r.allocate("100")
		for range 2 { // two allocations of the same money, one after the other
			id := r.hire(r.publish())
			a := r.activity(id)
			time.Sleep(time.Minute)
			r.check(r.DestroyActivity(r.ctx, a, time.Second))
			r.check(r.TerminateAgreement(r.ctx, id, nil))
			time.Sleep(time.Second)
			invoices := must[[]golem.Invoice](r)(r.Invoices(r.ctx, "", 0))
			r.check(r.acceptInvoice(invoices[len(invoices)-1]))
			r.check(r.ReleaseAllocation(r.ctx, r.alloc))
			r.allocate("100")
		}
		time.Sleep(10 * time.Minute)
		if snap := r.server.Inspect(); snap.Paid.GreaterThan(amount("100")) || snap.Balances["erc20-hoodi-tglm"].IsNegative() || !snap.Accepted.GreaterThan(snap.Paid) {
			t.Errorf("accepted %s, paid %s from 100", snap.Accepted, snap.Paid)
		}
		r.expect("GET", "/payment-api/v1/payments/status", "", 200, "InsufficientToken")
	})
}

// What is accepted from an allocation that is older than thirty days by the next
// payout is never paid; what came from a newer one is.
func TestOldAllocationIsNotPaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(priced()))
		old := r.allocate("10")
		month := time.Now().Add(32 * 24 * time.Hour)
		_, err := r.AmendAllocation(r.ctx, old.AllocationID, golem.AllocationChange{Timeout: &month})
		r.check(err)
		time.Sleep(30*24*time.Hour - 8*time.Minute)
		r.demand.Properties[golem.PropExpiration] = float64(time.Now().Add(20 * time.Minute).UnixMilli())
		id, _ := r.rent()
		r.alloc = old.AllocationID
		first, cursor := r.note("")
		r.check(r.accept(first))
		time.Sleep(10 * time.Minute)
		equal(t, "paid within thirty days", r.server.Inspect().Paid, first.TotalAmountDue.String())

		second, _ := r.note(cursor)
		r.check(r.accept(second))
		r.check(r.TerminateAgreement(r.ctx, id, nil))
		r.allocate("10")
		invoice := r.invoice()
		r.check(r.acceptInvoice(invoice))
		time.Sleep(40 * 24 * time.Hour)
		lost := second.TotalAmountDue.Sub(first.TotalAmountDue)
		equal(t, "paid in the end", r.server.Inspect().Paid, invoice.Amount.Sub(lost).String())
		if got := must[golem.Invoice](r)(r.GetInvoice(r.ctx, invoice.InvoiceID)).Status; got != golem.StatusAccepted || !lost.IsPositive() {
			t.Errorf("invoice is %s with %s GLM unpaid, want ACCEPTED", got, lost)
		}
	})
}

// TestPaymentsAddUp pays a debit note in one cycle and the rest in the next.
func TestPaymentsAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(priced()))
		id, a := r.rent()
		note, _ := r.note("")
		r.check(r.accept(note))
		time.Sleep(6 * time.Minute)
		r.check(r.TerminateAgreement(r.ctx, id, nil))
		invoice := r.invoice()
		r.check(r.acceptInvoice(invoice))
		r.expect("POST", "/payment-api/v1/batchCycle/erc20-polygon-glm/now", "", 200, "null")
		if n := len(must[[]golem.Payment](r)(r.Payments(r.ctx, ""))); n != 1 {
			t.Errorf("%d payments after a payout of another platform, want 1", n)
		}
		r.expect("POST", "/payment-api/v1/batchCycle/erc20-hoodi-tglm/now", "", 200, "null")
		payments := must[[]golem.Payment](r)(r.Payments(r.ctx, ""))
		if len(payments) != 2 {
			t.Fatalf("payments = %+v, want two", payments)
		}
		first, second := payments[0], payments[1]
		rest := invoice.Amount.Sub(note.TotalAmountDue)
		equal(t, "first payment", first.Amount, note.TotalAmountDue.String())
		equal(t, "second payment", second.Amount, rest.String())
		if len(first.ActivityPayments) != 1 || first.ActivityPayments[0].ActivityID != a || len(first.AgreementPayments) != 0 {
			t.Errorf("first payment = %+v, want it for the activity", first)
		}
		if len(second.AgreementPayments) != 1 || len(second.ActivityPayments) != 0 {
			t.Fatalf("second payment = %+v, want it for the agreement", second)
		}
		equal(t, "its part", second.AgreementPayments[0].Amount, rest.String())
		if of := must[[]golem.Payment](r)(r.InvoicePayments(r.ctx, invoice.InvoiceID)); len(of) != 1 || of[0].PaymentID != second.PaymentID {
			t.Errorf("InvoicePayments() = %+v, want the second payment", of)
		}
		r.expect("GET", "/payment-api/v1/payments/"+string(first.PaymentID), "", 200, string(first.PaymentID))
	})
}

func TestPayerIsTheDemandsAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, one(priced()))
		const wallet = "0x00000000000000000000000000000000000000ab"
		r.demand.Properties[golem.PropPlatformAddress("erc20-hoodi-tglm")] = wallet
		id := r.hire(r.publish())
		r.check(r.TerminateAgreement(r.ctx, id, nil))
		if got := r.invoice().PayerAddr; got != wallet {
			t.Errorf("payer = %s, want %s", got, wallet)
		}
	})
}
