package devnet_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem"
	"tasks/golem/devnet"
)

// TestTranscript walks the whole path of protocol section 9.1: one task from
// nothing to a paid invoice, every amount exact.
func TestTranscript(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRequestor(t, &devnet.Server{
			Timings: steady(),
			Providers: []devnet.Provider{{
				Name: "keeper", CPU: amount("0.0001"), Duration: amount("0.00005"), Start: amount("0.001"), StartUp: time.Second,
			}},
			Runtime: devnet.Instant(func(golem.Run, devnet.Provider) devnet.Reply {
				return devnet.Reply{Stdout: "hi\n", Wall: 3 * time.Minute, CPU: 90 * time.Second}
			}),
		})
		if v := must[golem.VersionInfo](r)(r.Version(r.ctx)); !v.AtLeast(0, 17, 6) {
			t.Errorf("Version() = %+v, want at least 0.17.6", v)
		}
		if me := must[golem.Identity](r)(r.Me(r.ctx)); len(me.Identity) != 42 {
			t.Errorf("Me() = %+v, want an address", me)
		}
		r.decorated("1.0")
		demand := r.publish()
		agreement := r.hire(demand)
		activity := r.activity(agreement)
		born := time.Now().Add(-time.Second)

		batch := must[golem.BatchID](r)(r.Exec(r.ctx, activity, []golem.Command{deploy(), start(), sh("echo hi")}, time.Second))
		note, _ := r.note("")
		r.checkNote(note)
		r.check(r.accept(note))

		results := must[[]golem.CommandResult](r)(r.BatchResults(r.ctx, activity, batch, 5*time.Minute))
		if len(results) != 3 || string(results[2].Stdout) != "hi\n" || !results[2].IsBatchFinished {
			t.Errorf("BatchResults() = %+v, want three, the last with output", results)
		}
		r.check(r.DestroyActivity(r.ctx, activity, 30*time.Second))
		lived := time.Since(born)
		r.check(r.TerminateAgreement(r.ctx, agreement, &golem.Reason{Message: "Finished"}))
		invoice := r.invoice()
		total := amount("0.001").Add(amount("90").Mul(amount("0.0001"))).Add(seconds(lived).Mul(amount("0.00005")))
		equal(t, "invoice", invoice.Amount, total.String())
		r.check(r.acceptInvoice(invoice))
		r.checkSettled(invoice, total)
		r.check(r.DeleteDemand(r.ctx, demand))
		r.check(r.ReleaseAllocation(r.ctx, r.alloc))
		if snap := r.server.Inspect(); len(snap.Live) != 0 || snap.Demands != 0 || len(snap.Allocations) != 0 {
			t.Errorf("Inspect() = %+v, want nothing left", snap)
		}
	})
}

// seconds is an exact number of seconds.
func seconds(d time.Duration) golem.Amount { return decimal.New(int64(d), -9) }

// decorated makes an allocation and adds what a demand needs for it.
func (r *requestor) decorated(total string) {
	r.t.Helper()
	a := r.allocate(total)
	d := must[golem.Decorations](r)(r.DemandDecorations(r.ctx, a.AllocationID))
	for _, p := range d.Properties {
		r.demand.Properties[p.Key] = p.Value
	}
	r.demand.Constraints = "(&" + r.demand.Constraints + d.Constraints[0] + d.Constraints[1] + ")"
}

// checkNote recomputes a note while the command runs that uses half a second of
// processor in each second, after 250 ms of deploy and start.
func (r *requestor) checkNote(n golem.DebitNote) {
	r.t.Helper()
	if len(n.UsageCounterVector) != 2 || n.Status != golem.StatusReceived || n.PreviousDebitNoteID != "" {
		r.t.Fatalf("first debit note is %+v", n)
	}
	running := n.UsageCounterVector[1] - 1.25
	if got := n.UsageCounterVector[0]; got < running/2-0.001 || got > running/2+0.001 {
		r.t.Errorf("cpu usage = %v, want half of %v", got, running)
	}
	pricing := golem.Pricing{Start: amount("0.001"), Vector: []string{"c", "d"},
		Coeffs: map[string]golem.Amount{"c": amount("0.0001"), "d": amount("0.00005")}}
	want, err := pricing.Cost(n.UsageCounterVector)
	if err != nil {
		r.t.Fatal(err)
	}
	equal(r.t, "totalAmountDue", n.TotalAmountDue, want.String())
}

// checkSettled waits for the payout and compares the books.
func (r *requestor) checkSettled(i golem.Invoice, total golem.Amount) {
	r.t.Helper()
	equal(r.t, "remaining", must[golem.Allocation](r)(r.GetAllocation(r.ctx, r.alloc)).RemainingAmount, amount("1").Sub(total).String())
	time.Sleep(5 * time.Minute)
	synctest.Wait()
	if got := must[golem.Invoice](r)(r.GetInvoice(r.ctx, i.InvoiceID)).Status; got != golem.StatusSettled {
		r.t.Errorf("invoice is %s after the payout cycle, want SETTLED", got)
	}
	paid := golem.Amount{}
	for _, p := range must[[]golem.Payment](r)(r.Payments(r.ctx, "")) {
		paid = paid.Add(p.Amount)
	}
	equal(r.t, "payments", paid, total.String())
	snap := r.server.Inspect()
	equal(r.t, "accepted", snap.Accepted, total.String())
	equal(r.t, "paid", snap.Paid, total.String())
	equal(r.t, "balance", snap.Balances["erc20-hoodi-tglm"], amount("1000").Sub(total).String())
}
